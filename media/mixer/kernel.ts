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
}

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
    ...op.get(out),
    ...[0, 1, 2, 3].flatMap((lane) => [...op.get(most), ...op.f32x4Lane(lane)]),
    ...op.f32Max,
    ...op.f32Max,
    ...op.f32Max,
    ...op.f32Store(0),
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
