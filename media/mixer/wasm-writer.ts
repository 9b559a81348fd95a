/** Just enough of a WebAssembly assembler for the mixer's kernels: straight SIMD loops over memory. */

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

function floatBytes(values: readonly number[]): number[] {
  return [...new Uint8Array(Float32Array.from(values).buffer)];
}

const simd = (code: number): number[] => [0xfd, ...leb(code)];

/** Instructions, named as in the specification; each is its bytes. */
export const op = {
  get: (local: number): number[] => [0x20, ...leb(local)],
  set: (local: number): number[] => [0x21, ...leb(local)],
  i32Const: (value: number): number[] => [0x41, ...signedLeb(value)],
  i32Add: [0x6a],
  i32LtU: [0x49],
  f32Const: (value: number): number[] => [0x43, ...floatBytes([value])],
  f32Mul: [0x94],
  f32Max: [0x97],
  f32Store: (offset: number): number[] => [0x38, 0x02, ...leb(offset)],
  v128Load: (offset: number): number[] => [...simd(0x00), 0x04, ...leb(offset)],
  /** From any address: a hint of 4 bytes only. */
  v128LoadAnywhere: (offset: number): number[] => [...simd(0x00), 0x02, ...leb(offset)],
  v128Store: (offset: number): number[] => [...simd(0x0b), 0x04, ...leb(offset)],
  v128Const: (lanes: readonly [number, number, number, number]): number[] => [
    ...simd(0x0c),
    ...floatBytes(lanes),
  ],
  f32x4Splat: simd(0x13),
  f32x4Lane: (lane: number): number[] => [...simd(0x1f), lane],
  f32x4Abs: simd(0xe0),
  f32x4Add: simd(0xe4),
  f32x4Sub: simd(0xe5),
  f32x4Mul: simd(0xe6),
  f32x4Max: simd(0xe9),
  /** Repeats `body` until it leaves 0 on the stack. */
  repeatWhile: (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0d, 0x00, 0x0b],
} as const;

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

export interface WasmFunction {
  readonly name: string;
  readonly params: readonly number[];
  /** Types of the locals that follow the parameters. */
  readonly locals: readonly number[];
  readonly body: readonly number[];
}

const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const content = [...leb(items.length), ...items.flat()];
  return [id, ...leb(content.length), ...content];
};

const text = (value: string): number[] => {
  const bytes = [...new TextEncoder().encode(value)];
  return [...leb(bytes.length), ...bytes];
};

/** A module that imports `env.memory` and exports `functions`, none of which returns a value. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [0x60, ...leb(f.params.length), ...f.params, 0x00]);
  const codes = functions.map((f) => {
    const locals = [...leb(f.locals.length), ...f.locals.flatMap((type) => [0x01, type])];
    const body = [...locals, ...f.body, 0x0b];
    return [...leb(body.length), ...body];
  });
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
    ...section(1, types),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0x01]]),
    ...section(
      3,
      functions.map((_, i) => leb(i)),
    ),
    ...section(
      7,
      functions.map((f, i) => [...text(f.name), 0x00, ...leb(i)]),
    ),
    ...section(10, codes),
  ]);
}
