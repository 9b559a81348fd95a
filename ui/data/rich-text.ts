/** A piece of a line. Whatever it says is text, never markup. */
export type Piece =
  | { readonly kind: 'text' | 'bold' | 'italic' | 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly pieces: readonly Piece[] }
  | { readonly kind: 'paragraph'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Piece[])[] };

const INLINE = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)/g;

/** Only pages of this site and of the web: no scripts, no data. */
function safeHref(href: string): string | undefined {
  if (/^\/(?![/\\])/.test(href)) return href;
  return /^https?:\/\/[^/]/i.test(href) ? href : undefined;
}

export function piecesOf(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of line.matchAll(INLINE)) {
    const [whole, bold, italic, code, word, target] = found;
    if (found.index > from) pieces.push({ kind: 'text', text: line.slice(from, found.index) });
    from = found.index + whole.length;
    const href = target === undefined ? undefined : safeHref(target);
    if (bold !== undefined) pieces.push({ kind: 'bold', text: bold });
    else if (italic !== undefined) pieces.push({ kind: 'italic', text: italic });
    else if (code !== undefined) pieces.push({ kind: 'code', text: code });
    else if (word !== undefined && href !== undefined)
      pieces.push({ kind: 'link', text: word, href });
    else pieces.push({ kind: 'text', text: whole });
  }
  if (from < line.length) pieces.push({ kind: 'text', text: line.slice(from) });
  return pieces;
}

/** Headings, lists and paragraphs; every other character stands for itself. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let items: (readonly Piece[])[] = [];
  let words: string[] = [];
  const end = (): void => {
    if (items.length > 0) blocks.push({ kind: 'list', items });
    if (words.length > 0) blocks.push({ kind: 'paragraph', pieces: piecesOf(words.join(' ')) });
    items = [];
    words = [];
  };
  for (const line of text.split(/\r?\n/)) {
    const heading = /^(#{1,3})\s+(.+)$/.exec(line);
    const item = /^\s*[-*]\s+(.+)$/.exec(line);
    if (heading) {
      end();
      const level = (heading[1] ?? '#').length as 1 | 2 | 3;
      blocks.push({ kind: 'heading', level, pieces: piecesOf(heading[2] ?? '') });
    } else if (item) {
      if (words.length > 0) end();
      items.push(piecesOf(item[1] ?? ''));
    } else if (line.trim() === '') end();
    else {
      if (items.length > 0) end();
      words.push(line.trim());
    }
  }
  end();
  return blocks;
}
