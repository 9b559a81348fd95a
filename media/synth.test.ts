import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_SOUNDS, writeDemoSounds } from './synth.js';
import { toneLevel } from './tones.js';

/** Samples of the first channel of a 16-bit WAV, and its channel count. */
function read(file: Buffer): { plane: Float32Array; channels: number } {
  const channels = file.readUInt16LE(22);
  const frames = (file.length - 44) / (2 * channels);
  const plane = new Float32Array(frames);
  for (let i = 0; i < frames; i++) plane[i] = file.readInt16LE(44 + i * 2 * channels) / 32_768;
  return { plane, channels };
}

const sounds = DEMO_SOUNDS.map((sound) => ({ sound, ...read(sound.make()) }));

describe('demo sounds', () => {
  it('are seven beds and twelve recordings', () => {
    expect(sounds.filter(({ sound }) => sound.kind === 'bed')).toHaveLength(7);
    expect(sounds.filter(({ sound }) => sound.kind === 'recording')).toHaveLength(12);
  });

  it.each(sounds)('$sound.id can be told from every other by its signature', (one) => {
    const own = toneLevel(one.plane, one.sound.signatureHz);
    for (const other of sounds) {
      if (other === one) continue;
      expect(own / toneLevel(other.plane, one.sound.signatureHz), other.sound.id).toBeGreaterThan(
        4,
      );
    }
  });

  it.each(sounds)('$sound.id is neither quiet nor clipped', ({ plane }) => {
    let sum = 0;
    let peak = 0;
    for (const value of plane) {
      sum += value * value;
      peak = Math.max(peak, Math.abs(value));
    }
    const rms = Math.sqrt(sum / plane.length);
    expect(rms).toBeGreaterThan(0.03);
    expect(rms).toBeLessThan(0.2);
    expect(peak).toBeLessThan(0.72);
  });

  it.each(sounds.filter(({ sound }) => sound.kind === 'bed'))(
    '$sound.id loops without a click',
    ({ plane }) => {
      let most = 0;
      for (let i = 2; i < plane.length; i++) most = Math.max(most, curve(plane, i));
      expect(curve(plane, plane.length)).toBeLessThanOrEqual(most);
      expect(curve(plane, plane.length + 1)).toBeLessThanOrEqual(most);
    },
  );

  it('sound the same each time', () => {
    for (const sound of DEMO_SOUNDS.slice(0, 2))
      expect(sound.make().equals(sound.make())).toBe(true);
  });

  it('are written once and kept', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'synth-'));
    const few = DEMO_SOUNDS.filter((sound) => sound.id === 'wren' || sound.id === 'pond');
    const files = await writeDemoSounds(folder, few);
    const wren = files.get('wren') ?? '';
    const before = await stat(wren);
    await writeDemoSounds(folder, few);
    expect((await stat(wren)).mtimeMs).toBe(before.mtimeMs);
    expect((await readFile(wren)).subarray(0, 4).toString()).toBe('RIFF');
    await rm(folder, { recursive: true });
  });
});

/** Second difference at `i`, the plane wrapping round. */
function curve(plane: Float32Array, i: number): number {
  const at = (k: number): number => plane[k % plane.length] ?? 0;
  return Math.abs(at(i) - 2 * at(i - 1) + at(i - 2));
}
