import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../../engine/clock.js';
import { startPostgres, type ThrowawayPostgres } from '../../../engine/control/testing/postgres.js';
import { entryUrl } from '../../../engine/entry.js';
import { openSiteStore } from '../site.js';

let folder: string;
let postgres: ThrowawayPostgres;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-durable-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Lets a process write until `rounds` were acknowledged, kills it, and returns how many were. */
async function writeAndKill(
  kind: 'file' | 'url',
  place: string,
  prefix: string,
  rounds: number,
): Promise<number> {
  const script = fileURLToPath(entryUrl('actors/control/testing/writer'));
  const child = spawn(process.execPath, [script, kind, place, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  for await (const _line of createInterface(child.stdout)) {
    acknowledged++;
    if (acknowledged === rounds) child.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

test.each(['file', 'url'] as const)(
  'everything acknowledged is there after the writing process was killed (%s)',
  async (kind) => {
    const place = kind === 'file' ? join(folder, 'control.db') : await postgres.database();
    const rounds = [
      await writeAndKill(kind, place, 'a', 80),
      await writeAndKill(kind, place, 'b', 80),
    ];
    const store = await openSiteStore({
      [kind]: place,
      clock: new SystemClock(),
      onError: (error) => {
        throw error;
      },
    });
    try {
      const devices = new Map((await store.devices.list()).map((device) => [device.id, device]));
      const snapshots = await store.snapshots.load('device');
      for (const [index, prefix] of ['a', 'b'].entries()) {
        const acknowledged = rounds[index] ?? 0;
        expect(acknowledged).toBeGreaterThanOrEqual(80);
        for (let round = 0; round < acknowledged; round++) {
          const id = `${prefix}-${round}`;
          expect(devices.get(id)?.channels.length).toBe(1);
          expect(snapshots[id]).toBe(String(round));
          expect(await store.settings.get(id, z.object({ round: z.number() }))).toEqual({ round });
        }
      }
      const { rows } = await store.control.read((db) =>
        sql<{
          rows: number;
          last: number;
        }>`select count(*) as rows, max(seq) as last from changes`.execute(db),
      );
      expect(rows[0]?.rows).toBe(rows[0]?.last);
      expect(await store.control.feed.head()).toBe(rows[0]?.last);
      if (kind === 'file') {
        const check = await store.control.read((db) => sql`pragma integrity_check`.execute(db));
        expect(check.rows).toEqual([{ integrity_check: 'ok' }]);
      }
    } finally {
      await store.close();
    }
  },
);
