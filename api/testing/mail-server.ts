import { createServer, type Server, type Socket } from 'node:net';

/** A mail server of our own that speaks as much SMTP as it needs to take messages, or to refuse them. */
export interface MailServer {
  readonly url: string;
  readonly messages: readonly { readonly to: readonly string[]; readonly text: string }[];
  /** Refuse the next this many messages. */
  refuse(count: number): void;
  /** Say nothing to the next this many connections. */
  stall(count: number): void;
  stop(): Promise<void>;
}

export async function startMailServer(port = 0): Promise<MailServer> {
  const messages: { to: readonly string[]; text: string }[] = [];
  let refusals = 0;
  let stalls = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (stalls > 0) {
      stalls--;
      return;
    }
    let to: string[] = [];
    let buffer = '';
    let inData = false;
    const answer = (line: string): void => void socket.write(`${line}\r\n`);
    const command = (line: string): void => {
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'EHLO' || word === 'HELO') answer('250 test');
      else if (word === 'MAIL' && refusals > 0) {
        refusals--;
        answer('451 come back later');
      } else if (word === 'RCPT') {
        to.push(/<([^>]*)>/.exec(line)?.[1] ?? '');
        answer('250 ok');
      } else if (word === 'DATA') {
        inData = true;
        answer('354 go on');
      } else if (word === 'QUIT') {
        answer('221 bye');
        socket.end();
      } else answer('250 ok');
    };
    socket.on('data', (chunk) => {
      buffer += chunk.toString();
      for (;;) {
        const end = inData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const part = buffer.slice(0, end);
        buffer = buffer.slice(end + (inData ? 5 : 2));
        if (!inData) {
          command(part);
          continue;
        }
        inData = false;
        messages.push({ to, text: part });
        to = [];
        answer('250 taken');
      }
    });
    answer('220 test');
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${taken}`,
    messages,
    refuse(count) {
      refusals = count;
    },
    stall(count) {
      stalls = count;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
