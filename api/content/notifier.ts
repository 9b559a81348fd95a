import { createTransport } from 'nodemailer';
import type { Asset, Notification } from '../../actors/content/content.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { FeedEvent } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import { guarded } from '../../engine/guarded.js';
import type { Log } from '../../engine/log.js';
import { callOutside } from './outside.js';

export interface NotifierOptions {
  readonly store: SiteStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly smtpUrl: string | undefined;
  readonly from: string;
  /** Address of this site, for links in messages. */
  readonly siteUrl: string | undefined;
  readonly allowPrivate: boolean;
  /** Between two messages of one notification. Default 30,000. */
  readonly quietMs?: number;
  /** Waits before a message is tried again. Default 2 s, 10 s, 60 s. */
  readonly retryMs?: readonly number[];
}

type Kind = 'add' | 'edit' | 'delete';

interface Happening {
  readonly kind: Kind;
  readonly assetId: number;
  readonly text: string;
}

/** What waits to be told to the people of one notification. */
interface Outbox {
  readonly waiting: Map<number, Happening>;
  dropped: number;
  lastMonoMs: number | undefined;
  timer: TimerHandle | undefined;
  sending: boolean;
}

/** An edit this soon after its add belongs to the upload, ms. */
const SETTLE_MS = 2_000;
const QUIET_MS = 30_000;
const RETRY_MS = [2_000, 10_000, 60_000];
/** Things in one message; the rest is only counted. */
const MOST = 200;
/** An asset older than this that turns up was imported, not brought, ms. */
const FRESH_MS = 600_000;
const CALL_MS = 10_000;
const WORDS: Readonly<Record<Kind, string>> = { add: 'new', edit: 'changed', delete: 'deleted' };

