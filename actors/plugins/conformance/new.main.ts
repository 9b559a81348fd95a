/** `npm run plugin:new NAME`: a plugin that works, to begin from. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { EngineError } from '../../../engine/errors.js';
import { templateFiles } from './template.js';

const program = new Command('plugin:new')
  .description('Writes a plugin that works, with an emulator of its device and a test.')
  .argument('<name>', 'its code: lower-case letters, digits, hyphens')
  .option('--folder <folder>', 'where its folder is made', 'data/plugins')
  .action((name: string, { folder }: { readonly folder: string }) => {
    try {
      const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), folder, name);
      write(name, path);
      process.stdout.write(
        `${path} is made. Look at plugin.mjs; then:\n  npm run plugin:check ${path}\n  node --test ${join(path, 'plugin.test.mjs')}\n`,
      );
    } catch (thrown) {
      process.stderr.write(`${EngineError.from(thrown).message}\n`);
      process.exitCode = 2;
    }
  });

program.parse();

/** @throws EngineError `input.invalid`, `conflict` when the folder is there */
function write(name: string, path: string): void {
  if (!/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name)) {
    throw new EngineError(
      'input.invalid',
      `"${name}" is no name for a plugin: 2 to 32 lower-case letters, digits and hyphens`,
    );
  }
  if (existsSync(path)) throw new EngineError('conflict', `${path} is there already`);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of templateFiles(name)) writeFileSync(join(path, file), text);
}
