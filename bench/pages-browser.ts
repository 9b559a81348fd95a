// The pages are in a browser.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { percentile } from './harness.js';

/** What the page notes for the bench, on its `globalThis`. */
interface Noted {
  /** `missing`: when it was last looked at; once all is there: what came last. */
  earshotOpen?: {
    readonly readyMs: number | undefined;
    readonly missing: readonly string[];
    readonly butMapMs: number | undefined;
  };
}

/** When an open page had drawn, ms after the navigation began. */
export interface Opening {
  readonly readyMs: number;
  /** The same of all widgets but maps. */
  readonly butMapMs: number;
  /** The last byte of the document. */
  readonly documentMs: number;
  /** The last script that was needed. */
  readonly scriptsMs: number;
  /** The last answer of the API that was needed. */
  readonly answersMs: number;
  readonly requests: number;
  /** Widgets that were drawn last. */
  readonly last: readonly string[];
}

/**
 * Runs in the browser before anything else of the page: notes when `wanted` widgets are there and each has drawn its
 * data. Nothing from outside of the function may be used in it.
 */
export function watchOpening(wanted: number): void {
  const noted = globalThis as Noted;
  noted.earshotOpen = { readyMs: undefined, missing: ['everything'], butMapMs: undefined };
  const words = (part: Element | null): string => part?.textContent?.trim() ?? '';
  const says = (part: Element | null): boolean => words(part) !== '' && words(part) !== '–';
  const DRAWN: Readonly<Record<string, (widget: Element) => boolean>> = {
    line_chart: (widget) => {
      const keys = [...widget.querySelectorAll('figcaption b')];
      return widget.querySelector('canvas') !== null && keys.length > 0 && keys.every(says);
    },
    gauge: (widget) =>
      says(widget.querySelector('[data-value]')) && widget.querySelector('path.fill') !== null,
    stat_card: (widget) =>
      says(widget.querySelector('[data-value]')) && widget.querySelector('path.last') !== null,
    table: (widget) => widget.querySelector('tbody tr') !== null,
    state_timeline: (widget) => {
      const tracks = [...widget.querySelectorAll('.track')];
      return tracks.length > 0 && tracks.every((track) => track.querySelector('.span') !== null);
    },
    alarm_list: (widget) => widget.querySelector('li') !== null,
    map: (widget) => widget.querySelector('[data-ready=true] canvas') !== null,
    actuator_toggle: (widget) => widget.querySelector('[role=switch]:enabled') !== null,
    actuator_slider: (widget) => says(widget.querySelector('[data-value]')),
    text: (widget) => says(widget.querySelector('.text')),
    image: (widget) => (widget.querySelector('img')?.naturalWidth ?? 0) > 0,
  };
  const missing = (): string[] => {
    const widgets = [...document.querySelectorAll('[data-widget]')];
    if (widgets.length < wanted) return [`${wanted - widgets.length} widgets`];
    return widgets.flatMap((widget) => {
      const type = widget.getAttribute('data-type') ?? '';
      const busy = widget.querySelector('[aria-busy=true]') !== null;
      return !busy && DRAWN[type]?.(widget) === true
        ? []
        : [`${type} ${widget.getAttribute('aria-label') ?? ''}`];
    });
  };
  let before: readonly string[] = [];
  let butMapMs: number | undefined;
  const look = (): void => {
    const left = missing();
    if (left.length > 0) before = left;
    if (left.every((one) => one.startsWith('map '))) butMapMs ??= performance.now();
    noted.earshotOpen = { readyMs: undefined, missing: before, butMapMs };
    requestAnimationFrame(() => {
      // What was complete in the frame before is on the screen with this one.
      if (left.length === 0)
        noted.earshotOpen = { readyMs: performance.now(), missing: before, butMapMs };
      else look();
    });
  };
  requestAnimationFrame(look);
}

/** Runs in the browser: what is missing, or the times of the opening. */
export function readOpening(): Opening | { readonly missing: readonly string[] } {
  const open = (globalThis as Noted).earshotOpen;
  if (open?.readyMs === undefined) return { missing: open?.missing ?? ['the page'] };
  const { readyMs, butMapMs = readyMs, missing: last } = open;
  const [document] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const loaded = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(
    ({ responseEnd }) => responseEnd <= readyMs,
  );
  const lastOf = (path: RegExp): number =>
    Math.max(
      0,
      ...loaded
        .filter(({ name }) => path.test(new URL(name).pathname))
        .map(({ responseEnd }) => responseEnd),
    );
  return {
    readyMs,
    butMapMs,
    documentMs: document?.responseEnd ?? 0,
    scriptsMs: lastOf(/\.m?js$/),
    answersMs: lastOf(/^\/v1\//),
    requests: loaded.length,
    last,
  };
}

/** What a page drew while it was looked at. */
export interface Frames {
  /** When each frame began, ms. */
  readonly atMs: readonly number[];
  /** How long each task was that held the page for more than 50 ms. */
  readonly longTasksMs: readonly number[];
}

/** Runs in the browser: counts frames. Nothing from outside of the function may be used in it. */
export function countFrames(forMs: number): Promise<Frames> {
  return new Promise((resolve) => {
    const atMs: number[] = [];
    const longTasksMs: number[] = [];
    const watcher = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasksMs.push(duration);
    });
    watcher.observe({ type: 'longtask' });
    const frame = (at: number): void => {
      atMs.push(at);
      if (at - (atMs[0] ?? at) < forMs) {
        requestAnimationFrame(frame);
        return;
      }
      for (const { duration } of watcher.takeRecords()) longTasksMs.push(duration);
      watcher.disconnect();
      resolve({ atMs, longTasksMs });
    };
    requestAnimationFrame(frame);
  });
}

/** Frames a second, and how far apart 95 of 100 of them were at most. A page that drew less than two frames has neither. */
export function framesFigures({ atMs }: Pick<Frames, 'atMs'>): {
  readonly fps: number | null;
  readonly frameP95Ms: number | null;
} {
  const [first] = atMs;
  const last = atMs.at(-1);
  if (first === undefined || last === undefined || last <= first) {
    return { fps: null, frameP95Ms: null };
  }
  const stepsMs = atMs.slice(1).map((at, place) => at - (atMs[place] ?? at));
  return {
    fps: (stepsMs.length * 1_000) / (last - first),
    frameP95Ms: percentile(stepsMs, 0.95),
  };
}
