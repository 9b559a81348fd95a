import { HEIGHT_M, type Metres, toGeo, WIDTH_M } from './ground.js';
import { SPOTS, ZONES } from './site.js';

/** Corners of the plan image, clockwise from north-west, (longitude, latitude). */
export function planCorners(): [number, number][] {
  const east = WIDTH_M / 2;
  const north = HEIGHT_M / 2;
  const corners: readonly Metres[] = [
    [-east, north],
    [east, north],
    [east, -north],
    [-east, -north],
  ];
  return corners.map((corner) => {
    const { latitude, longitude } = toGeo(corner);
    return [longitude, latitude];
  });
}

const FILL: Readonly<Record<string, string>> = {
  fountain: '#cfc6b2',
  roses: '#7d9a6a',
  pergola: '#b7a98c',
  orchard: '#86a46d',
  pavilions: '#a78f78',
  bamboo: '#6f9162',
  pond: '#7ea6b8',
};

/** Footpaths, as smooth lines between the places. */
const PATHS: readonly string[] = [
  'M120 0 C122 30 128 40 130 56',
  'M130 116 C132 128 140 132 152 142',
  'M100 86 C80 86 70 90 60 92',
  'M160 82 C180 78 188 72 196 66',
  'M158 98 C180 104 194 108 204 110',
  'M116 140 C100 142 70 128 40 130',
];

/**
 * The site plan: an SVG of one unit a metre, north up, whose edges are the corners of `planCorners`.
 * Quiet on purpose: speakers, recordings and listeners are drawn over it by the map.
 */
export function planSvg(): string {
  const x = (eastM: number): string => (eastM + WIDTH_M / 2).toFixed(1);
  const y = (northM: number): string => (HEIGHT_M / 2 - northM).toFixed(1);
  const ring = (points: readonly Metres[]): string =>
    `M${points.map(([east, north]) => `${x(east)} ${y(north)}`).join('L')}Z`;
  const zones = ZONES.map((zone) => {
    const d = zone.areas.map((rings) => rings.map(ring).join('')).join('');
    return `<path d="${d}" fill="${FILL[zone.id] ?? '#999'}" fill-rule="evenodd"/>`;
  });
  const trees = Array.from({ length: 20 }, (_, i) => {
    const east = 38 + (i % 5) * 16 + (Math.floor(i / 5) % 2) * 6;
    const north = 36 + Math.floor(i / 5) * 11;
    return `<circle cx="${x(east)}" cy="${y(north)}" r="3.6"/>`;
  });
  const stones = SPOTS.map(({ at }) => `<circle cx="${x(at[0])}" cy="${y(at[1])}" r="0.9"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH_M} ${HEIGHT_M}" width="${WIDTH_M * 8}" height="${HEIGHT_M * 8}">`,
    '<title>Walled garden</title>',
    '<rect width="100%" height="100%" fill="#93ab7c"/>',
    `<g fill="none" stroke="#d9cfb8" stroke-width="5" stroke-linecap="round">${PATHS.map((d) => `<path d="${d}"/>`).join('')}</g>`,
    `<g stroke="#5f6f54" stroke-opacity="0.35" stroke-width="0.6">${zones.join('')}</g>`,
    `<circle cx="${x(0)}" cy="${y(4)}" r="7" fill="#7ea6b8" stroke="#efe9da" stroke-width="1.4"/>`,
    `<g fill="#5d7f4b" fill-opacity="0.75">${trees.join('')}</g>`,
    `<g fill="#f4efe2">${stones.join('')}</g>`,
    `<rect x="2" y="2" width="${WIDTH_M - 4}" height="${HEIGHT_M - 4}" rx="3" fill="none" stroke="#6b5d4c" stroke-width="3"/>`,
    '<rect x="112" y="0" width="16" height="6" fill="#93ab7c"/>',
    '</svg>',
  ].join('');
}
