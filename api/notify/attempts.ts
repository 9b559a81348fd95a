import type { DeliveryRow } from '../../actors/automation/automation.types.js';
import type { Sending } from '../../actors/notify/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { ActionPort } from '../automation/ports.js';
import { connectionOf, mailConnection, PATIENCE, type Patience, type Ways } from './connections.js';
import type { ActionPayload } from './deliveries.js';
import type { Tried } from './lane.js';
import { messageIn } from './message.js';
import type { Outbox } from './outbox.js';
import type { TargetBook } from './target-book.js';

export interface AttemptsOptions {
  readonly targets: TargetBook;
  readonly outbox: Outbox;
  readonly ways: Ways;
  readonly actions: ActionPort;
  readonly clock: Clock;
}

const ACTION_MS = 10_000;
/** `error` of a try whose thread was lost: no fault of the target. */
export const LOST = 'the thread of notifications was lost';
export const NOTHING: Tried = {
  ok: false,
  code: null,
  error: null,
  retryAfterMs: null,
  final: false,
};
const refused = (error: string): Tried => ({ ...NOTHING, error, final: true });

/** One try of a delivery: what it needs is looked up when it is tried, so that a mended target takes what waits. */
export class Attempts {
  readonly #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  patienceOf(row: DeliveryRow): Patience {
    const known = row.targetId === null ? undefined : this.#options.targets.get(row.targetId);
    const { attempts, retryMs } = known?.row.config ?? {};
    return {
      attempts: typeof attempts === 'number' ? attempts : PATIENCE.attempts,
      retryMs: typeof retryMs === 'number' ? retryMs : PATIENCE.retryMs,
    };
  }

  /** Tells a target. Never rejects. */
  async tell(row: DeliveryRow): Promise<Tried> {
    const { targets, outbox, ways } = this.#options;
    try {
      const known = row.targetId === null ? undefined : targets.get(row.targetId);
      if (row.targetId !== null && known === undefined) return refused('the target is gone');
      if (known !== undefined && !known.row.enabled) return refused('the target is switched off');
      const message = messageIn(row.payload, row.event, row.createdAtUnixMs);
      const connection =
        known === undefined ? mailConnection(ways) : connectionOf(known, ways).connection;
      if (known === undefined && (message.email?.length ?? 0) === 0) {
        return refused('it has neither a target nor an address');
      }
      const sending: Sending = {
        ticket: row.id,
        to: connection.id,
        key: row.publicId,
        event: row.event,
        atUnixMs: row.createdAtUnixMs,
        subject: message.subject,
        text: message.text,
        severity: message.severity,
        body: JSON.stringify(message.body),
        email: known === undefined ? message.email : undefined,
      };
      const sent = await outbox.send(connection, sending);
      return sent === 'lost' ? { ...NOTHING, error: LOST } : sent;
    } catch (thrown) {
      const error = EngineError.from(thrown);
      return { ...NOTHING, error: error.message, final: error.remedy !== 'retry' };
    }
  }

  /** Does an action here. Never rejects. */
  async act(row: DeliveryRow): Promise<Tried> {
    const { actions, clock } = this.#options;
    let timer: TimerHandle | undefined;
    try {
      const { action, facts } = JSON.parse(row.payload) as ActionPayload;
      const late = new Promise<never>((_, reject) => {
        timer = clock.setTimeout(() => {
          reject(new EngineError('link.deadline', `it was not done in ${ACTION_MS} ms`));
        }, ACTION_MS);
      });
      await Promise.race([actions.run(action, row.publicId, facts), late]);
      return { ...NOTHING, ok: true };
    } catch (thrown) {
      const error = EngineError.from(thrown, 'input.invalid');
      return { ...NOTHING, error: error.message, final: error.remedy === 'park' };
    } finally {
      clock.clearTimeout(timer);
    }
  }
}
