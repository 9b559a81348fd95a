import { createSocket } from 'node:dgram';
import { createServer as createPlain, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../actors/emulate/http/certificate.js';
import { BrokerProcess } from '../../../actors/plugins/mqtt/testing/broker-process.js';
import { startMailServer } from '../../testing/mail-server.js';
import { NotifySite, startReceiver } from '../testing/site.js';

const ends: (() => Promise<unknown>)[] = [];
const site = async (options: Parameters<typeof NotifySite.start>[0] = {}) => {
  const started = await NotifySite.start(options);
  ends.push(() => started.stop());
  return started;
};
const mailServer = async (port = 0) => {
  const server = await startMailServer(port);
  ends.push(() => server.stop());
  return server;
};
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const stateOf = async (one: NotifySite, key: string) => (await one.row(key))?.state;

/** Fields and text of a mail, as a mail program shows them (RFC 2045, 2047). */
function readMail(raw: string): { readonly fields: Map<string, string>; readonly text: string } {
  const gap = raw.indexOf('\r\n\r\n');
  const fields = new Map<string, string>();
  for (const line of raw
    .slice(0, gap)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    const words = value
      .replaceAll(/\?= =\?/g, '?==?')
      .replaceAll(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, how: string, word: string) =>
        how.toUpperCase() === 'B'
          ? Buffer.from(word, 'base64').toString()
          : quoted(word.replaceAll('_', ' ')),
      );
    fields.set(name.toLowerCase(), words);
  }
  const body = raw.slice(gap + 4);
  const how = fields.get('content-transfer-encoding');
  if (how === 'base64') return { fields, text: Buffer.from(body, 'base64').toString() };
  return { fields, text: how === 'quoted-printable' ? quoted(body) : body };
}

const quoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  ).toString('utf8');

