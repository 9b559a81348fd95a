import { SystemClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { openThread } from '../../engine/thread.js';
import { HttpSender } from './http.js';
import { MailSender } from './mail.js';
import { MqttSender } from './mqtt.js';
import type { Connection, FromNotify, Outcome, Sending, ToNotify } from './protocol.js';
import { failed, type Sender, type SendResult } from './sender.types.js';
import { SyslogSender } from './syslog.js';

/** Everything that leaves the site as a notification goes out from here. */
interface Way {
  readonly connection: Connection;
  sender: Sender | undefined;
  underWay: number;
  /** Handed over ahead of their turn; the main thread hands over no more than a few dozen. */
  readonly waiting: Sending[];
}

/** Tries of one target under way at once. */
const AT_ONCE = 10;

/** Outcomes wait this long for others. */
const GATHER_MS = 3;
const clock = new SystemClock();
const ways = new Map<string, Way>();
let outcomes: Outcome[] = [];
let flushing = false;
let underWay = 0;

const thread = openThread<FromNotify, ToNotify>({
  clock,
  onStop: async () => {
    await Promise.allSettled([...ways.values()].map(({ sender }) => sender?.close()));
    return ways.size;
  },
  actors: () => ways.size,
  counters: () => ({ notify_under_way: underWay }),
});

function senderOf(connection: Connection): Sender {
  switch (connection.kind) {
    case 'webhook':
    case 'chat':
      return new HttpSender(connection, clock);
    case 'email':
      return new MailSender(connection);
    case 'mqtt':
      return new MqttSender(connection);
    case 'syslog':
      return new SyslogSender(connection);
  }
}

function forget(id: string): void {
  const way = ways.get(id);
  ways.delete(id);
  // What is still under way there fails and is sent again; what waits has a turn of its own, by the new way if there is one.
  way?.sender?.close().catch(() => undefined);
  const waiting = way?.waiting.splice(0) ?? [];
  if (waiting.length > 0) setImmediate(() => waiting.forEach(take));
}

function take(sending: Sending): void {
  const way = ways.get(sending.to);
  if (way !== undefined && way.underWay >= AT_ONCE) {
    way.waiting.push(sending);
    return;
  }
  underWay += 1;
  if (way !== undefined) way.underWay += 1;
  void attempt(sending).then((result) => {
    underWay -= 1;
    outcomes.push({ ticket: sending.ticket, ...result });
    flushSoon();
    if (way === undefined) return;
    way.underWay -= 1;
    const next = way.waiting.shift();
    if (next !== undefined) take(next);
  });
}

async function attempt(sending: Sending): Promise<SendResult> {
  const way = ways.get(sending.to);
  if (way === undefined) return failed('the target is not known to its thread yet');
  const { timeoutMs } = way.connection;
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => {
      late.abort(new EngineError('link.deadline', `no answer in ${timeoutMs} ms`));
      resolve(failed(`no answer in ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    way.sender ??= senderOf(way.connection);
    return await Promise.race([way.sender.send(sending, late.signal), deadline]);
  } catch (thrown) {
    const cause = thrown instanceof EngineError ? thrown : EngineError.from(thrown, 'link.closed');
    return failed(cause.message === '' ? 'could not be reached' : cause.message, {
      final: cause.code === 'input.invalid',
    });
  } finally {
    clearTimeout(timer);
  }
}

function flush(): void {
  flushing = false;
  // More than the main thread takes: they wait here, as many as are under way.
  if (thread.link.post('notify.outcomes', outcomes)) outcomes = [];
  else flushSoon();
}

function flushSoon(): void {
  if (flushing) return;
  flushing = true;
  setTimeout(flush, GATHER_MS);
}

thread.link.on('notify.connections', (connections) => {
  for (const connection of connections) {
    forget(connection.id);
    ways.set(connection.id, { connection, sender: undefined, underWay: 0, waiting: [] });
  }
});
thread.link.on('notify.forget', (ids) => {
  for (const id of ids) forget(id);
});
thread.link.on('notify.send', (sendings) => {
  for (const sending of sendings) take(sending);
});
thread.ready();
