import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { LiveMessage, LiveQueryInput } from '../../contract/live.js';

export interface LiveRows {
  /** As a page would show them now. */
  readonly rows: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  stop(): void;
}

/** Follows a query on a server's `/v1/live` as a page does. */
export async function followLive(
  wsUrl: string,
  cookie: string,
  query: LiveQueryInput,
): Promise<LiveRows> {
  const rows = new Map<string, Record<string, unknown>>();
  const socket = new WebSocket(`${wsUrl}/v1/live`, { headers: { cookie } });
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    switch (message.type) {
      case 'snapshot':
        rows.clear();
        for (const row of message.rows) rows.set(row.id, { ...row });
        break;
      case 'patch':
        for (const [id, fields] of message.rows) rows.set(id, { ...rows.get(id), ...fields });
        if (message.order !== undefined) {
          for (const id of [...rows.keys()]) if (!message.order.includes(id)) rows.delete(id);
        }
        break;
      case 'remove':
        for (const id of message.ids) rows.delete(id);
        break;
      default:
        break;
    }
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', id: 'test', query }));
  return { rows, stop: () => socket.close() };
}
