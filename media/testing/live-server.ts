import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Encoded sines, by an ffmpeg process: `format` as ffmpeg's muxer calls it. */
export async function encodedTone(hz: number, seconds: number, format = 'mp3'): Promise<Buffer> {
  const sound = `sine=frequency=${hz}:sample_rate=48000:duration=${seconds}`;
  const args = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', sound, '-ac', '2'];
  const child = spawn('ffmpeg', [...args, '-f', format, 'pipe:1']);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  await once(child, 'close');
  return Buffer.concat(parts);
}

export type LiveAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server for live sources, on a port of its own; what it answers can be changed while it runs. */
export class LiveServer {
  readonly #server: Server;
  /** Requests so far. */
  requests = 0;
  answer: LiveAnswer;

  private constructor(answer: LiveAnswer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.answer(request, response);
    });
  }

  static async start(answer: LiveAnswer): Promise<LiveServer> {
    const server = new LiveServer(answer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** Cuts every connection, as a lost network does. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A whole file, with its length. */
export function fileOf(bytes: Buffer, type = 'audio/mpeg'): LiveAnswer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    response.end(bytes);
  };
}

/** The bytes over and over at `bytesPerSecond`, a second of them at once, without an end. */
export function endlessOf(bytes: Buffer, bytesPerSecond: number, type = 'audio/mpeg'): LiveAnswer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': type });
    const begun = performance.now();
    let sent = 0;
    const send = (): void => {
      const due = Math.round(((performance.now() - begun) / 1_000 + 1) * bytesPerSecond);
      while (sent < due) {
        const at = sent % bytes.length;
        const part = bytes.subarray(at, Math.min(bytes.length, at + due - sent));
        response.write(part);
        sent += part.length;
      }
    };
    send();
    const timer = setInterval(send, 50);
    response.on('close', () => clearInterval(timer));
  };
}