describe('mail', () => {
  const started = async (smtpUrl: string) => {
    const breaker = { after: 5, forMs: 300, mostMs: 300 };
    const one = await site({ mail: { smtpUrl, from: 'site@example.org' }, breaker });
    const config = { to: ['ann@example.org', 'ben@example.org'], timeoutMs: 500 };
    return { one, id: await one.target('email', config) };
  };

  it('arrives whole at all its addresses, with a subject and a text that are not mangled', async () => {
    const server = await mailServer();
    const { one, id } = await started(server.url);
    await one.tell(id, ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('delivered');
    const [mail] = server.messages;
    expect(mail?.to).toEqual(['ann@example.org', 'ben@example.org']);
    const { fields, text } = readMail(mail?.text ?? '');
    expect(fields.get('subject')).toBe('Warm hall');
    expect(fields.get('from')).toBe('site@example.org');
    expect(fields.get('x-earshot-event')).toBe('alarm.raised');
    expect(text.trim()).toBe('The hall is warm: ü');
  });

  it('is tried again while its server is away, refuses it or says nothing, under one message id', async () => {
    const gone = await startMailServer();
    const port = Number(new URL(gone.url).port);
    await gone.stop();
    const { one, id } = await started(gone.url);
    await one.notify.targets.change(id, {
      config: { to: ['ann@example.org'], timeoutMs: 500, retryMs: 300, attempts: 10 },
    });
    await one.tell(id, ['k1']);
    await expect
      .poll(() => one.row('k1'))
      .toMatchObject({
        state: 'failed',
        lastError: expect.stringContaining('ECONNREFUSED') as string,
      });
    const server = await mailServer(port);
    server.refuse(1);
    await expect
      .poll(() => one.row('k1'))
      .toMatchObject({
        responseCode: 451,
        lastError: expect.stringContaining('come back later') as string,
      });
    server.stall(1);
    await expect.poll(() => stateOf(one, 'k1')).toBe('delivered');
    expect((await one.row('k1'))?.attempts).toBeGreaterThanOrEqual(4);
    expect(server.messages).toHaveLength(1);
    const first = readMail(server.messages[0]?.text ?? '').fields.get('message-id');
    const list = one.notify.routes.find(({ path }) => path.endsWith('/replay'));
    await list?.handler({ params: { id: (await one.row('k1'))?.id } } as never);
    await expect.poll(() => server.messages.length).toBe(2);
    expect(readMail(server.messages[1]?.text ?? '').fields.get('message-id')).toBe(first);
  });

  it('to a server that refuses for ever is given up, with what the server said', async () => {
    const server = await mailServer();
    server.refuse(1_000);
    const { one, id } = await started(server.url);
    await one.tell(id, ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('dead');
    expect(await one.row('k1')).toMatchObject({ attempts: 3, responseCode: 451 });
    expect((await one.row('k1'))?.lastError).toContain('come back later');
  });

  it('without a server of the site is given up at once, with the field to set', async () => {
    const one = await site();
    await one.tell(await one.target('email', { to: ['ann@example.org'] }), ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('dead');
    expect((await one.row('k1'))?.lastError).toContain('mail.smtpUrl');
  });
});

it('a chat gets what Slack takes, with its mark-up kept from text', async () => {
  const one = await site();
  const to = await startReceiver();
  ends.push(() => to.stop());
  const config = { channel: '#hall', username: 'Earshot' };
  await one.tell(await one.target('chat', config, { url: to.url }), ['k1']);
  await one.tell(await one.target('chat', {}, { url: `${to.url}/plain` }), ['k2'], {
    subject: 'a < b & c > d',
    text: '<!channel>',
  });
  await expect.poll(() => to.heard.length).toBe(2);
  const bodies = Object.fromEntries(
    to.heard.map(({ headers, body }) => [headers['idempotency-key'], JSON.parse(body)]),
  ) as Record<string, unknown>;
  expect(bodies['k1']).toEqual({
    text: '*Warm hall*\nThe hall is warm: ü',
    channel: '#hall',
    username: 'Earshot',
  });
  expect(bodies['k2']).toEqual({ text: '*a &lt; b &amp; c &gt; d*\n&lt;!channel&gt;' });
});

describe('a broker in another process', () => {
  it('gets messages, also after it was away', async () => {
    const one = await site({ breaker: { after: 5, forMs: 300, mostMs: 300 } });
    const first = await BrokerProcess.start(0, 'pass');
    ends.push(() => first.stop());
    const heard: { topic: string; message: unknown }[] = [];
    const look = async (broker: BrokerProcess) => {
      const client = await broker.client({ password: 'pass' });
      client.on('error', () => undefined);
      ends.push(() => client.endAsync(true));
      client.on('message', (topic, bytes) => {
        heard.push({ topic, message: JSON.parse(bytes.toString()) as unknown });
      });
      await client.subscribeAsync('hall/#');
    };
    await look(first);
    const config = { url: first.url, user: 'x', topic: 'hall/alarms', attempts: 20 };
    const id = await one.target('mqtt', config, { password: 'pass' });
    await one.tell(id, ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('delivered');
    const expected = {
      topic: 'hall/alarms',
      message: {
        type: 'alarm.raised',
        value: 31.5,
        key: 'k1',
        subject: 'Warm hall',
        text: 'The hall is warm: ü',
      },
    };
    await expect.poll(() => heard).toEqual([expected]);
    await first.stop();
    await one.tell(id, ['k2']);
    await expect.poll(() => stateOf(one, 'k2')).toBe('failed');
    const second = await BrokerProcess.start(first.port, 'pass');
    ends.push(() => second.stop());
    await look(second);
    await expect.poll(() => stateOf(one, 'k2')).toBe('delivered');
    await expect.poll(() => heard.length).toBe(2);
  });

  it('that knows another password is named in the log of deliveries', async () => {
    const one = await site();
    const broker = await BrokerProcess.start(0, 'pass');
    ends.push(() => broker.stop());
    const config = { url: broker.url, user: 'x', topic: 'hall', attempts: 1 };
    await one.tell(await one.target('mqtt', config, { password: 'other' }), ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('dead');
    expect((await one.row('k1'))?.lastError).toMatch(/refused|not authorized/i);
  });
});

describe('a log server', () => {
  /** RFC 5424 §6: HEADER, STRUCTURED-DATA, MSG. */
  const LINE =
    /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) \[(\S+) key="((?:[^"\\\]]|\\.)*)"\] (.*)$/su;
  const expectLine = (line: string, key: string): void => {
    const [, priority, time, host, app, process, event, data, told, words] = LINE.exec(line) ?? [];
    // local0, error: a major alarm.
    expect(Number(priority)).toBe(16 * 8 + 3);
    expect(time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    expect(host).toMatch(/^[\x21-\x7e]{1,255}$/);
    expect([app, process, event]).toEqual(['earshot', '-', 'alarm.raised']);
    expect(data).toMatch(/^[^ =\]"]+@\d+$/);
    expect(told?.replaceAll(/\\(.)/g, '$1')).toBe(key);
    expect(words).toBe('\ufeffWarm hall: The hall is warm: ü');
  };

  it('gets a datagram', async () => {
    const one = await site();
    const socket = createSocket('udp4');
    const lines: string[] = [];
    socket.on('message', (bytes) => lines.push(bytes.toString('utf8')));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    ends.push(() => new Promise<void>((resolve) => socket.close(resolve)));
    const config = { host: '127.0.0.1', port: socket.address().port };
    const key = 'a "key" with ] and \\';
    await one.tell(await one.target('syslog', config), [key]);
    await expect.poll(() => lines.length).toBe(1);
    expectLine(lines[0] ?? '', key);
    await expect.poll(() => stateOf(one, key)).toBe('delivered');
  });

  const listen = async (server: Server, port = 0): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  };
  /** Octet counting of RFC 6587: the length and a blank before each message. */
  const framed = (bytes: Buffer): string => {
    const blank = bytes.indexOf(' ');
    const message = bytes.subarray(blank + 1);
    expect(Number(bytes.subarray(0, blank).toString())).toBe(message.length);
    return message.toString('utf8');
  };

  it.each(['tcp', 'tls'] as const)('gets a counted line over %s', async (protocol) => {
    const one = await site();
    const streams: Buffer[] = [];
    const take = (socket: Socket) => {
      const parts: Buffer[] = [];
      socket.on('error', () => socket.destroy());
      socket.on('data', (part: Buffer) => parts.push(part));
      socket.on('end', () => streams.push(Buffer.concat(parts)));
    };
    const server = protocol === 'tcp' ? createPlain(take) : createTls(selfSigned('log'), take);
    const port = await listen(server);
    const config = { host: '127.0.0.1', port, protocol, attempts: 1 };
    await one.tell(await one.target('syslog', { ...config, verifyTls: false }), ['k1']);
    await expect.poll(() => streams.length).toBe(1);
    expectLine(framed(streams[0] ?? Buffer.alloc(0)), 'k1');
    await expect.poll(() => stateOf(one, 'k1')).toBe('delivered');
    if (protocol === 'tcp') return;
    // Nobody vouches for its certificate.
    await one.tell(await one.target('syslog', { ...config, facility: 17 }), ['k2']);
    await expect.poll(() => stateOf(one, 'k2')).toBe('dead');
    expect((await one.row('k2'))?.lastError).toMatch(/certificate/i);
    expect(streams).toHaveLength(1);
  });

  it('that is away over TCP is tried again until it is back', async () => {
    const one = await site();
    const away = createPlain();
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    const address = away.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await new Promise((resolve) => away.close(resolve));
    const config = { host: '127.0.0.1', port, protocol: 'tcp', attempts: 20 };
    await one.tell(await one.target('syslog', config), ['k1']);
    await expect.poll(() => stateOf(one, 'k1')).toBe('failed');
    const streams: Buffer[] = [];
    await listen(
      createPlain((socket) => socket.on('data', (part: Buffer) => streams.push(part))),
      port,
    );
    await expect.poll(() => stateOf(one, 'k1')).toBe('delivered');
    expect(streams).toHaveLength(1);
  });
});
