/** Lines with commas between them instead of line ends, for a JSON list; a line of JSON holds no line end. */
export async function* joined(lines: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = false;
  for await (const chunk of lines) {
    if (chunk.length === 0) continue;
    // One byte a character and back: commas and line ends are never a part of a longer character.
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const ends = text.endsWith('\n');
    const body = (ends ? text.slice(0, -1) : text).replaceAll('\n', ',\n');
    yield Buffer.from(pending ? `,\n${body}` : body, 'latin1');
    pending = ends;
  }
}
