import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { FirmwareRow } from '../../../actors/automation/automation.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { readMultipart } from '../../content/multipart.js';
import { callOutside } from '../../content/outside.js';
import {
  type Ask,
  alreadyThere,
  body,
  type Call,
  checked,
  done,
  iso,
  isoOrNull,
  jsonOf,
  made,
  Refusal,
} from './ask.js';
import type { FileStore, Kept } from './file-store.js';
import { listed, rowOf } from './pages.js';

export interface OtaParts {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly files: FileStore;
  /** Of the site. */
  readonly version: string;
  /** Downloads may come from private and loopback addresses. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
}

export const MAX_FIRMWARE_BYTES = 500 * 1_048_576;
/** A form is a little larger than the file in it. */
const MAX_FORM_BYTES = MAX_FIRMWARE_BYTES + 65_536;
const DOWNLOAD_MS = 600_000;
const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z.-]{1,50})?(?:\+[0-9A-Za-z.-]{1,50})?$/;
const IN_NAME = /(\d{1,6}\.\d{1,6}\.\d{1,6})/;

const firmware = z.object({
  version: z.string().max(100).regex(VERSION, 'must be a semantic version, X.Y.Z'),
  changelog: z.string().max(20_000).nullish(),
});
const application = z.object({
  download_url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .nullish(),
  file_hash_sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .nullish(),
});

type Status = FirmwareRow['status'];
/** What may follow; everything else is refused with 409. */
const NEXT: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['downloading', 'verifying', 'failed'],
  downloading: ['verifying', 'failed'],
  verifying: ['applying', 'failed'],
  applying: ['completed', 'failed'],
  completed: ['rolled_back'],
  failed: ['pending', 'rolled_back'],
  rolled_back: ['pending'],
};

const shown = (row: FirmwareRow) => ({
  public_id: row.publicId,
  version: row.version,
  changelog: row.changelog === '' ? null : row.changelog,
  file_hash_sha256: row.sha256,
  file_size_bytes: row.sizeBytes,
  has_firmware_file: row.file !== null,
  status: row.status,
  error_message: row.errorMessage,
  created_on: iso(row.createdAtUnixMs),
  started_on: isoOrNull(row.startedAtUnixMs),
  completed_on: isoOrNull(row.completedAtUnixMs),
  user_public_id: row.ownerId,
});

/** Firmware: uploaded or downloaded, verified, marked as applied, taken back. */
export function otaCalls(parts: OtaParts): readonly Call[] {
  const { firmwares } = parts.store.automation;
  const find = ({ params }: Ask) => rowOf(firmwares, params['id'] ?? '', 'FirmwareUpdate');
  return [
    { method: 'GET', path: '/ota', role: 'admin', run: (ask) => listed(ask, firmwares, shown) },
    {
      method: 'POST',
      path: '/ota',
      role: 'admin',
      run: async (ask) => {
        const given = await body(ask, firmware);
        const values = fresh(parts, given.version, given.changelog ?? '', ask.who.userId);
        await firmwares.create(values).catch(orThere);
        const message = 'Firmware update successfully created.';
        return made(message, { public_id: values.publicId });
      },
    },
    { method: 'GET', path: '/ota/check', role: 'viewer', run: () => check(parts) },
    {
      method: 'POST',
      path: '/ota/upload',
      role: 'admin',
      maxBodyBytes: MAX_FORM_BYTES,
      run: (ask) => upload(parts, ask),
    },
    { method: 'GET', path: '/ota/{id}', role: 'admin', run: async (ask) => shown(await find(ask)) },
    {
      method: 'POST',
      path: '/ota/{id}/apply',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask);
        const bytes = await ask.bytes();
        const wish = checked(application, bytes.length === 0 ? {} : (jsonOf(bytes) ?? {}), 'body');
        await apply(parts, row, wish);
        return done('Firmware update successfully applied.');
      },
    },
    {
      method: 'POST',
      path: '/ota/{id}/rollback',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask);
        await step(parts, row, 'rolled_back', { completedAtUnixMs: parts.clock.nowMs() });
        return done('Firmware update successfully rolled back.');
      },
    },
    {
      method: 'DELETE',
      path: '/ota/{id}',
      role: 'admin',
      run: async (ask) => {
        const row = await find(ask);
        if (row.file !== null) await parts.files.remove(row.file);
        await firmwares.remove(row.id);
        return done('Firmware update successfully deleted.');
      },
    },
  ];
}

function fresh(parts: OtaParts, version: string, changelog: string, ownerId: string) {
  return {
    publicId: randomUUID(),
    version,
    changelog,
    file: null,
    sha256: null,
    sizeBytes: null,
    status: 'pending' as const,
    errorMessage: null,
    createdAtUnixMs: parts.clock.nowMs(),
    startedAtUnixMs: null,
    completedAtUnixMs: null,
    ownerId,
  };
}

