import type { Command } from 'commander';

interface Words {
  /** `''`, `user`, `user add` … */
  readonly at: string;
  readonly words: readonly string[];
}

function wordsOf(command: Command, at: string): Words[] {
  const options = [...command.options, ...(command.parent?.options ?? [])].flatMap(
    ({ long }) => long ?? [],
  );
  const own = { at, words: [...command.commands.map((one) => one.name()), ...options, '--help'] };
  return [own, ...command.commands.flatMap((one) => wordsOf(one, `${at} ${one.name()}`.trim()))];
}

/** A script that completes commands and options: for bash, and by its compatibility layer for zsh. */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = wordsOf(program, '').map(
    ({ at, words }) => `    '${at}') words='${words.join(' ')}' ;;`,
  );
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_earshot() {
  local at='' word words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ "$word" == -* ]] || at="\${at:+$at }$word"
  done
  while :; do
    case "$at" in
${cases.join('\n')}
    esac
    [[ -n "$words" || -z "$at" ]] && break
    [[ "$at" == *' '* ]] && at="\${at% *}" || at=''
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _earshot earshot
`;
}
