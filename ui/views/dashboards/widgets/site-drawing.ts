import { type LngLat, metresFrom, middleOf } from '../../../data/geo.js';
import {
  type Metres,
  type PlanView,
  type Size,
  scaleBar,
  toMetres,
  toPixels,
} from '../../../data/plan-view.js';
import type { ProjectMap } from '../../../data/projects.js';
import { fieldOf, token } from '../../map-layers.js';

/** A widget is small: coarser than on the map, and smoothed by the browser. */
const FIELD_PX = 56;
const STEP_M = 10;
const STEPS_TO_HEAVY = 5;
/** Lines nearer to each other than this would be a grey area. */
const LEAST_STEP_PX = 7;
/** Closer than this the names of recordings have room. */
const LABELS_FROM_PX_PER_M = 1.2;
const SCALE_PX = 110;
/** Names are cut off where nobody would read them. */
const MOST_NAMES = 150;
const NAME_PX = 80;

interface Ink {
  readonly ground: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly edge: string;
  readonly speaker: string;
  readonly recording: string;
  readonly listener: string;
  readonly font: string;
}

const inkOf = (): Ink => ({
  ground: token('--sunken'),
  line: token('--border'),
  text: token('--text'),
  muted: token('--muted'),
  edge: token('--bg'),
  speaker: token('--line-1'),
  recording: token('--line-4'),
  listener: token('--line-2'),
  font: token('--font'),
});

interface Field {
  readonly canvas: HTMLCanvasElement;
  readonly northWest: Metres;
  readonly southEast: Metres;
  readonly opacity: number;
}

/** What of a site does not change while it is looked at, in metres and in the colours of one theme. */
export interface SiteDrawing {
  readonly ink: Ink;
  readonly place: (at: LngLat) => Metres;
  readonly fields: readonly Field[];
  readonly areas: readonly (readonly Metres[])[];
  readonly names: readonly { readonly name: string; readonly at: Metres }[];
  readonly recordings: readonly {
    readonly name: string;
    readonly at: Metres;
    readonly radiusM: number;
  }[];
}

export interface Listener {
  readonly at: LngLat;
  readonly quiet: boolean;
}

/** A plan that is there, and the places of its upper left, upper right and lower left corner. */
export interface Plan {
  readonly picture: HTMLImageElement;
  readonly corners: readonly [Metres, Metres, Metres];
}

/** Reads the colours of the present theme: made anew for another one. */
export function siteDrawing(project: ProjectMap): SiteDrawing {
  const ink = inkOf();
  const { center, speakers, recordings } = project;
  const place = ([longitude, latitude]: LngLat): Metres =>
    metresFrom(center, { latitude, longitude });
  return {
    ink,
    place,
    fields: speakers.flatMap((speaker) => {
      const field = fieldOf(project, speaker, ink.speaker, FIELD_PX);
      if (field === undefined) return [];
      const { west, north, east, south } = field.box;
      return {
        canvas: field.canvas,
        northWest: place([west, north]),
        southEast: place([east, south]),
        opacity: 0.12 + 0.3 * speaker.maxVolume,
      };
    }),
    areas: speakers.flatMap(({ shape }) =>
      shape.flatMap((polygon) => polygon.map((ring) => ring.map(place))),
    ),
    names: speakers.flatMap(({ name, shape }) => {
      const at = middleOf(shape);
      return at === undefined ? [] : { name, at: metresFrom(center, at) };
    }),
    recordings: recordings.map(({ name, position, radiusM }) => ({
      name,
      radiusM,
      at: metresFrom(center, position),
    })),
  };
}

/** Draws all of it; the paper is scaled for the screen already. */
export function drawSite(
  paper: CanvasRenderingContext2D,
  size: Size,
  view: PlanView,
  site: SiteDrawing,
  plan: Plan | undefined,
): void {
  const { ink } = site;
  const at = (place: Metres) => toPixels(view, size, place);
  paper.globalAlpha = 1;
  paper.fillStyle = ink.ground;
  paper.fillRect(0, 0, size.width, size.height);
  if (plan !== undefined) drawPlan(paper, plan, at);
  drawGrid(paper, size, view, ink, plan === undefined ? 0.9 : 0.35);
  for (const { canvas, northWest, southEast, opacity } of site.fields) {
    const [left, top] = at(northWest);
    const [right, bottom] = at(southEast);
    paper.globalAlpha = opacity;
    paper.drawImage(canvas, left, top, right - left, bottom - top);
  }
  paper.lineWidth = 1;
  paper.strokeStyle = ink.speaker;
  paper.globalAlpha = 0.75;
  paper.beginPath();
  for (const ring of site.areas) {
    for (const [place, corner] of ring.entries()) {
      if (place === 0) paper.moveTo(...at(corner));
      else paper.lineTo(...at(corner));
    }
    paper.closePath();
  }
  paper.stroke();
  for (const recording of site.recordings) {
    const [x, y] = at(recording.at);
    if (!onPaper(size, x, y, recording.radiusM * view.pxPerM + 4)) continue;
    paper.fillStyle = ink.recording;
    paper.strokeStyle = ink.recording;
    dot(paper, x, y, recording.radiusM * view.pxPerM);
    paper.globalAlpha = 0.1;
    paper.fill();
    paper.globalAlpha = 0.55;
    paper.stroke();
    paper.globalAlpha = 1;
    dot(paper, x, y, 4);
    paper.fill();
  }
  paper.globalAlpha = 1;
  drawNames(paper, size, view, site, at);
  drawScale(paper, size, view, ink);
}