/** The bundle's version is in its name; a firmware of that version gets the file, or one is made. */
async function upload(parts: OtaParts, ask: Ask): Promise<unknown> {
  const { firmwares } = parts.store.automation;
  const part = `upload-${randomUUID()}`;
  let kept: Kept | undefined;
  let name = '';
  try {
    const type = ask.header('content-type');
    const fields = await readMultipart(ask.stream, type, async ({ filename }, bytes) => {
      if (!filename.endsWith('.tar.gz')) {
        throw new Refusal(400, 'File must be a .tar.gz update bundle.');
      }
      name = filename;
      kept = await parts.files.keep(part, bytes, MAX_FIRMWARE_BYTES);
    }).catch(bySize);
    if (kept === undefined) throw new Refusal(400, 'File must be a .tar.gz update bundle.');
    const version =
      fields.get('version') ?? IN_NAME.exec(name)?.[1] ?? `0.0.0-${kept.sha256.slice(0, 8)}`;
    const given = checked(firmware, { version, changelog: fields.get('changelog') }, 'body');
    const known = await firmwares.first({
      where: [{ field: 'version', op: '=', value: given.version }],
    });
    if (known !== undefined && known.file !== null) {
      throw new Refusal(409, `Bundle '${name}' already exists.`);
    }
    const row =
      known ??
      (await firmwares
        .create(fresh(parts, given.version, given.changelog ?? '', ask.who.userId))
        .catch(orThere));
    const file = `${row.publicId}.tar.gz`;
    await parts.files.move(part, file);
    const { sha256, sizeBytes } = kept;
    await firmwares.update(row.id, { file, sha256, sizeBytes });
    const message = `Bundle '${name}' uploaded (${sizeBytes.toLocaleString('en-US')} bytes).`;
    return made(message, { public_id: row.publicId });
  } catch (thrown) {
    await parts.files.remove(part);
    throw thrown;
  }
}

/** A refusal keeps its words; what is too large is told as WebMACS does. */
function bySize(thrown: unknown): never {
  const cause = thrown instanceof EngineError ? thrown.cause : thrown;
  if (cause instanceof Refusal) throw cause;
  if (EngineError.from(thrown).code === 'input.too-large') {
    throw new Refusal(413, 'Bundle exceeds maximum allowed size (500 MB).');
  }
  throw thrown;
}

async function apply(
  parts: OtaParts,
  row: FirmwareRow,
  wish: z.output<typeof application>,
): Promise<void> {
  const startedAtUnixMs = parts.clock.nowMs();
  let now = row;
  if (row.status !== 'pending') {
    if (row.status !== 'failed') throw refusedStep(row.status, 'downloading');
    now = await step(parts, row, 'pending', { errorMessage: null });
  }
  try {
    const url = wish.download_url;
    if (typeof url === 'string') {
      now = await step(parts, now, 'downloading', { startedAtUnixMs });
      const kept = await download(parts, url, `${row.publicId}.tar.gz`);
      now = await change(parts, now, { file: `${row.publicId}.tar.gz`, ...hashOf(kept) });
    }
    now = await step(parts, now, 'verifying', { startedAtUnixMs });
    await verify(parts, now, wish.file_hash_sha256?.toLowerCase() ?? row.sha256);
    now = await step(parts, now, 'applying', {});
    await step(parts, now, 'completed', { completedAtUnixMs: parts.clock.nowMs() });
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 409) throw thrown;
    const errorMessage = EngineError.from(thrown).message.slice(0, 500);
    await step(parts, now, 'failed', { errorMessage, completedAtUnixMs: parts.clock.nowMs() });
    throw new Refusal(400, errorMessage);
  }
}

const hashOf = ({ sha256, sizeBytes }: Kept) => ({ sha256, sizeBytes });

async function download(parts: OtaParts, url: string, name: string): Promise<Kept> {
  const { allowPrivate } = parts;
  const answer = await callOutside(url, { method: 'GET', timeoutMs: DOWNLOAD_MS, allowPrivate });
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new EngineError('input.invalid', `the server answered ${answer.statusCode ?? 0}`);
  }
  return await parts.files.keep(name, answer as AsyncIterable<Uint8Array>, MAX_FIRMWARE_BYTES);
}

async function verify(parts: OtaParts, row: FirmwareRow, wanted: string | null): Promise<void> {
  if (row.file === null) {
    if (wanted === null) return;
    throw new EngineError('input.invalid', 'there is no file to check the hash of');
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(parts.files.pathOf(row.file))) {
    hash.update(chunk as Uint8Array);
  }
  const found = hash.digest('hex');
  if (wanted === null || found === wanted) return;
  throw new EngineError('input.invalid', `SHA-256 mismatch: expected ${wanted}, got ${found}`);
}

const refusedStep = (from: Status, to: Status) =>
  new Refusal(409, `Invalid transition: ${from} -> ${to}.`);

async function step(
  parts: OtaParts,
  row: FirmwareRow,
  status: Status,
  values: Partial<FirmwareRow>,
): Promise<FirmwareRow> {
  if (!NEXT[row.status].includes(status)) throw refusedStep(row.status, status);
  return await change(parts, row, { ...values, status });
}

async function change({ store }: OtaParts, row: FirmwareRow, values: Partial<FirmwareRow>) {
  const after = await store.automation.firmwares.update(row.id, values);
  if (after === undefined) throw new Refusal(404, `FirmwareUpdate '${row.publicId}' not found.`);
  return after;
}

/** Against what was brought here; the world outside is not asked. */
async function check({ store, version }: OtaParts): Promise<object> {
  const rows = await store.automation.firmwares.find();
  const latest =
    rows
      .map((row) => row.version)
      .sort(byVersion)
      .at(-1) ?? null;
  return {
    current_version: version,
    latest_version: latest,
    update_available: latest !== null && byVersion(latest, version) > 0,
    github_latest_version: null,
    github_download_url: null,
    github_release_url: null,
    github_error: null,
  };
}

function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.split(/[-+]/)[0] ?? '').split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function orThere(thrown: unknown): never {
  if (EngineError.from(thrown).code === 'conflict') throw alreadyThere('FirmwareUpdate');
  throw thrown;
}
