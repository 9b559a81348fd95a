import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSeries } from '../../../engine/series/client.js';
import { type DeviceSite, startDeviceSite } from '../../testing/device-site.js';
import { SmartosLoad } from '../../testing/smartos-load.js';

let site: DeviceSite;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-lost-'));
  site = await startDeviceSite({ folder, shards: 2 });
});

afterAll(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Stored values of a device's counter, each as often as there are rows. */
async function stored(serial: string): Promise<number[]> {
  const channel = site.service.tables.channel(serial, 'power_income')?.id ?? 0;
  const client = connectSeries(site.address, { requestTimeoutMs: 10_000, maxConnections: 1 });
  try {
    const answer = await client.query({
      query: `SELECT value FROM samples FINAL WHERE channel = ${channel} ORDER BY at`,
      format: 'JSONEachRow',
    });
    return (await answer.json<{ value: number }>()).map((row) => Number(row.value));
  } finally {
    await client.close();
  }
}

test.each(['throw', 'exit', 'hang'] as const)(
  'a device thread lost by %s loses no acknowledged sample, doubles none, and its devices stay connected',
  async (how) => {
    const load = new SmartosLoad({
      wsUrl: () => `ws://127.0.0.1:${site.port}`,
      devices: 20,
      perSecond: 50,
      prefix: how,
    });
    load.start();
    await expect.poll(() => load.ackedCount, { timeout: 10_000 }).toBeGreaterThan(500);
    for (let slot = 0; slot < 2; slot++) {
      // The answer is lost with the thread now and then.
      await site.service.pool.breakShard(slot, how).catch(() => undefined);
      const before = load.ackedCount;
      await expect.poll(() => load.ackedCount, { timeout: 25_000 }).toBeGreaterThan(before + 1_000);
    }
    load.pause();
    await expect.poll(() => load.inFlight, { timeout: 10_000 }).toBe(0);
    expect(load.closes).toBe(0);
    expect(load.refused).toBe(0);
    expect(site.service.pool.shards().map((row) => row.restarts)).toEqual(
      { throw: [1, 1], exit: [2, 2], hang: [3, 3] }[how],
    );
    for (const [serial, acked] of load.acked()) {
      let values: readonly number[] = [];
      // What was acknowledged while the store was slow waits in the spool.
      await expect
        .poll(async () => {
          values = await stored(serial);
          return [...acked].filter((value) => !values.includes(value));
        })
        .toEqual([]);
      expect(new Set(values).size).toBe(values.length);
      expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(site.devices.get(serial)).toMatchObject({ state: 'connected', reconnects: 0 });
    }
    load.stop();
    const serials = [...load.acked().keys()];
    await expect
      .poll(() => serials.filter((id) => site.devices.get(id)?.['state'] !== 'disconnected'))
      .toEqual([]);
  },
  90_000,
);
