import type { AuditPort } from '../../automation/ports.js';
import { parseJson } from '../../http/json.js';
import { traced } from '../traced.js';
import { Answer, type Ask, type Call } from './ask.js';

export interface TrailParts {
  /** Undefined: nobody keeps a log of changes. */
  readonly audit: AuditPort | undefined;
  readonly calls: readonly Call[];
}

/** One step that a change is asked for beside the thing it changes. */
const STEP = /\/(?:stop|apply|rollback)$/;
/** Values that are measured are no changes, and neither are questions that are asked by POST. */
const PLAIN = /^\/datapoints(?:\/batch|\/series)?$/;

/** Writes changes to the site's log of changes: who, what, the thing before and after. */
export class Trail {
  readonly #audit: AuditPort | undefined;
  readonly #readers: ReadonlyMap<string, Call>;

  constructor({ audit, calls }: TrailParts) {
    this.#audit = audit;
    this.#readers = new Map(
      calls.filter(({ method }) => method === 'GET').map((call) => [call.path, call]),
    );
  }

  /** Runs a call. What it refuses is in no log. */
  async run(call: Call, ask: Ask, path: string, requestId: string): Promise<unknown> {
    if (call.method === 'GET' || (PLAIN.test(path) && call.method === 'POST'))
      return await call.run(ask);
    let sent: Uint8Array | undefined;
    const kept: Ask = {
      ...ask,
      bytes: async () => {
        sent = await ask.bytes();
        return sent;
      },
    };
    const named = call.path.includes('{');
    const reader =
      named && call.role !== 'open' ? this.#readers.get(call.path.replace(STEP, '')) : undefined;
    return await traced(
      this.#audit,
      {
        address: ask.address,
        action: `${call.method} /api/v1${call.path}`,
        requestId,
        look: reader && (async () => plainOf(await reader.run(ask))),
        told: (answer) => {
          const told = plainOf(answer);
          const made = fieldOf(told, 'public_id');
          return {
            by: ask.who.username || fieldOf(told, 'username') || 'nobody',
            subject: `${path.slice(1)}${named || made === '' ? '' : `/${made}`}`,
            after: call.method === 'DELETE' ? null : saidIn(sent),
          };
        },
      },
      () => call.run(kept),
    );
  }
}

/** What was sent, as far as it is JSON. */
function saidIn(sent: Uint8Array | undefined): unknown {
  if (sent === undefined || sent.length === 0) return undefined;
  try {
    return parseJson(sent);
  } catch {
    // It was not read as JSON then, so it is no field that somebody changed.
    return undefined;
  }
}

const plainOf = (answer: unknown): unknown => (answer instanceof Answer ? answer.body : answer);

function fieldOf(answer: unknown, name: 'public_id' | 'username'): string {
  if (typeof answer !== 'object' || answer === null || !(name in answer)) return '';
  const value = (answer as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}
