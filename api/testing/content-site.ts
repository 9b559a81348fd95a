import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentRows } from '../../actors/content/testing/rows.js';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import { silentLog } from '../../engine/log.js';
import { loadConfig } from '../config.js';
import { SiteContent } from '../content/site-content.js';
import type { Visit } from '../content/wishes.js';
import { ANONYMOUS } from '../http/auth.types.js';
import type { RawRoute } from '../http/dispatch.js';
import { createGateway, type Gateway } from '../http/server.js';
import { MemoryTable } from '../live/table.js';

/** The content half of a site on a free port: a store, ingest, uploads, media. */
export interface ContentSite {
  readonly url: string;
  readonly folder: string;
  readonly mediaFolder: string;
  readonly store: SiteStore;
  readonly rows: ReturnType<typeof contentRows>;
  readonly content: SiteContent;
  readonly gateway: Gateway;
  readonly table: MemoryTable;
  /** Secret ids that uploads may use. */
  readonly visits: Map<string, Visit>;
  /** Keeps the folder when it was given. */
  stop(): Promise<void>;
}

/** `Authorization` header that this site takes for an operator's login. */
export const OPERATOR = { authorization: 'Bearer operator' };

type Overrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** `config` lays over the defaults, section by section. */
export async function startContentSite(
  options: {
    readonly folder?: string;
    readonly config?: Overrides;
    readonly moreRaw?: (parts: {
      readonly store: SiteStore;
      readonly content: SiteContent;
      readonly mediaFolder: string;
    }) => Promise<readonly RawRoute[]>;
  } = {},
): Promise<ContentSite> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'earshot-content-'));
  const clock = new SystemClock();
  const log = silentLog();
  const store = await openSiteStore({
    file: join(folder, 'control.db'),
    clock,
    onError: (error) => log.warn({ err: error }, 'control'),
  });
  const defaults = loadConfig({}, folder);
  const lay = <T extends object>(name: string, section: T): T => ({
    ...section,
    ...options.config?.[name],
  });
  const table = new MemoryTable('ingest');
  const visits = new Map<string, Visit>();
  const mediaFolder = join(folder, 'media');
  const content = await SiteContent.start({
    store,
    mediaFolder,
    incomingFolder: join(folder, 'incoming'),
    config: {
      ingest: lay('ingest', { ...defaults.ingest, minFreeBytes: 0 }),
      uploads: lay('uploads', defaults.uploads),
      mail: lay('mail', defaults.mail),
      webhooks: lay('webhooks', defaults.webhooks),
      imports: lay('imports', defaults.imports),
    },
    table,
    visitOf: (id) => visits.get(id),
    clock,
    log,
  });
  const gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0 },
    routes: content.routes,
    raw: [...content.raw, ...((await options.moreRaw?.({ store, content, mediaFolder })) ?? [])],
    authenticate: ({ header }) =>
      header('authorization') === OPERATOR.authorization
        ? { kind: 'user', id: 'u', name: 'operator', role: 'operator' }
        : ANONYMOUS,
  });
  return {
    url: `http://127.0.0.1:${gateway.port}`,
    folder,
    mediaFolder,
    store,
    rows: contentRows(store),
    content,
    gateway,
    table,
    visits,
    async stop() {
      await gateway.stop(200);
      await content.stop();
      await store.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A sine of 440 Hz made by the real ffmpeg, as `format` of it. */
export function toneBytes(seconds: number, ...output: readonly string[]): Buffer<ArrayBuffer> {
  const made = execFileSync(
    'ffmpeg',
    [
      ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', `sine=duration=${seconds}`],
      ...(output.length === 0 ? ['-f', 'wav'] : output),
      'pipe:1',
    ],
    { maxBuffer: 1 << 30 },
  );
  return Buffer.from(made);
}
