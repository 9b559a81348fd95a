import { expect, test } from 'vitest';
import { QUEUE_MS, STALL_CLOSE_MS } from './listener.js';
import { Mount, MountTable } from './mount.js';

class FakeSink {
  readonly received: Uint8Array[] = [];
  takes = true;
  closed = false;

  write(bytes: Uint8Array): boolean {
    this.received.push(bytes);
    return this.takes;
  }

  close(): void {
    this.closed = true;
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function mountOf(bitrateKbps = 128): Mount {
  return new Mount({
    path: '/streamA.mp3',
    name: 'Garden',
    contentType: 'audio/mpeg',
    bitrateKbps,
    startedUnixMs: 0,
  });
}

test('a new listener gets the header, then at most the last 400 ms, then the sound of now', () => {
  const mount = mountOf();
  mount.setHeader(bytes('HEAD'), 0);
  for (let i = 0; i < 100; i += 1) mount.push(new Uint8Array(384).fill(i), i * 24);
  const sink = new FakeSink();
  mount.attach(sink, false, 2_400);
  expect(sink.text.startsWith('HEAD')).toBe(true);
  const burst = sink.text.length - 4;
  expect(burst).toBeLessThanOrEqual(6_400);
  expect(burst).toBeGreaterThan(5_000);
  mount.push(bytes('now'), 2_424);
  expect(sink.text.endsWith('now')).toBe(true);
});

test('a listener who came before the encoder gets the header when it is there, and once', () => {
  // The first player's connection is what opens the encoder: without this an Ogg stream began headless.
  const mount = mountOf();
  const sink = new FakeSink();
  mount.attach(sink, false, 0);
  mount.setHeader(bytes('HEAD'), 1);
  mount.setHeader(bytes('HEAD'), 2);
  mount.push(bytes('page'), 3);
  expect(sink.text).toBe('HEADpage');
});

test('a listener that does not read is skipped to now at its bound and delays nobody', () => {
  const mount = mountOf();
  const slow = new FakeSink();
  const quick = new FakeSink();
  slow.takes = false;
  const listener = mount.attach(slow, false, 0);
  mount.attach(quick, false, 0);
  const part = new Uint8Array(384);
  let most = 0;
  for (let i = 0; i < 400; i += 1) {
    mount.push(part, i * 24);
    most = Math.max(most, listener.queuedBytes);
  }
  expect(quick.received.length).toBe(400);
  expect(slow.received.length).toBe(1);
  expect(most).toBeLessThanOrEqual((128 * 125 * QUEUE_MS) / 1_000);
  expect(listener.skippedBytes).toBeGreaterThan(0);
  slow.takes = true;
  const waiting = listener.queuedBytes;
  listener.drained(9_600);
  expect(slow.received.length).toBe(1 + waiting / 384);
  mount.push(bytes('now'), 9_624);
  expect(slow.text.endsWith('now')).toBe(true);
});

test('a listener that takes nothing for long is closed', () => {
  const mount = mountOf();
  const sink = new FakeSink();
  sink.takes = false;
  mount.attach(sink, false, 0);
  mount.push(bytes('x'), 1);
  mount.push(bytes('x'), STALL_CLOSE_MS);
  expect(sink.closed).toBe(false);
  mount.push(bytes('x'), STALL_CLOSE_MS + 2);
  expect(sink.closed).toBe(true);
});

test('peak and listeners are counted, and a second mount at a path is refused', () => {
  const table = new MountTable(2);
  const mount = table.add(mountOf().options);
  expect(() => table.add(mountOf().options)).toThrow(/exists already/);
  const first = mount.attach(new FakeSink(), false, 0);
  mount.attach(new FakeSink(), false, 0);
  expect(table.hasRoom).toBe(false);
  expect(mount.detach(first)).toBe(true);
  expect(mount.detach(first)).toBe(false);
  expect([mount.listeners, mount.peak, table.hasRoom]).toEqual([1, 2, true]);
});

test('removing a mount ends its listeners', () => {
  const table = new MountTable(10);
  const mount = table.add(mountOf().options);
  const sink = new FakeSink();
  mount.attach(sink, false, 0);
  expect(table.remove('/streamA.mp3')).toBe(true);
  expect(sink.closed).toBe(true);
  expect(table.get('/streamA.mp3')).toBeUndefined();
});

test('a crowded mount gathers packets, and everybody gets every byte once, also who comes in between', () => {
  const mount = mountOf();
  const early = Array.from({ length: 100 }, () => new FakeSink());
  for (const sink of early) mount.attach(sink, false, 0);
  const late = new FakeSink();
  let sent = '';
  for (let i = 0; i < 100; i += 1) {
    if (i === 51) mount.attach(late, false, i * 20);
    const part = `<${i}>`.padEnd(40, '.');
    sent += part;
    mount.push(bytes(part), i * 20);
  }
  mount.setHeader(bytes('HEAD'), 2_000);
  for (const sink of early) expect(sink.text).toBe(`${sent}HEAD`);
  // 2 s of packets each 20 ms, in pieces of 60 ms or more.
  expect(early[0]?.received.length).toBeLessThan(30);
  expect(sent.endsWith(late.text.slice(0, -4))).toBe(true);
  expect(late.text).toContain('<51>');
});

test('one who listens at once gets each packet as it comes, without burst, and no crowd delays it', () => {
  const mount = mountOf();
  for (let i = 0; i < 100; i += 1) mount.attach(new FakeSink(), false, 0);
  mount.setHeader(bytes('HEAD'), 0);
  for (let i = 0; i < 10; i += 1) mount.push(bytes('past'), i * 20);
  const prompt = new FakeSink();
  const listener = mount.attachPrompt(prompt, 200);
  mount.push(bytes('a'), 210);
  mount.push(bytes('b'), 230);
  expect(prompt.received.map((part) => Buffer.from(part).toString())).toEqual(['HEAD', 'a', 'b']);
  expect(mount.listeners).toBe(101);
  expect(mount.detach(listener)).toBe(true);
});

test('a new logical stream begins with its header, and what came before is not for the next listener', () => {
  const mount = mountOf();
  mount.setHeader(bytes('ONE'), 0);
  const first = new FakeSink();
  mount.attach(first, false, 0);
  mount.push(bytes('1'), 0);
  mount.setHeader(bytes('TWO'), 20);
  mount.push(bytes('2'), 40);
  const second = new FakeSink();
  mount.attach(second, false, 60);
  expect(first.text).toBe('ONE1TWO2');
  expect(second.text).toBe('TWO2');
});

test('the burst can be longer, or none', () => {
  const table = new MountTable(10, 0);
  const none = table.add({ ...mountOf().options, path: '/none.mp3' });
  const long = table.add({ ...mountOf().options, path: '/long.mp3', burstMs: 2_000 });
  const sinks = [none, long].map((mount) => {
    for (let i = 0; i < 200; i += 1) mount.push(new Uint8Array(384), i * 24);
    const sink = new FakeSink();
    mount.attach(sink, false, 4_800);
    return sink;
  });
  expect(sinks.map(({ text }) => text.length)).toEqual([0, 83 * 384]);
});
