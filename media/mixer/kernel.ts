import { EngineError } from '../../engine/errors.js';
import { F32, I32, op, V128, wasmModule } from './wasm-writer.js';

/**
 * The mixer's inner loops in WebAssembly SIMD. Addresses
 * and lengths are bytes; lengths must be multiples of 16 and not 0.
 */
export interface Kernel {
  /** `to[i] += from[i] * (gain + i * step)` for both planes. */
  mix(
    fromLeft: number,
    fromRight: number,
    toLeft: number,
    toRight: number,
    length: number,
    gainLeft: number,
    gainRight: number,
    stepLeft: number,
    stepRight: number,
  ): void;
  /** `at[i] *= gain + i * step` for both planes. */
  scale(left: number, right: number, length: number, gain: number, step: number): void;
  /** Stores the largest magnitude of both planes (not-a-number if one is in there) as f32 at `out`. */
  peak(left: number, right: number, length: number, out: number): void;
  /**
   * Stores the largest magnitude of both planes at `out` and the largest second difference at `out + 4`.
   * Reads a frame before and after.
   */
  bend(left: number, right: number, length: number, out: number): void;
  /**
   * Stores the largest magnitude of both planes, four times oversampled, at `out`. Reads 5 frames before
   * and 6 after. `taps`: `PHASES * TAPS` vectors, each of one tap in all lanes.
   */
  truePeak(left: number, right: number, length: number, taps: number, out: number): void;
}

/** Form of the interpolator that `truePeak` takes. */
export const PHASES = 4;
export const TAPS = 12;

/** Ramp of four lanes: `local = splat(gain) + (0,1,2,3) * splat(step)`. */
const rampStart = (local: number, gain: number, step: number): number[] => [
  ...op.get(gain),
  ...op.f32x4Splat,
  ...op.get(step),
  ...op.f32x4Splat,
  ...op.v128Const([0, 1, 2, 3]),
  ...op.f32x4Mul,
  ...op.f32x4Add,
  ...op.set(local),
];

const rampStep = (local: number, step: number): number[] => [
  ...op.get(step),
  ...op.f32Const(4),
  ...op.f32Mul,
  ...op.f32x4Splat,
  ...op.set(local),
];

const addTo = (local: number, bytes: number): number[] => [
  ...op.get(local),
  ...op.i32Const(bytes),
  ...op.i32Add,
  ...op.set(local),
];

const below = (local: number, end: number): number[] => [
  ...op.get(local),
  ...op.get(end),
  ...op.i32LtU,
];

const advanceRamp = (ramp: number, step: number): number[] => [
  ...op.get(ramp),
  ...op.get(step),
  ...op.f32x4Add,
  ...op.set(ramp),
];

function mixBody(): number[] {
  const [fromL, fromR, toL, toR, length] = [0, 1, 2, 3, 4];
  const [gainL, gainR, stepL, stepR] = [5, 6, 7, 8];
  const [rampL, rampR, addL, addR] = [9, 10, 11, 12];
  const one = (from: number, to: number, ramp: number): number[] => [
    ...op.get(to),
    ...op.get(to),
    ...op.v128Load(0),
    ...op.get(from),
    ...op.v128Load(0),
    ...op.get(ramp),
    ...op.f32x4Mul,
    ...op.f32x4Add,
    ...op.v128Store(0),
  ];
  return [
    ...rampStart(rampL, gainL, stepL),
    ...rampStart(rampR, gainR, stepR),
    ...rampStep(addL, stepL),
    ...rampStep(addR, stepR),
    ...[...op.get(length), ...op.get(toL), ...op.i32Add, ...op.set(length)],
    ...op.repeatWhile([
      ...one(fromL, toL, rampL),
      ...one(fromR, toR, rampR),
      ...advanceRamp(rampL, addL),
      ...advanceRamp(rampR, addR),
      ...addTo(fromL, 16),
      ...addTo(fromR, 16),
      ...addTo(toL, 16),
      ...addTo(toR, 16),
      ...below(toL, length),
    ]),
  ];
}

function scaleBody(): number[] {
  const [left, right, length, gain, step, ramp, add] = [0, 1, 2, 3, 4, 5, 6];
  const one = (at: number): number[] => [
    ...op.get(at),
    ...op.get(at),
    ...op.v128Load(0),
    ...op.get(ramp),
    ...op.f32x4Mul,
    ...op.v128Store(0),
  ];
  return [
    ...rampStart(ramp, gain, step),
    ...rampStep(add, step),
    ...[...op.get(length), ...op.get(left), ...op.i32Add, ...op.set(length)],
    ...op.repeatWhile([
      ...one(left),
      ...one(right),
      ...advanceRamp(ramp, add),
      ...addTo(left, 16),
      ...addTo(right, 16),
      ...below(left, length),
    ]),
  ];
}

function peakBody(): number[] {
  const [left, right, length, out, most] = [0, 1, 2, 3, 4];
  const one = (at: number): number[] => [
    ...op.get(most),
    ...op.get(at),
    ...op.v128Load(0),
    ...op.f32x4Abs,
    ...op.f32x4Max,
    ...op.set(most),
  ];
  return [
    ...[...op.get(length), ...op.get(left), ...op.i32Add, ...op.set(length)],
    ...op.repeatWhile([
      ...one(left),
      ...one(right),
      ...addTo(left, 16),
      ...addTo(right, 16),
      ...below(left, length),
    ]),
    ...storeMost(out, most, 0),
  ];
}

