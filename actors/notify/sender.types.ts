import type { Outcome, Sending } from './protocol.js';

/** What came of a try; `ticket` is added by who asked. */
export type SendResult = Omit<Outcome, 'ticket'>;

/** The way to one target. Made when it is first used, closed when it is changed or forgotten. */
export interface Sender {
  /** Settles when it is known what came of it, or `signal` aborted. Rejections are failures of the try. */
  send(sending: Sending, signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}

export const SENT: SendResult = {
  ok: true,
  code: null,
  error: null,
  retryAfterMs: null,
  final: false,
};

export const failed = (error: string, more: Partial<SendResult> = {}): SendResult => ({
  ...SENT,
  ok: false,
  error,
  ...more,
});
