type Rgb = readonly [red: number, green: number, blue: number];

function rgb(colour: string): Rgb {
  const value = Number.parseInt(colour.replace('#', ''), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Colour of a share 0..1 between colours at equal distances. */
export function rampColour(share: number, colours: readonly string[]): Rgb {
  const at = Math.max(0, Math.min(1, share)) * (colours.length - 1);
  const low = rgb(colours[Math.floor(at)] ?? '#000000');
  const high = rgb(colours[Math.ceil(at)] ?? '#000000');
  const part = at - Math.floor(at);
  const mix = (index: 0 | 1 | 2): number =>
    Math.round(low[index] + (high[index] - low[index]) * part);
  return [mix(0), mix(1), mix(2)];
}

/** Cells as a picture: nothing where it is 0, the ramp from 1 to `most`. Undefined without a canvas. */
export function heatPicture(
  cells: ArrayLike<number>,
  columns: number,
  rows: number,
  most: number,
  colours: readonly string[],
): HTMLCanvasElement | undefined {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < columns * rows; at += 1) {
    const heat = cells[at] ?? 0;
    if (heat <= 0) continue;
    const share = most <= 1 ? 0 : (heat - 1) / (most - 1);
    image.data.set([...rampColour(share, colours), 110 + Math.round(120 * share)], at * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
