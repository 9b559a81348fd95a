import { type Box, bandsOf } from './bands.js';
import type { Meters } from './meters.js';
import { drawStrip, type Ink, inkOf } from './strip.js';

/** Of a frame's 16 ms; what is not done then is done in the next one. */
const BUDGET_MS = 6;
/** Who wants no movement sees the strips change at this pace. */
const CALM_STEP_MS = 2_000;
/** Lines are that much wider than their strip; strips are farther from each other. */
const EDGE_PX = 2;

/** What all strips beside each other are drawn on: every canvas is a layer that the browser puts together anew. */
interface Paper {
  readonly canvas: HTMLCanvasElement;
  readonly paper: CanvasRenderingContext2D;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  sheets: readonly Sheet[];
}

interface Sheet {
  readonly id: string;
  readonly charts: boolean;
  seen: boolean;
  due: boolean;
  box: Box;
  on: Paper | undefined;
}

const NOWHERE: Box = { x: 0, y: 0, width: 0, height: 0 };

/**
 * Draws the strips of all tiles, ten times a second, in one loop with a bound on each frame. Only what is on the
 * screen is drawn. Owned by the board; `close()` ends it.
 */
export class Painter {
  readonly #meters: Meters;
  readonly #live: () => boolean;
  readonly #layer: HTMLElement;
  readonly #sheets = new Map<Element, Sheet>();
  #papers: readonly Paper[] = [];
  readonly #seen: IntersectionObserver;
  readonly #sized: ResizeObserver;
  readonly #calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  #ink: Ink | undefined;
  #frame = 0;
  #drawnAtMs = 0;
  #moved = true;

  /** @param layer lies over the board and is as wide; the painter puts its canvases into it. */
  constructor(meters: Meters, live: () => boolean, layer: HTMLElement) {
    this.#meters = meters;
    this.#live = live;
    this.#layer = layer;
    this.#seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const sheet = this.#sheets.get(target);
        if (!sheet) continue;
        sheet.seen = isIntersecting;
        this.#moved = true;
      }
    });
    this.#sized = new ResizeObserver(() => {
      this.#moved = true;
    });
    this.#frame = requestAnimationFrame((at) => this.#paint(at));
  }

  /** Draws channel `id` where the element is from now on; the answer ends it. */
  add(strip: Element, id: string, charts: boolean): () => void {
    this.#sheets.set(strip, { id, charts, seen: false, due: true, box: NOWHERE, on: undefined });
    this.#seen.observe(strip);
    this.#sized.observe(strip);
    return () => {
      this.#sheets.delete(strip);
      this.#seen.unobserve(strip);
      this.#sized.unobserve(strip);
      this.#moved = true;
    };
  }

  /** Another theme: colours are read again. */
  repaint(): void {
    this.#ink = undefined;
    for (const sheet of this.#sheets.values()) sheet.due = true;
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#seen.disconnect();
    this.#sized.disconnect();
    this.#sheets.clear();
    for (const { canvas } of this.#papers) canvas.remove();
  }

  #paint(atMs: number): void {
    this.#frame = requestAnimationFrame((next) => this.#paint(next));
    const points = this.#meters.step(atMs, this.#live());
    // A tile may have come to another place without another size.
    if (points > 0 || this.#moved) this.#place();
    if (points > 0 && (!this.#calm.matches || atMs - this.#drawnAtMs >= CALM_STEP_MS)) {
      this.#drawnAtMs = atMs;
      for (const sheet of this.#sheets.values()) sheet.due = true;
    }
    this.#ink ??= inkOf(document.documentElement);
    const until = performance.now() + BUDGET_MS;
    for (const [key, sheet] of this.#sheets) {
      if (!sheet.due || !sheet.seen || sheet.on === undefined) continue;
      if (performance.now() > until) return;
      this.#draw(sheet, sheet.on, this.#ink);
      // Who was drawn goes to the end: when time is short, everybody has a turn.
      this.#sheets.delete(key);
      this.#sheets.set(key, sheet);
    }
  }

  #draw(sheet: Sheet, { paper, top, scale }: Paper, ink: Ink): void {
    sheet.due = false;
    const { x, y, width, height } = sheet.box;
    paper.setTransform(scale, 0, 0, scale, x * scale, (y - top) * scale);
    paper.clearRect(-EDGE_PX, -EDGE_PX, width + 2 * EDGE_PX, height + 2 * EDGE_PX);
    const meter = this.#meters.get(sheet.id);
    if (meter) drawStrip(paper, meter, ink, sheet.box, sheet.charts);
  }

  /** Looks where the strips are, and has paper there: a canvas for those beside each other. */
  #place(): void {
    this.#moved = false;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const whole = this.#layer.getBoundingClientRect();
    const seen: Sheet[] = [];
    const boxes: Box[] = [];
    for (const [strip, sheet] of this.#sheets) {
      if (!sheet.seen) continue;
      const box = within(strip.getBoundingClientRect(), whole, scale);
      if (box.width <= 0 || box.height <= 0) continue;
      seen.push(sheet);
      boxes.push(box);
    }
    const before = new Map(this.#papers.map((one) => [one.top, one]));
    this.#papers = bandsOf(boxes).flatMap(({ top, height, places }) => {
      const sheets = places.flatMap((place) => seen[place] ?? []);
      const placed = places.flatMap((place) => boxes[place] ?? []);
      const known = before.get(top);
      const fits = known?.height === height && known.width === whole.width && known.scale === scale;
      const on = known && fits ? known : this.#paper(top, whole.width, height, scale);
      if (on === undefined) return [];
      if (on === known) before.delete(top);
      const same =
        sheets.length === on.sheets.length &&
        sheets.every((sheet, place) => {
          const box = placed[place];
          return sheet === on.sheets[place] && box !== undefined && sameBox(box, sheet.box);
        });
      if (same) return [on];
      on.sheets = sheets;
      empty(on);
      for (const [place, sheet] of sheets.entries()) {
        sheet.box = placed[place] ?? sheet.box;
        sheet.on = on;
        sheet.due = true;
      }
      return [on];
    });
    for (const { canvas } of before.values()) canvas.remove();
  }

  #paper(top: number, width: number, height: number, scale: number): Paper | undefined {
    const canvas = document.createElement('canvas');
    const paper = canvas.getContext('2d');
    if (!paper) return undefined;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.cssText = `position:absolute;left:0;top:${top}px;width:${width}px;height:${height}px`;
    this.#layer.append(canvas);
    return { canvas, paper, top, width, height, scale, sheets: [] };
  }
}

const sameBox = (a: Box, b: Box): boolean =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

/** On whole pixels of the screen, or thin lines would be blurred. */
function within(found: DOMRect, whole: DOMRect, scale: number): Box {
  const snap = (px: number): number => Math.round(px * scale) / scale;
  return {
    x: snap(found.left - whole.left),
    y: snap(found.top - whole.top),
    width: found.width,
    height: snap(found.height),
  };
}

function empty({ canvas, paper }: Paper): void {
  paper.resetTransform();
  paper.clearRect(0, 0, canvas.width, canvas.height);
}
