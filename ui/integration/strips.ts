// The pages are in a browser.
/// <reference lib="dom" />
import type { Locator } from 'playwright-core';

/** What is drawn where a tile has its strip: how many pixels, and all of them as text; nothing while it has no canvas. */
export function stripOf(tile: Locator): Promise<{ painted: number; picture: string }> {
  return tile.locator('.strip').evaluate((strip) => {
    const box = strip.getBoundingClientRect();
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.drawn canvas')) {
      const whole = canvas.getBoundingClientRect();
      if (box.bottom > whole.bottom + 1 || box.top < whole.top - 1 || canvas.width === 0) continue;
      const scale = canvas.width / whole.width;
      const data = canvas
        .getContext('2d')
        ?.getImageData(
          (box.left - whole.left) * scale,
          (box.top - whole.top) * scale,
          Math.max(1, box.width * scale),
          Math.max(1, box.height * scale),
        ).data;
      if (data === undefined) continue;
      let painted = 0;
      for (let at = 3; at < data.length; at += 4) painted += (data[at] ?? 0) > 0 ? 1 : 0;
      return { painted, picture: data.join() };
    }
    return { painted: 0, picture: '' };
  });
}

/** How often the strip of a tile looks otherwise while it is looked at for `forMs`. */
export async function changesOf(tile: Locator, forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let { picture: before } = await stripOf(tile);
  let changes = 0;
  while (performance.now() < end) {
    const { picture } = await stripOf(tile);
    if (picture !== before) changes += 1;
    before = picture;
  }
  return changes;
}
