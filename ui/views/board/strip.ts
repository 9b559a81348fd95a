import { type Meter, STRIP_POINTS } from './meters.js';

/** Colours of the present theme, read once a theme. */
export interface Ink {
  readonly rfA: string;
  readonly rfB: string;
  readonly audio: string;
  readonly audioSoft: string;
  readonly overload: string;
  readonly hold: string;
  readonly track: string;
  readonly words: string;
  readonly font: string;
}

export function inkOf(root: HTMLElement): Ink {
  const style = getComputedStyle(root);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    rfA: token('--line-1'),
    rfB: token('--line-3'),
    audio: token('--line-2'),
    audioSoft: token('--attention-soft'),
    overload: token('--critical'),
    hold: token('--text'),
    track: token('--border'),
    words: token('--muted'),
    font: token('--font'),
  };
}

const METER_GAP = 3;

/** One polyline of a ring; NaN lifts the pen. `fill` closes each stretch to the ground. */
function trace(
  paper: CanvasRenderingContext2D,
  ring: Float32Array,
  at: number,
  box: { readonly width: number; readonly top: number; readonly height: number },
  fill: boolean,
): boolean {
  const { width, top, height } = box;
  const bottom = top + height;
  const step = width / (STRIP_POINTS - 1);
  let down = false;
  let any = false;
  let lastX = 0;
  paper.beginPath();
  for (let index = 0; index < STRIP_POINTS; index += 1) {
    const value = ring[(at + index) % STRIP_POINTS] ?? Number.NaN;
    if (Number.isNaN(value)) {
      if (down && fill) paper.lineTo(lastX, bottom);
      down = false;
      continue;
    }
    const x = index * step;
    const y = bottom - (value / 100) * height;
    if (!down) {
      if (fill) {
        paper.moveTo(x, bottom);
        paper.lineTo(x, y);
      } else paper.moveTo(x, y);
      down = true;
    } else paper.lineTo(x, y);
    lastX = x;
    any = true;
  }
  if (down && fill) paper.lineTo(lastX, bottom);
  return any;
}

function bar(
  paper: CanvasRenderingContext2D,
  colour: string,
  track: string,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  percent: number,
): void {
  paper.fillStyle = track;
  paper.fillRect(box.x, box.y, box.width, box.height);
  if (Number.isNaN(percent)) return;
  const filled = (box.height * percent) / 100;
  paper.fillStyle = colour;
  paper.fillRect(box.x, box.y + box.height - filled, box.width, filled);
}

interface Column {
  readonly word: string;
  readonly value: number;
  readonly colour: string;
  readonly strong: boolean;
  readonly held: number;
}

/** The upright meters: an antenna each, and audio with its held peak; both sides for an in-ear transmitter. */
function columnsOf(meter: Meter, ink: Ink): readonly Column[] {
  const { antenna } = meter;
  const one = (
    word: string,
    value: number,
    colour: string,
    strong: boolean,
    held = Number.NaN,
  ) => ({
    word,
    value,
    colour,
    strong,
    held,
  });
  const sound = meter.overload ? ink.overload : ink.audio;
  const rf = Number.isNaN(meter.nowB)
    ? Number.isNaN(meter.nowA)
      ? []
      : [one('RF', meter.nowA, ink.rfA, true)]
    : [
        one('A', meter.nowA, ink.rfA, antenna.includes('A')),
        one('B', meter.nowB, ink.rfB, antenna.includes('B')),
      ];
  if (!Number.isNaN(meter.nowLeft) || !Number.isNaN(meter.nowRight)) {
    return [
      ...rf,
      one('L', meter.nowLeft, sound, true, meter.held),
      one('R', meter.nowRight, sound, true, meter.held),
    ];
  }
  return [...rf, one('♪', meter.nowAudio, sound, true, meter.held)];
}

/**
 * Draws one tile's strip: on the left half a minute of radio above and sound below, on the right the meters.
 * Sizes in CSS px; the paper is empty there, and scaled and moved already. Without charts the meters take all of it.
 */
export function drawStrip(
  paper: CanvasRenderingContext2D,
  meter: Meter,
  ink: Ink,
  size: { readonly width: number; readonly height: number },
  charts: boolean,
): void {
  const { width, height } = size;
  const columns = columnsOf(meter, ink);
  const meterWidth = charts
    ? Math.max(8, Math.min(40, width / 18))
    : Math.max(8, (width - METER_GAP * (columns.length - 1)) / columns.length);
  const metersWidth = columns.length * (meterWidth + METER_GAP) - METER_GAP;
  const letters = height >= 40;
  // On a wall the strip is tall, and is read from afar.
  const letterPx = Math.max(10, Math.min(30, height / 6));
  const meterHeight = letters ? height - letterPx - 3 : height;
  let x = charts ? width - metersWidth : 0;
  const chartWidth = width - metersWidth - 8;
  if (charts && chartWidth > 20) {
    const half = Math.floor(height / 2) - 2;
    paper.lineJoin = 'round';
    paper.lineWidth = 1;
    paper.strokeStyle = ink.track;
    paper.strokeRect(0.5, 0.5, chartWidth - 1, half);
    paper.strokeRect(0.5, half + 4.5, chartWidth - 1, height - half - 5);
    paper.lineWidth = Math.max(1.4, height / 60);
    const radio = { width: chartWidth, top: 2, height: half - 3 };
    const sound = { width: chartWidth, top: half + 6, height: height - half - 8 };
    if (trace(paper, meter.audio, meter.at, sound, true)) {
      paper.fillStyle = ink.audio;
      paper.fill();
    }
    if (trace(paper, meter.rfB, meter.at, radio, false)) {
      paper.strokeStyle = ink.rfB;
      paper.stroke();
    }
    if (trace(paper, meter.rfA, meter.at, radio, false)) {
      paper.strokeStyle = ink.rfA;
      paper.stroke();
    }
  }
  paper.font = `600 ${letterPx}px ${ink.font}`;
  paper.textAlign = 'center';
  for (const column of columns) {
    const box = { x, y: 0, width: meterWidth, height: meterHeight };
    paper.globalAlpha = column.strong ? 1 : 0.45;
    bar(paper, column.colour, ink.track, box, meter.fresh ? column.value : Number.NaN);
    paper.globalAlpha = 1;
    if (meter.fresh && !Number.isNaN(column.held)) {
      paper.fillStyle = column.held >= 99 ? ink.overload : ink.hold;
      paper.fillRect(x, Math.max(0, meterHeight * (1 - column.held / 100) - 1), meterWidth, 2);
    }
    if (letters) {
      paper.fillStyle = column.strong ? ink.hold : ink.words;
      paper.fillText(column.word, x + meterWidth / 2, height - 2);
    }
    x += meterWidth + METER_GAP;
  }
}
