/** Text of anything, also of what has no text or throws when it is asked for it. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return String(value);
  } catch {
    return 'something without a text';
  }
}

/**
 * One line to show and to keep: control characters and halves of characters are blanks, what is longer than
 * `maxChars` is cut between two characters and ends with "…".
 */
export function plainText(text: string, maxChars: number): string {
  // What follows is not looked at: a text may be of any length.
  const head = text.slice(0, maxChars + 1).replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ');
  if (text.length <= maxChars) return head.trim();
  return `${head.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`.trim();
}
