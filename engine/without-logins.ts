/** A text in which no address tells a name and a password any more: `http://me:secret@host/` → `http://host/`. */
export function withoutLogins(text: string): string {
  return text.replaceAll(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s@]*@/gi, '$1');
}
