import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SystemClock } from '../../../engine/clock.js';
import { libavEncoders } from '../../../media/encoders/libav.js';
import { type Mount, MountTable } from '../../../media/mounts/mount.js';
import { BLOCK_FRAMES, type Encoder, type StreamFormat } from '../../../media/ports.js';
import { tone } from '../../../media/tones.js';
import { createGateway, type Gateway } from '../../http/server.js';
import { lowLatencySocket } from './listen-socket.js';
import { eachOpusPacket, MESSAGE_HEAD_BYTES } from './packets.js';

const libav = await libavEncoders();
if (libav === undefined) throw new Error('node-av is not installed');
const factory = libav;
const clock = new SystemClock();
const PATH = '/streamA.ogg';

let gateway: Gateway | undefined;
let encoder: Encoder | undefined;
afterEach(async () => {
  encoder?.close();
  await gateway?.stop(0);
});

interface Site {
  readonly mounts: MountTable;
  readonly mount: Mount;
  readonly counts: number[];
  /** Encodes blocks and pushes them to the mount. */
  play(blocks: number): void;
  url(id?: string): string;
}

async function site(format: StreamFormat = 'opus'): Promise<Site> {
  const mounts = new MountTable(10);
  const counts: number[] = [];
  mounts.watch((mount) => counts.push(mount.listeners));
  const contentType = 'application/ogg';
  const mount = mounts.add({
    path: PATH,
    name: 'A',
    contentType,
    bitrateKbps: 96,
    startedUnixMs: 0,
  });
  const session = (id: string) =>
    id === 'secret' ? { mount: PATH, format, bitrateKbps: 96 } : undefined;
  const made = await createGateway({
    host: '127.0.0.1',
    port: 0,
    sockets: [lowLatencySocket({ mounts, session, clock })],
  });
  gateway = made;
  const opened = factory.open(
    { format: 'opus', bitrateKbps: 96, startFrame: 50 * BLOCK_FRAMES },
    (bytes) => mount.push(Uint8Array.from(bytes), clock.monoMs()),
    (error) => expect.unreachable(error.message),
  );
  encoder = opened;
  mount.setHeader(opened.header, clock.monoMs());
  const sound = tone(440, BLOCK_FRAMES, 0.5);
  return {
    mounts,
    mount,
    counts,
    play: (blocks) => {
      for (let i = 0; i < blocks; i += 1) opened.encode(sound.left, sound.right);
    },
    url: (id = 'secret') => `ws://127.0.0.1:${made.port}/v1/sessions/${id}/listen`,
  };
}

/** A client that keeps what came. */
class Client {
  readonly socket: WebSocket;
  hello: unknown;
  readonly messages: DataView[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) this.hello = JSON.parse(data.toString());
      else this.messages.push(new DataView(Uint8Array.from(data).buffer));
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  get sequences(): number[] {
    return this.messages.map((message) => message.getUint32(0, true));
  }

  get places(): number[] {
    return this.messages.map((message) => message.getUint32(4, true));
  }

  answer(sequence: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, sequence, true);
    this.socket.send(bytes);
  }
}

describe('low-latency listening', () => {
  it('sends each packet of the mount from now on, numbered, and counts as a listener', async () => {
    const { url, mount, play, counts } = await site();
    play(40);
    const client = new Client(url());
    await expect.poll(() => mount.listeners).toBe(1);
    play(30);
    await expect.poll(() => client.messages.length).toBe(30);
    expect(client.hello).toEqual({
      codec: 'opus',
      sampleRateHz: 48_000,
      channels: 2,
      packetMs: 20,
      bitrateKbps: 96,
    });
    expect(client.sequences).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(client.places).toEqual(Array.from({ length: 30 }, (_, i) => 90 + i));
    expect(client.messages.every((message) => message.byteLength > MESSAGE_HEAD_BYTES)).toBe(true);
    client.socket.close();
    await expect.poll(() => mount.listeners).toBe(0);
    expect(counts).toEqual([1, 0]);
  });

  it.each([
    ['another format', 'vorbis', 'secret', 4515, /takes format opus, this session is vorbis/],
    ['no such session', 'opus', 'other', 4504, /has ended/],
  ] as const)('says why it closes for %s', async (_what, format, id, code, text) => {
    const { url } = await site(format);
    const client = new Client(url(id));
    await expect.poll(() => client.closed?.code).toBe(code);
    expect(client.closed?.reason).toMatch(text);
  });

  it('closes with the session', async () => {
    const { url, mount, mounts } = await site();
    const client = new Client(url());
    await expect.poll(() => mount.listeners).toBe(1);
    mounts.remove(PATH);
    await expect.poll(() => client.closed?.code).toBe(4504);
  });

  it('drops to now when a client is half a second behind, and goes on when it caught up', async () => {
    const { url, mount, play } = await site();
    const client = new Client(url());
    await expect.poll(() => mount.listeners).toBe(1);
    play(1);
    await expect.poll(() => client.messages.length).toBe(1);
    client.answer(0);
    // A message of its own makes sure that the answer is there.
    await new Promise((resolve) => {
      client.socket.once('pong', resolve);
      client.socket.ping();
    });
    play(100);
    await expect.poll(() => client.messages.length).toBe(27);
    client.answer(26);
    await new Promise((resolve) => {
      client.socket.once('pong', resolve);
      client.socket.ping();
    });
    play(10);
    await expect.poll(() => client.messages.length).toBe(37);
    expect(client.sequences.slice(25, 29)).toEqual([25, 26, 101, 102]);
    expect(client.places.at(-1)).toBe(50 + 110);
  });

  it('does not hold more than its bound for a client that reads nothing', async () => {
    const { url, mount, play } = await site();
    const client = new Client(url());
    await expect.poll(() => mount.listeners).toBe(1);
    client.socket.pause();
    // Ten minutes of sound: far more than the kernel takes.
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 30; round += 1) {
      play(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
    client.socket.terminate();
    await expect.poll(() => mount.listeners).toBe(0);
  });

  it('refuses words it does not know', async () => {
    const { url } = await site();
    const client = new Client(url());
    client.socket.on('open', () => client.socket.send('hello'));
    await expect.poll(() => client.closed?.code).toBe(4400);
    expect(client.closed?.reason).toMatch(/four bytes/);
  });
});

it('what is no Ogg page is passed over without harm', () => {
  const noise = Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 256);
  const seen: number[] = [];
  eachOpusPacket(noise, (packet) => seen.push(packet.length));
  eachOpusPacket(new Uint8Array([0x4f, 0x67, 0x67, 0x53]), (packet) => seen.push(packet.length));
  expect(seen).toEqual([]);
});
