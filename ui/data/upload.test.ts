import { describe, expect, it } from 'vitest';
import { ApiError } from './api.js';
import { type UploadPort, uploadMetadata, uploadThrough } from './upload.js';

const broken = (status: number): ApiError =>
  new ApiError({ status, code: 'x', message: 'x', remedy: '', retry: status === 0 });

/** A server in the small: keeps bytes, breaks when told to. */
class Server implements UploadPort {
  readonly calls: string[] = [];
  received = 0;
  size = 0;
  #breaks: (number | undefined)[];

  constructor(breaks: (number | undefined)[] = []) {
    this.#breaks = breaks;
  }

  async create(headers: Readonly<Record<string, string>>): Promise<string> {
    this.size = Number(headers['upload-length']);
    this.calls.push('create');
    return '/v1/uploads/1';
  }
  async offset(): Promise<number> {
    this.calls.push('offset');
    return this.received;
  }
  async append(_url: string, from: number, body: Blob, onprogress: (share: number) => void) {
    this.calls.push(`append ${from}`);
    const breaks = this.#breaks.shift();
    if (breaks !== undefined) {
      this.received = from + Math.floor(body.size / 2);
      throw broken(breaks);
    }
    expect(from).toBe(this.received);
    this.received = from + body.size;
    onprogress(1);
    return this.received === this.size ? 7 : undefined;
  }
  async pause(): Promise<void> {
    this.calls.push('pause');
  }
}

const file = (bytes: number): File => new File([new Uint8Array(bytes)], 'voice.wav');
const MiB = 1_024 * 1_024;

describe('an upload', () => {
  it('goes in pieces and tells how far it is', async () => {
    const server = new Server();
    const shares: number[] = [];
    const answer = await uploadThrough(server, file(9 * MiB), { projectId: 1 }, (share) =>
      shares.push(Number(share.toFixed(2))),
    );
    expect(answer).toBe(7);
    expect(server.calls).toEqual(['create', 'append 0', `append ${4 * MiB}`, `append ${8 * MiB}`]);
    expect(shares).toEqual([0.44, 0.89, 1, 1]);
  });

  it('goes on after a break from what the server has', async () => {
    const server = new Server([undefined, 0]);
    await uploadThrough(server, file(6 * MiB), { projectId: 1 }, () => undefined);
    expect(server.received).toBe(6 * MiB);
    expect(server.calls).toContain('offset');
    expect(server.calls.at(-1)).toBe(`append ${5 * MiB}`);
  });

  it('stops at a refusal, and after five breaks in a row', async () => {
    const refusing = new Server([413]);
    await expect(
      uploadThrough(refusing, file(10), { projectId: 1 }, () => undefined),
    ).rejects.toThrow();
    expect(refusing.calls).toEqual(['create', 'append 0']);
    const away = new Server([0, 0, 0, 0, 0, 0]);
    await expect(
      uploadThrough(away, file(10), { projectId: 1 }, () => undefined),
    ).rejects.toThrow();
    expect(away.calls.filter((one) => one.startsWith('append'))).toHaveLength(5);
  });

  it('sends an empty file, so that the server can say what it thinks of it', async () => {
    const server = new Server();
    await uploadThrough(server, file(0), { projectId: 1 }, () => undefined);
    expect(server.calls).toEqual(['create', 'append 0']);
  });

  it('says what is known of the file, in any alphabet', () => {
    const text = uploadMetadata(
      { name: 'Größe 日.wav', type: 'audio/wav' },
      {
        projectId: 3,
        latitude: 48.5,
        longitude: -16.25,
        tagIds: [3, 4],
        description: '',
      },
    );
    const read = Object.fromEntries(
      text.split(',').map((pair) => {
        const [name = '', value = ''] = pair.split(' ');
        return [name, Buffer.from(value, 'base64').toString('utf8')];
      }),
    );
    expect(read).toEqual({
      filename: 'Größe 日.wav',
      filetype: 'audio/wav',
      projectId: '3',
      latitude: '48.5',
      longitude: '-16.25',
      tagIds: '3,4',
    });
  });
});