/** Stores the largest lane of `most` at `out`. */
const storeMost = (out: number, most: number, offset: number): number[] => [
  ...op.get(out),
  ...[0, 1, 2, 3].flatMap((lane) => [...op.get(most), ...op.f32x4Lane(lane)]),
  ...op.f32Max,
  ...op.f32Max,
  ...op.f32Max,
  ...op.f32Store(offset),
];

const raise = (most: number, value: readonly number[]): number[] => [
  ...op.get(most),
  ...value,
  ...op.f32x4Abs,
  ...op.f32x4Max,
  ...op.set(most),
];

function bendBody(): number[] {
  const [left, right, length, out, most, bend, here] = [0, 1, 2, 3, 4, 5, 6];
  const one = (at: number): number[] => [
    ...[...op.get(at), ...op.v128LoadAnywhere(4), ...op.set(here)],
    ...raise(most, op.get(here)),
    ...raise(bend, [
      ...[...op.get(at), ...op.v128LoadAnywhere(0), ...op.get(here), ...op.f32x4Sub],
      ...[...op.get(at), ...op.v128LoadAnywhere(8), ...op.get(here), ...op.f32x4Sub],
      ...op.f32x4Add,
    ]),
  ];
  return [
    // Loads reach backwards only by a smaller base.
    ...addTo(left, -4),
    ...addTo(right, -4),
    ...[...op.get(length), ...op.get(left), ...op.i32Add, ...op.set(length)],
    ...op.repeatWhile([
      ...one(left),
      ...one(right),
      ...addTo(left, 16),
      ...addTo(right, 16),
      ...below(left, length),
    ]),
    ...storeMost(out, most, 0),
    ...storeMost(out, bend, 4),
  ];
}

function truePeakBody(): number[] {
  const [left, right, length, taps, out, most, here] = [0, 1, 2, 3, 4, 5, 6];
  const sums = [7, 8, 9, 10];
  const tapAt = (phase: number, tap: number): number[] => [
    ...op.get(taps),
    ...op.v128LoadAnywhere((phase * TAPS + tap) * 16),
  ];
  const one = (at: number): number[] => [
    ...Array.from({ length: TAPS }, (_, back) => back).flatMap((back) => [
      // Tap k weighs the frame 6 − k after the centre; the base is the frame 5 before it.
      ...[...op.get(at), ...op.v128LoadAnywhere((TAPS - 1 - back) * 4), ...op.set(here)],
      ...sums.flatMap((sum, phase) => [
        ...(back === 0 ? [] : op.get(sum)),
        ...op.get(here),
        ...tapAt(phase, back),
        ...op.f32x4Mul,
        ...(back === 0 ? [] : op.f32x4Add),
        ...op.set(sum),
      ]),
    ]),
    ...sums.flatMap((sum) => raise(most, op.get(sum))),
  ];
  return [
    ...addTo(left, -20),
    ...addTo(right, -20),
    ...[...op.get(length), ...op.get(left), ...op.i32Add, ...op.set(length)],
    ...op.repeatWhile([
      ...one(left),
      ...one(right),
      ...addTo(left, 16),
      ...addTo(right, 16),
      ...below(left, length),
    ]),
    ...storeMost(out, most, 0),
  ];
}

/** The little of the host's WebAssembly that is used: its types come with the browser's library only. */
interface WasmApi {
  readonly Memory: new (options: {
    initial: number;
    maximum: number;
  }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** A kernel and the memory it works on, zeroed. @throws EngineError `internal` without SIMD. */
export function openKernel(memoryBytes: number): { kernel: Kernel; memory: ArrayBuffer } {
  const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
  const pages = Math.ceil(memoryBytes / 65_536);
  try {
    const memory = new wasm.Memory({ initial: pages, maximum: pages });
    const module = new wasm.Module(
      wasmModule([
        {
          name: 'mix',
          params: [I32, I32, I32, I32, I32, F32, F32, F32, F32],
          locals: [V128, V128, V128, V128],
          body: mixBody(),
        },
        {
          name: 'scale',
          params: [I32, I32, I32, F32, F32],
          locals: [V128, V128],
          body: scaleBody(),
        },
        { name: 'peak', params: [I32, I32, I32, I32], locals: [V128], body: peakBody() },
        {
          name: 'bend',
          params: [I32, I32, I32, I32],
          locals: [V128, V128, V128],
          body: bendBody(),
        },
        {
          name: 'truePeak',
          params: [I32, I32, I32, I32, I32],
          locals: [V128, V128, V128, V128, V128, V128],
          body: truePeakBody(),
        },
      ]),
    );
    const instance = new wasm.Instance(module, { env: { memory } });
    return { kernel: instance.exports as Kernel, memory: memory.buffer };
  } catch (error) {
    throw new EngineError('internal', 'the mixer needs a processor with 128-bit SIMD', {
      cause: error,
    });
  }
}
