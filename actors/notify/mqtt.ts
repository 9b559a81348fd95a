import { connectAsync, type MqttClient } from 'mqtt';
import { requireReachable } from './addresses.js';
import type { ConnectionOf, Sending } from './protocol.js';
import { SENT, type Sender, type SendResult } from './sender.types.js';

/** Publishes to a broker over one connection that is kept. */
export class MqttSender implements Sender {
  readonly #connection: ConnectionOf<'mqtt'>;
  #client: Promise<MqttClient> | undefined;

  /** @throws EngineError `input.invalid` for a private address. */
  constructor(connection: ConnectionOf<'mqtt'>) {
    requireReachable(new URL(connection.url).hostname, connection.allowPrivate);
    this.#connection = connection;
  }

  async send(sending: Sending, signal: AbortSignal): Promise<SendResult> {
    const { topic, qos, retain } = this.#connection;
    const client = await this.#connect();
    signal.throwIfAborted();
    const body: unknown = JSON.parse(sending.body);
    const { key, subject, text } = sending;
    const message = { ...(typeof body === 'object' ? body : {}), key, subject, text };
    await client.publishAsync(topic, JSON.stringify(message), { qos, retain });
    return SENT;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.endAsync(true);
  }

  async #connect(): Promise<MqttClient> {
    this.#client ??= this.#open();
    try {
      const client = await this.#client;
      if (client.connected) return client;
      // What a broken connection was given before would be sent a second time.
      client.end(true);
    } catch (thrown) {
      this.#client = undefined;
      throw thrown;
    }
    this.#client = this.#open();
    return await this.#client;
  }

  async #open(): Promise<MqttClient> {
    const { url, user, password, verifyTls, timeoutMs } = this.#connection;
    const client = await connectAsync(
      url,
      {
        ...(user === undefined ? {} : { username: user }),
        ...(password === undefined ? {} : { password }),
        connectTimeout: timeoutMs,
        reconnectPeriod: 0,
        rejectUnauthorized: verifyTls,
        queueQoSZero: false,
      },
      false,
    );
    client.on('error', () => client.end(true));
    return client;
  }
}
