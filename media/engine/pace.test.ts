import { expect, test } from 'vitest';
import { BLOCK_MS } from '../ports.js';
import { at, square } from '../testing/definitions.js';
import { MixSite, projectDef, sessionDef, speakerDef } from '../testing/mix-site.js';

const HERE = at(0, 0);
const FAR = at(50_000, 0);

function begun(): MixSite {
  const site = new MixSite();
  site.project(projectDef({ speakers: [speakerDef(1, { shape: [square(HERE, 1_000)] })] }));
  site.engine.start();
  return site;
}

/** Time passes, and what was asked for arrives. */
async function pass({ clock }: MixSite, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += BLOCK_MS / 4) {
    clock.advance(BLOCK_MS / 4);
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }
}

test('an engine that nobody listens to has no timer, and begins with the next block when somebody does', async () => {
  const site = begun();
  const { engine, clock, heard } = site;
  await pass(site, 100);
  expect(clock.pending).toBe(0);

  clock.advance(3_600_007);
  engine.startSession(sessionDef('a', { position: HERE }));
  expect(clock.pending).toBe(0);
  engine.listeners('a', 1);
  expect(clock.pending).toBe(1);
  // Not a whole block after its word: in its rest the engine stays on the grid of all threads.
  clock.advance(BLOCK_MS - 1);
  expect(heard.get('a')).toHaveLength(2);
  await pass(site, 10 * BLOCK_MS);
  expect(heard.get('a')).toHaveLength(12);
  expect(engine.stats.lateBlocks).toBe(0);
  expect(site.failures).toEqual([]);
  engine.stop();
  expect(clock.pending).toBe(0);
});

test('after the last listener an engine lets go of all media before it rests', async () => {
  const site = begun();
  const { engine, clock } = site;
  site.listen('a', { position: HERE });
  await pass(site, 1_000);
  engine.listeners('a', 0);
  await pass(site, 1_000);
  expect(site.released).toEqual([]);
  expect(clock.pending).toBe(1);
  await pass(site, 30_000);
  expect(site.released).toContain('440');
  expect(clock.pending).toBe(0);

  // What a look at the session loads is let go of as well, though nobody ever listens.
  const before = site.released.length;
  engine.updateSession({ id: 'a', position: FAR });
  engine.sounding('a');
  engine.updateSession({ id: 'a', position: HERE });
  engine.sounding('a');
  expect(clock.pending).toBe(1);
  await pass(site, 31_000);
  expect(site.released.length).toBeGreaterThan(before);
  expect(clock.pending).toBe(0);
  engine.stop();
});

test('who comes after a rest hears what is heard on an engine that never rested', async () => {
  const rested = begun();
  const busy = begun();
  busy.listen('b', { position: FAR });
  for (const site of [rested, busy]) await pass(site, 7_335);
  expect([rested.clock.pending, busy.clock.pending]).toEqual([0, 1]);
  for (const site of [rested, busy]) {
    site.listen('a', { position: HERE });
    await pass(site, 1_000);
  }
  const { left } = rested.pcm('a');
  expect(left.some((sample) => Math.abs(sample) > 0.1)).toBe(true);
  expect(left).toEqual(busy.pcm('a').left);
  expect(rested.engine.stats).toMatchObject({ blocks: busy.engine.stats.blocks, lateBlocks: 0 });
  rested.engine.stop();
  busy.engine.stop();
});
