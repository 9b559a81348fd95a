import type uPlot from 'uplot';
import type { Threshold } from '../../../data/dashboard-model.js';
import { clockTime, short } from '../../../data/format.js';
import { lineDash, lineToken } from '../../../parts/line-style.js';
import type { Annotation } from '../annotations.js';

/** What the browser worked out once for a theme; asking it makes it look at the style of the whole page. */
const known = new Map<string, string>();

function once(key: string, find: () => string): string {
  const place = `${document.documentElement.dataset['theme'] ?? ''} ${key}`;
  const found = known.get(place) ?? find();
  known.set(place, found);
  return found;
}

const token = (name: string): string =>
  once(name, () => getComputedStyle(document.documentElement).getPropertyValue(name).trim());

/** More lines than these are drawn thin: they are told apart more easily, and are less to draw. */
const CROWD = 8;

const DAY_MS = 86_400_000;
const pad = (value: number): string => String(value).padStart(2, '0');

/** A flat line stays in the middle instead of filling the chart with noise. */
function spread(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (high - low < 1e-9) {
    const air = Math.max(1, Math.abs(high) * 0.1);
    return [low - air, high + air];
  }
  const air = (high - low) * 0.08;
  return [low - air, high + air];
}

export function chartOptions(given: {
  readonly Plot: typeof uPlot;
  readonly width: number;
  readonly height: number;
  readonly rangeMs: number;
  readonly lines: readonly string[];
  readonly thresholds: readonly Threshold[];
  readonly notes: readonly Annotation[];
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly onzoom: ((fromUnixMs: number, toUnixMs: number) => void) | undefined;
  readonly onread: (reading: { at: number; values: (number | null)[] } | undefined) => void;
}): uPlot.Options {
  const { Plot, lines, thresholds, notes, onzoom, onread } = given;
  const axis: uPlot.Axis = {
    stroke: token('--muted'),
    grid: { stroke: token('--border'), width: 1 },
    ticks: { stroke: token('--border'), width: 1, size: 4 },
    font: `12px ${token('--font')}`,
  };
  const time = (seconds: number, step: number): string => {
    const at = new Date(seconds * 1_000);
    const long = given.rangeMs > 2 * DAY_MS;
    if (long && at.getHours() === 0 && at.getMinutes() === 0)
      return `${pad(at.getDate())}.${pad(at.getMonth() + 1)}.`;
    return step < 60 ? clockTime(seconds * 1_000) : `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  };
  return {
    width: given.width,
    height: given.height,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: Plot.sync('dashboard').key, setSeries: false },
      drag: { x: onzoom !== undefined, y: false, setScale: false },
      points: { size: 6 },
    },
    scales: {
      x: { time: true, auto: false },
      y: {
        range: (_, low, high) => {
          const [from, to] = spread(low, high);
          return [given.min ?? from, given.max ?? Math.max(to, (given.min ?? from) + 1e-6)];
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 64,
        values: (_, at, __, ___, step) => at.map((one) => time(one, step)),
      },
      { ...axis, size: 46, values: (_, at) => at.map((one) => short(one)) },
    ],
    series: [
      {},
      ...lines.map((label, place) => ({
        label,
        stroke: token(lineToken(place)),
        dash: lineDash(place),
        width: lines.length > CROWD ? 1 : 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawAxes: [(plot) => drawMarks(plot, thresholds, notes)],
      setSelect: [
        (plot) => {
          if (!onzoom || plot.select.width < 4) return;
          const from = plot.posToVal(plot.select.left, 'x') * 1_000;
          const to = plot.posToVal(plot.select.left + plot.select.width, 'x') * 1_000;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          onzoom(Math.round(from), Math.round(to));
        },
      ],
      setCursor: [
        (plot) => {
          const place = plot.cursor.idx;
          const at = place === null || place === undefined ? undefined : plot.data[0][place];
          if (
            at === undefined ||
            place === null ||
            place === undefined ||
            (plot.cursor.left ?? -1) < 0
          ) {
            onread(undefined);
            return;
          }
          onread({
            at: at * 1_000,
            values: lines.map((_, line) => nearest(plot.data[line + 1], place)),
          });
        },
      ],
    },
  };
}

/** Lines that do not have a value at this very time show the one before. */
function nearest(
  column: ArrayLike<number | null | undefined> | undefined,
  place: number,
): number | null {
  for (let row = place; column && row >= Math.max(0, place - 60); row -= 1) {
    const value = column[row];
    if (value !== undefined) return value;
  }
  return null;
}

function drawMarks(
  plot: uPlot,
  thresholds: readonly Threshold[],
  notes: readonly Annotation[],
): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { fromUnixMs, toUnixMs } of notes) {
    const left = plot.valToPos(fromUnixMs / 1_000, 'x', true);
    const right = plot.valToPos((toUnixMs ?? fromUnixMs) / 1_000, 'x', true);
    ctx.fillStyle = token('--flash');
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.setLineDash([6, 4]);
  ctx.lineWidth = 1.5;
  for (const { value, tone } of thresholds) {
    const y = plot.valToPos(value, 'y', true);
    ctx.strokeStyle = token(`--${tone}`);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
