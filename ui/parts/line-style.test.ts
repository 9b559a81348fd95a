import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lineDash, lineMark, lineToken } from './line-style.js';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');
const themeOf = (name: string): string => css.slice(css.indexOf(`[data-theme="${name}"]`));

function linear(theme: string, token: string): readonly [number, number, number] {
  const hex = new RegExp(`${token}: #([0-9a-f]{6})`).exec(themeOf(theme))?.[1] ?? '';
  const part = (at: number): number => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return [part(0), part(2), part(4)];
}

/** Relative luminance as WCAG counts it. */
const light = ([r, g, b]: readonly [number, number, number]): number =>
  0.2126 * r + 0.7152 * g + 0.0722 * b;

/** Oklab: how far apart two colours are for an eye. */
function lab([r, g, b]: readonly [number, number, number]): readonly number[] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const ten = Array.from({ length: 10 }, (_, place) => place);

describe.each(['dark', 'light'])('ten lines in the %s theme', (theme) => {
  it('stand out from the ground they are drawn on', () => {
    const ground = light(linear(theme, '--surface'));
    for (const place of ten) {
      const own = light(linear(theme, lineToken(place)));
      const [low, high] = [Math.min(own, ground), Math.max(own, ground)];
      expect((high + 0.05) / (low + 0.05), lineToken(place)).toBeGreaterThanOrEqual(3);
    }
  });

  it('are not taken for each other', () => {
    for (const a of ten) {
      for (const b of ten.slice(a + 1)) {
        const [one, other] = [lab(linear(theme, lineToken(a))), lab(linear(theme, lineToken(b)))];
        const apart = Math.hypot(...one.map((value, at) => value - (other[at] ?? 0)));
        expect(apart, `${lineToken(a)} and ${lineToken(b)}`).toBeGreaterThan(0.075);
      }
    }
  });
});

it('the eleventh line has the colour of the first and another dash; no two of forty are the same', () => {
  expect(lineToken(10)).toBe(lineToken(0));
  expect(lineDash(0)).toEqual([]);
  expect(lineDash(10).length).toBeGreaterThan(0);
  const looks = Array.from({ length: 40 }, (_, place) => `${lineToken(place)} ${lineDash(place)}`);
  expect(new Set(looks).size).toBe(40);
  const marks = Array.from({ length: 40 }, (_, place) => lineMark(place));
  expect(new Set(marks).size).toBe(40);
});
