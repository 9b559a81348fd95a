/** A piece of a line of notes. */
export interface Mark {
  readonly kind: 'plain' | 'strong' | 'code';
  readonly text: string;
}

/** `**strong**` and `` `code` `` of a line of Markdown; everything else as it is. */
export function inlineMarks(line: string): readonly Mark[] {
  return line
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter((part) => part !== '')
    .map((part) => {
      if (/^\*\*[^*]+\*\*$/.test(part)) return { kind: 'strong', text: part.slice(2, -2) };
      if (/^`[^`]+`$/.test(part)) return { kind: 'code', text: part.slice(1, -1) };
      return { kind: 'plain', text: part };
    });
}