/** Who listens, over the site; where they were in the last seconds is a line that fades. */
export function drawListeners(
  paper: CanvasRenderingContext2D,
  size: Size,
  view: PlanView,
  site: SiteDrawing,
  listeners: readonly Listener[],
  tails: readonly (readonly LngLat[])[],
): void {
  const at = (place: LngLat) => toPixels(view, size, site.place(place));
  paper.strokeStyle = site.ink.listener;
  paper.lineWidth = 3;
  paper.lineCap = 'round';
  for (const tail of tails) {
    for (const [place, end] of tail.entries()) {
      const begin = tail[place - 1];
      if (begin === undefined) continue;
      paper.globalAlpha = (0.65 * place) / tail.length;
      paper.beginPath();
      paper.moveTo(...at(begin));
      paper.lineTo(...at(end));
      paper.stroke();
    }
  }
  paper.fillStyle = site.ink.listener;
  paper.strokeStyle = site.ink.edge;
  paper.lineWidth = 2;
  for (const listener of listeners) {
    dot(paper, ...at(listener.at), 6);
    paper.globalAlpha = listener.quiet ? 0.35 : 1;
    paper.fill();
    paper.globalAlpha = 1;
    paper.stroke();
  }
}

function dot(paper: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  paper.beginPath();
  paper.arc(x, y, radius, 0, 2 * Math.PI);
}

const onPaper = ({ width, height }: Size, x: number, y: number, radius: number): boolean =>
  x > -radius && y > -radius && x < width + radius && y < height + radius;

type At = (place: Metres) => readonly [number, number];

function drawPlan(paper: CanvasRenderingContext2D, { picture, corners }: Plan, at: At): void {
  const [[left, top], [right, side], [down, bottom]] = [
    at(corners[0]),
    at(corners[1]),
    at(corners[2]),
  ];
  const [wide, high] = [Math.max(1, picture.naturalWidth), Math.max(1, picture.naturalHeight)];
  paper.save();
  paper.globalAlpha = 0.85;
  paper.transform(
    (right - left) / wide,
    (side - top) / wide,
    (down - left) / high,
    (bottom - top) / high,
    left,
    top,
  );
  paper.drawImage(picture, 0, 0, wide, high);
  paper.restore();
}

/** Lines every 10 m, heavier every 50 m; from afar every 100 m and 500 m, and so on. */
function drawGrid(
  paper: CanvasRenderingContext2D,
  size: Size,
  view: PlanView,
  ink: Ink,
  opacity: number,
): void {
  let stepM = STEP_M;
  while (stepM * view.pxPerM < LEAST_STEP_PX) stepM *= 10;
  const [west, north] = toMetres(view, size, [0, 0]);
  const [east, south] = toMetres(view, size, [size.width, size.height]);
  const at = (place: Metres) => toPixels(view, size, place);
  paper.strokeStyle = ink.line;
  paper.globalAlpha = opacity;
  for (const heavy of [false, true]) {
    paper.lineWidth = heavy ? 1.2 : 0.6;
    paper.beginPath();
    for (let line = Math.ceil(west / stepM); line * stepM <= east; line += 1) {
      if ((line % STEPS_TO_HEAVY === 0) !== heavy) continue;
      const [x] = at([line * stepM, 0]);
      paper.moveTo(x, 0);
      paper.lineTo(x, size.height);
    }
    for (let line = Math.ceil(south / stepM); line * stepM <= north; line += 1) {
      if ((line % STEPS_TO_HEAVY === 0) !== heavy) continue;
      const [, y] = at([0, line * stepM]);
      paper.moveTo(0, y);
      paper.lineTo(size.width, y);
    }
    paper.stroke();
  }
}

function drawNames(
  paper: CanvasRenderingContext2D,
  size: Size,
  view: PlanView,
  { ink, names, recordings }: SiteDrawing,
  at: At,
): void {
  paper.textAlign = 'center';
  paper.lineJoin = 'round';
  paper.lineWidth = 4;
  // A rim in the colour of the ground: words are read over any line.
  paper.strokeStyle = ink.ground;
  const write = (name: string, x: number, y: number): void => {
    paper.strokeText(name, x, y);
    paper.fillText(name, x, y);
  };
  paper.font = `600 12px ${ink.font}`;
  paper.fillStyle = ink.text;
  for (const one of names) {
    const [x, y] = at(one.at);
    write(one.name, x, y + 4);
  }
  if (view.pxPerM < LABELS_FROM_PX_PER_M) return;
  paper.font = `500 12px ${ink.font}`;
  paper.fillStyle = ink.muted;
  let written = 0;
  for (const one of recordings) {
    const [x, y] = at(one.at);
    if (!onPaper(size, x, y, NAME_PX)) continue;
    write(one.name, x, y + 18);
    written += 1;
    if (written >= MOST_NAMES) return;
  }
}

function drawScale(paper: CanvasRenderingContext2D, size: Size, view: PlanView, ink: Ink): void {
  const { metres, px } = scaleBar(view.pxPerM, SCALE_PX);
  const words =
    metres >= 1_000 ? `${metres / 1_000} km` : metres >= 1 ? `${metres} m` : `${metres * 100} cm`;
  const [left, bottom] = [10, size.height - 10];
  paper.lineWidth = 2;
  paper.strokeStyle = ink.muted;
  paper.beginPath();
  paper.moveTo(left, bottom - 6);
  paper.lineTo(left, bottom);
  paper.lineTo(left + px, bottom);
  paper.lineTo(left + px, bottom - 6);
  paper.stroke();
  paper.font = `12px ${ink.font}`;
  paper.textAlign = 'left';
  paper.lineWidth = 4;
  paper.strokeStyle = ink.ground;
  paper.strokeText(words, left + 6, bottom - 6);
  paper.fillStyle = ink.text;
  paper.fillText(words, left + 6, bottom - 6);
}
