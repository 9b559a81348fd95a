import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { ConnectionOf, Sending } from './protocol.js';
import { failed, SENT, type Sender, type SendResult } from './sender.types.js';

/** Mail through one server. The message's id is made of the delivery's key, so that a mail box shows it once. */
export class MailSender implements Sender {
  readonly #connection: ConnectionOf<'email'>;

  constructor(connection: ConnectionOf<'email'>) {
    this.#connection = connection;
  }

  async send(sending: Sending, signal: AbortSignal): Promise<SendResult> {
    const { smtpUrl, from, to, timeoutMs } = this.#connection;
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
    });
    const end = () => transport.close();
    signal.addEventListener('abort', end, { once: true });
    const id = createHash('sha256').update(sending.key).digest('hex').slice(0, 40);
    try {
      await transport.sendMail({
        from,
        to: [...(sending.email ?? to)],
        subject: sending.subject,
        text: `${sending.text}\n`,
        messageId: `<${id}@earshot>`,
        headers: { 'X-Earshot-Event': sending.event, 'X-Earshot-Delivery': id },
      });
      return SENT;
    } catch (thrown) {
      const code =
        thrown instanceof Error &&
        'responseCode' in thrown &&
        typeof thrown.responseCode === 'number'
          ? thrown.responseCode
          : null;
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return failed(`the mail server: ${why}`, { code });
    } finally {
      signal.removeEventListener('abort', end);
      transport.close();
    }
  }

  async close(): Promise<void> {}
}
