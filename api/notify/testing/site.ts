import { mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryRow } from '../../../actors/automation/automation.types.js';
import { openSiteStore } from '../../../actors/control/site.js';
import { SystemClock } from '../../../engine/clock.js';
import type { NewDelivery } from '../../automation/ports.js';
import { MemoryTable } from '../../live/table.js';
import { type Notify, type NotifyOptions, startNotify } from '../compose.js';
import { payloadOf } from '../message.js';

/** A call that a receiver got. */
export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

export interface Receiver {
  readonly url: string;
  readonly heard: readonly Heard[];
  stop(): Promise<void>;
}

/** An HTTP server that answers each call as the script says: the n-th call by its n-th step, later ones by the last. */
export async function startReceiver(
  script: readonly ((response: ServerResponse) => void)[] = [(response) => response.end('ok')],
): Promise<Receiver> {
  const heard: Heard[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const step = script[Math.min(heard.length, script.length - 1)];
      heard.push({ headers: request.headers, body, path: request.url ?? '' });
      step?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    heard,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const answering =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end();
  };

export const KEY = 'a key of tests, long enough';

/** A control store and its notifications, without the rest of a site. */
export class NotifySite {
  readonly folder: string;
  readonly notify: Notify;
  readonly store: Awaited<ReturnType<typeof openSiteStore>>;
  readonly live: MemoryTable;
  readonly faults: Error[];
  readonly #own: boolean;

  private constructor(
    folder: string,
    own: boolean,
    parts: Pick<NotifySite, 'notify' | 'store' | 'live' | 'faults'>,
  ) {
    this.folder = folder;
    this.#own = own;
    this.notify = parts.notify;
    this.store = parts.store;
    this.live = parts.live;
    this.faults = parts.faults;
  }

  static async start(
    options: Partial<NotifyOptions> & { readonly folder?: string } = {},
  ): Promise<NotifySite> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'earshot-notify-'));
    const clock = new SystemClock();
    const faults: Error[] = [];
    const onFault = (error: Error) => void faults.push(error);
    const store = await openSiteStore({
      file: join(folder, 'control.db'),
      clock,
      onError: onFault,
    });
    const live = new MemoryTable('deliveries');
    const notify = await startNotify({
      store,
      secrets: { key: KEY, file: '' },
      mail: { from: 'earshot@localhost' },
      allowPrivate: false,
      table: live,
      audio: undefined,
      command: () => Promise.resolve(),
      clock,
      onFault,
      ...options,
    });
    return new NotifySite(folder, options.folder === undefined, { notify, store, live, faults });
  }

  async webhook(
    url: string,
    config: Readonly<Record<string, unknown>> = {},
    events: readonly string[] = [],
  ): Promise<number> {
    const { id } = await this.notify.targets.create(
      {
        name: url,
        kind: 'webhook',
        enabled: true,
        config: { url, allowPrivate: true, retryMs: 100, ...config },
        secret: { key: 'signing' },
        events,
      },
      null,
    );
    return id;
  }

  /** Any kind of target, with tries that come fast. */
  async target(
    kind: 'email' | 'chat' | 'mqtt' | 'syslog',
    config: Readonly<Record<string, unknown>>,
    secret: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const near = kind === 'email' ? {} : { allowPrivate: true };
    const { id } = await this.notify.targets.create(
      {
        name: `${kind} ${JSON.stringify(config)}`.slice(0, 200),
        kind,
        enabled: true,
        config: { retryMs: 100, ...near, ...config },
        secret,
        events: [],
      },
      null,
    );
    return id;
  }

  async tell(targetId: number | null, keys: readonly string[], more: object = {}): Promise<void> {
    const payload = payloadOf({
      subject: 'Warm hall',
      text: 'The hall is warm: ü',
      severity: 'major',
      body: { type: 'alarm.raised', value: 31.5 },
      ...more,
    });
    await this.enqueue(
      keys.map((key) => ({
        key,
        kind: 'target',
        targetId,
        event: 'alarm.raised',
        subject: null,
        payload,
        alarmId: null,
      })),
    );
  }

  async enqueue(deliveries: readonly NewDelivery[]): Promise<void> {
    const port = this.notify.deliveries;
    await this.store.control.write((scope) => port.enqueueIn(scope, deliveries));
    port.wake();
  }

  async row(key: string): Promise<DeliveryRow | undefined> {
    return await this.store.automation.deliveries.first({
      where: [{ field: 'publicId', op: '=', value: key }],
    });
  }

  async stop(): Promise<void> {
    await this.notify.stop(500);
    await this.store.close();
    if (this.#own) rmSync(this.folder, { recursive: true, force: true });
  }
}
