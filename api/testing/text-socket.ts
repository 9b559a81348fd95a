import { WebSocket } from 'ws';

/** A WebSocket client for tests: messages are queued and taken one by one. */
export class TextSocket {
  /** Settles with the close code. */
  readonly closed: Promise<number>;
  /** Set: messages go here and are not queued. */
  onMessage: ((text: string) => void) | undefined;
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];
  readonly #waiting: ((text: string) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => resolve(code));
    });
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (this.onMessage !== undefined) this.onMessage(text);
      else {
        const taker = this.#waiting.shift();
        if (taker === undefined) this.#messages.push(text);
        else taker(text);
      }
    });
    socket.on('error', () => {
      // A close with its code follows.
    });
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<TextSocket> {
    const socket = new WebSocket(url, { headers });
    // Messages may come with the upgrade, so they are listened to before it is done.
    const client = new TextSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return client;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** The next message; rejects after five seconds without one. */
  next(): Promise<string> {
    const queued = this.#messages.shift();
    if (queued !== undefined) return Promise.resolve(queued);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no message within five seconds')), 5_000);
      this.#waiting.push((text) => {
        clearTimeout(timer);
        resolve(text);
      });
    });
  }

  async nextJson(): Promise<unknown> {
    return JSON.parse(await this.next());
  }

  close(): void {
    this.#socket.close();
  }

  /** Cuts the connection without a goodbye. */
  cut(): void {
    this.#socket.terminate();
  }
}