/**
 * Tells people by e-mail or webhook what happened to a project's assets. It follows the change feed, so that it does
 * not matter through which door a change came. Each notification sends at once, then at most every 30 s, all that
 * happened meanwhile in one message; an object is in a message once. What cannot be sent after its retries is given
 * up, and the reason stands in the notification's row.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  /** Asset → project and what people see of it, to tell edits from the engine's own notes. */
  readonly #known = new Map<number, { projectId: number; seen: string; addedMonoMs: number }>();
  readonly #outboxes = new Map<number, Outbox>();
  #unfollow: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  private constructor(options: NotifierOptions) {
    this.#options = options;
  }

  static async start(options: NotifierOptions): Promise<Notifier> {
    const notifier = new Notifier(options);
    const { feed } = options.store.control;
    const from = await feed.head();
    await notifier.#learn();
    notifier.#unfollow = feed.follow(from, (event) => notifier.#hear(event));
    return notifier;
  }

  /** What was not sent yet is forgotten. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow?.();
    for (const { timer } of this.#outboxes.values()) {
      if (timer !== undefined) this.#options.clock.clearTimeout(timer);
    }
    await this.#work;
  }

  async #learn(): Promise<void> {
    this.#known.clear();
    for await (const assets of this.#options.store.content.assets.each()) {
      for (const asset of assets) this.#note(asset, Number.NEGATIVE_INFINITY);
    }
  }

  #note(asset: Asset, addedMonoMs: number): void {
    this.#known.set(asset.id, { projectId: asset.projectId, seen: seenOf(asset), addedMonoMs });
  }

  #hear(event: FeedEvent): void {
    const changes =
      event.type === 'reset'
        ? undefined
        : event.changes.filter(({ domain }) => domain === 'content.assets');
    if (changes?.length === 0) return;
    // One after the other, in the order of the feed.
    this.#work = this.#work
      .then(async () => {
        if (this.#stopped) return;
        if (changes === undefined) await this.#learn();
        else for (const { id, op } of changes) await this.#changed(Number(id), op);
      })
      .catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'a change could not be told to anybody');
      });
  }

  async #changed(id: number, op: 'put' | 'delete'): Promise<void> {
    const { store, clock } = this.#options;
    const before = this.#known.get(id);
    const asset = op === 'delete' ? undefined : await store.content.assets.get(id);
    if (asset === undefined) {
      this.#known.delete(id);
      if (before !== undefined) {
        await this.#tell(before.projectId, {
          kind: 'delete',
          assetId: id,
          text: `recording ${id}`,
        });
      }
      return;
    }
    const nowMonoMs = clock.monoMs();
    if (before === undefined) {
      this.#note(asset, nowMonoMs);
      if (clock.nowMs() - asset.createdAtUnixMs > FRESH_MS) return;
      await this.#tell(asset.projectId, { kind: 'add', assetId: id, text: describe(asset) });
      return;
    }
    if (before.seen === seenOf(asset)) return;
    this.#note(asset, before.addedMonoMs);
    if (nowMonoMs - before.addedMonoMs < SETTLE_MS) return;
    await this.#tell(asset.projectId, { kind: 'edit', assetId: id, text: describe(asset) });
  }

  async #tell(projectId: number, happening: Happening): Promise<void> {
    const rows = await this.#options.store.content.notifications.find({
      where: [
        { field: 'projectId', op: '=', value: projectId },
        { field: 'active', op: '=', value: true },
      ],
    });
    for (const row of rows) {
      if (row.on.includes(happening.kind)) this.#put(row.id, happening);
    }
  }

  #put(notificationId: number, happening: Happening): void {
    let outbox = this.#outboxes.get(notificationId);
    if (outbox === undefined) {
      outbox = {
        waiting: new Map(),
        dropped: 0,
        lastMonoMs: undefined,
        timer: undefined,
        sending: false,
      };
      this.#outboxes.set(notificationId, outbox);
    }
    const before = outbox.waiting.get(happening.assetId);
    if (before === undefined && outbox.waiting.size >= MOST) outbox.dropped++;
    else {
      // New and changed at once is new.
      const kind = before?.kind === 'add' && happening.kind === 'edit' ? 'add' : happening.kind;
      outbox.waiting.set(happening.assetId, { ...happening, kind });
    }
    this.#schedule(notificationId, outbox);
  }

  #schedule(notificationId: number, outbox: Outbox): void {
    const { clock, log, quietMs = QUIET_MS } = this.#options;
    if (this.#stopped || outbox.sending || outbox.timer !== undefined) return;
    const { lastMonoMs } = outbox;
    const waitMs = lastMonoMs === undefined ? 0 : lastMonoMs + quietMs - clock.monoMs();
    const send = guarded(
      () => this.#send(notificationId, outbox),
      (error) => log.warn({ err: error, notification: notificationId }, 'a notification failed'),
    );
    outbox.timer = clock.setTimeout(send, Math.max(0, waitMs));
  }

  async #send(notificationId: number, outbox: Outbox): Promise<void> {
    const { store, clock, retryMs = RETRY_MS } = this.#options;
    outbox.timer = undefined;
    outbox.sending = true;
    const happenings = [...outbox.waiting.values()];
    const { dropped } = outbox;
    outbox.waiting.clear();
    outbox.dropped = 0;
    try {
      const row = await store.content.notifications.get(notificationId);
      if (row === undefined) {
        this.#outboxes.delete(notificationId);
        return;
      }
      let failure: EngineError | undefined;
      for (let attempt = 0; attempt <= retryMs.length && !this.#stopped; attempt++) {
        failure = await this.#deliver(row, happenings, dropped).then(
          () => undefined,
          (error: unknown) => EngineError.from(error, 'link.closed'),
        );
        if (failure === undefined) break;
        // People see why nothing comes while it is tried again.
        await store.content.notifications.update(row.id, { lastError: failure.message });
        const waitMs = retryMs[attempt];
        if (failure.remedy !== 'retry' || waitMs === undefined) break;
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs));
      }
      if (failure === undefined && !this.#stopped) {
        const lastSentAtUnixMs = clock.nowMs();
        await store.content.notifications.update(row.id, { lastSentAtUnixMs, lastError: null });
      }
    } finally {
      outbox.sending = false;
      outbox.lastMonoMs = clock.monoMs();
      if (outbox.waiting.size > 0) this.#schedule(notificationId, outbox);
    }
  }

  async #deliver(
    row: Notification,
    happenings: readonly Happening[],
    dropped: number,
  ): Promise<void> {
    const { store, smtpUrl, from, siteUrl, allowPrivate } = this.#options;
    const project = (await store.content.projects.get(row.projectId))?.name ?? '';
    if (row.to.length === 0) throw new EngineError('input.invalid', 'to: it names nobody');
    if (row.channel === 'webhook') {
      const body = JSON.stringify({
        notificationId: row.id,
        projectId: row.projectId,
        project,
        message: row.message,
        changes: happenings.map(({ kind, assetId, text }) => ({ kind, assetId, text })),
        more: dropped,
      });
      for (const url of row.to) await post(url, body, allowPrivate);
      return;
    }
    if (smtpUrl === undefined) {
      throw new EngineError(
        'input.invalid',
        'no mail server: set mail.smtpUrl in the configuration',
      );
    }
    const lines = happenings.map(({ kind, text, assetId }) => {
      const link =
        siteUrl === undefined ? '' : ` ${siteUrl.replace(/\/$/, '')}/v1/assets/${assetId}`;
      return `${WORDS[kind]}: ${text}${link}`;
    });
    if (dropped > 0) lines.push(`and ${dropped} more`);
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: CALL_MS,
      greetingTimeout: CALL_MS,
      socketTimeout: CALL_MS,
    });
    try {
      await transport.sendMail({
        from,
        to: [...row.to],
        subject: row.subject === '' ? `${project}: ${lines.length} changes` : row.subject,
        text: `${row.message === '' ? project : row.message}\n\n${lines.join('\n')}\n`,
      });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError('link.closed', `the mail server refused: ${why}`, { cause });
    } finally {
      transport.close();
    }
  }
}

async function post(url: string, body: string, allowPrivate: boolean): Promise<void> {
  const answer = await callOutside(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    },
    body,
    timeoutMs: CALL_MS,
    allowPrivate,
  });
  const { statusCode = 0 } = answer;
  answer.destroy();
  if (statusCode >= 200 && statusCode < 300) return;
  throw new EngineError('link.closed', `${new URL(url).host} answered ${statusCode}`);
}

/** What people can change about an asset. */
function seenOf(asset: Asset): string {
  const { description, submitted, weight, volume, latitude, longitude, tagIds, languageId } = asset;
  const { shape, radiusM, placed, startS, endS, lengthS } = asset;
  // The measured length sets the playable part; only a part chosen by hand is an edit.
  const part = startS === 0 && endS === lengthS ? null : [startS, endS];
  const all = [description, submitted, weight, volume, latitude, longitude, tagIds, languageId];
  return JSON.stringify([...all, shape, radiusM, placed, part]);
}

function describe({ id, mediaType, description, submitted }: Asset): string {
  const name = description === '' ? '' : ` "${description.slice(0, 200).replaceAll(/\s+/g, ' ')}"`;
  return `${mediaType} ${id}${name}${submitted ? '' : ', not submitted'}`;
}
