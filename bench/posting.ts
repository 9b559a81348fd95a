import { Agent, request } from 'node:http';

/** Posts JSON to a port of the loopback over at most `atOnce` kept connections; answers the status. Rejects when a connection breaks. */
export function posting(
  port: number,
  atOnce: number,
): (path: string, body: string | Buffer) => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  return (path, body) =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          agent,
          host: '127.0.0.1',
          port,
          path,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      call.once('error', reject);
      call.end(body);
    });
}
