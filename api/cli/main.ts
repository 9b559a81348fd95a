/** `earshot`: what operators and scripts ask of a running server. `earshot --help` lists all. */
import { Argument, Command, CommanderError } from 'commander';
import { EngineError } from '../../engine/errors.js';
import { EXIT, exitCodeOf } from './client.js';
import { completionScript } from './completion.js';
import { deviceCommands } from './devices.js';
import { restoreCommand } from './restore.js';
import { siteCommands } from './site.js';

const program = new Command('earshot')
  .description(
    'Speaks to a running Earshot. Exit codes: 0 done, 1 failed, 2 wrong use, 3 not reachable, 4 not allowed, 5 not found, 6 done, and trouble was found.',
  )
  .option('--url <address>', 'server; default EARSHOT_CLI_URL or http://localhost:8080')
  .option('--token <token>', 'instead of "earshot login"; default EARSHOT_CLI_TOKEN')
  .option('--json', 'one JSON value for programs')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();
siteCommands(program);
deviceCommands(program);
restoreCommand(program);
program
  .command('completion')
  .description('script for your shell: source <(earshot completion bash)')
  .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
  .action((shell: 'bash' | 'zsh') => {
    process.stdout.write(completionScript(program, shell));
  });

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    const error = EngineError.from(thrown);
    if (program.opts<{ json?: boolean }>().json === true) {
      process.stdout.write(
        `${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`,
      );
    }
    process.stderr.write(`earshot: ${error.message}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
// Kept-alive connections would hold the process for seconds; what was written goes out first.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
  ),
);
process.exit();
