import type { Meters } from './meters.js';
import { drawStrip, type Ink, inkOf } from './strip.js';

/** Of a frame's 16 ms; what is not done then is done in the next one. */
const BUDGET_MS = 6;
/** Who wants no movement sees the strips change at this pace. */
const CALM_STEP_MS = 2_000;

interface Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly id: string;
  readonly paper: CanvasRenderingContext2D;
  charts: boolean;
  seen: boolean;
  due: boolean;
  width: number;
  height: number;
}

/**
 * Draws the strips of all tiles, ten times a second, in one loop with a bound on each frame. Only what is on the
 * screen is drawn. Owned by the board; `close()` ends it.
 */
export class Painter {
  readonly #meters: Meters;
  readonly #live: () => boolean;
  readonly #sheets = new Map<Element, Sheet>();
  readonly #seen: IntersectionObserver;
  readonly #sized: ResizeObserver;
  readonly #calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  #ink: Ink | undefined;
  #frame = 0;
  #drawnAtMs = 0;

  constructor(meters: Meters, live: () => boolean) {
    this.#meters = meters;
    this.#live = live;
    this.#seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const sheet = this.#sheets.get(target);
        if (!sheet) continue;
        sheet.seen = isIntersecting;
        sheet.due = true;
      }
    });
    this.#sized = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) {
        const sheet = this.#sheets.get(target);
        if (sheet) resize(sheet, contentRect.width, contentRect.height);
      }
    });
    this.#frame = requestAnimationFrame((at) => this.#paint(at));
  }

  /** Draws channel `id` there from now on; the answer ends it. */
  add(canvas: HTMLCanvasElement, id: string, charts: boolean): () => void {
    const paper = canvas.getContext('2d');
    if (!paper) return () => undefined;
    this.#sheets.set(canvas, {
      canvas,
      id,
      paper,
      charts,
      seen: false,
      due: true,
      width: 0,
      height: 0,
    });
    this.#seen.observe(canvas);
    this.#sized.observe(canvas);
    return () => {
      this.#sheets.delete(canvas);
      this.#seen.unobserve(canvas);
      this.#sized.unobserve(canvas);
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
  }

  #paint(atMs: number): void {
    this.#frame = requestAnimationFrame((next) => this.#paint(next));
    const points = this.#meters.step(atMs, this.#live());
    if (points > 0 && (!this.#calm.matches || atMs - this.#drawnAtMs >= CALM_STEP_MS)) {
      this.#drawnAtMs = atMs;
      for (const sheet of this.#sheets.values()) sheet.due = true;
    }
    this.#ink ??= inkOf(document.documentElement);
    const ink = this.#ink;
    const until = performance.now() + BUDGET_MS;
    for (const [key, sheet] of this.#sheets) {
      if (!sheet.due || !sheet.seen || sheet.width === 0) continue;
      if (performance.now() > until) return;
      sheet.due = false;
      const meter = this.#meters.get(sheet.id);
      if (meter) drawStrip(sheet.paper, meter, ink, sheet, sheet.charts);
      else sheet.paper.clearRect(0, 0, sheet.width, sheet.height);
      // Who was drawn goes to the end: when time is short, everybody has a turn.
      this.#sheets.delete(key);
      this.#sheets.set(key, sheet);
    }
  }
}

function resize(sheet: Sheet, width: number, height: number): void {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  sheet.width = width;
  sheet.height = height;
  sheet.canvas.width = Math.round(width * scale);
  sheet.canvas.height = Math.round(height * scale);
  sheet.paper.setTransform(scale, 0, 0, scale, 0, 0);
  sheet.due = true;
}
