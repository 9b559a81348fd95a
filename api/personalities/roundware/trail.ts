import type { AuditPort } from '../../automation/ports.js';
import { traced } from '../traced.js';
import { Answer, type Ask, type Call } from './http/ask.js';
import { isRecord } from './http/codecs.js';
import type { Who } from './people.js';

/** Writes what apps and staff change to the site's log of changes. What sounds for a listener is no change. */
export class Trail {
  readonly #audit: AuditPort | undefined;
  readonly #readers: ReadonlyMap<string, Call>;

  /** @param audit undefined: nobody keeps a log of changes. */
  constructor(audit: AuditPort | undefined, calls: readonly Call[]) {
    this.#audit = audit;
    this.#readers = new Map(
      calls.filter(({ method }) => method === 'GET').map((call) => [call.path, call]),
    );
  }

  /** Runs a call. What it refuses is in no log. */
  async run(call: Call, ask: Ask, requestId: string): Promise<unknown> {
    const { method, path } = call;
    if (method === 'GET' || call.changes === false) return await call.run(ask);
    // What is made has no before, and the answer shows it.
    const reader = this.#readers.get(path);
    const look = method === 'POST' ? undefined : (call.look ?? reader?.run);
    let isSame = false;
    const unchanged = (): void => {
      isSame = true;
    };
    const kept: Ask = { ...ask, unchanged };
    const { username } = path === 'login' ? (await ask.form()).fields : {};
    return await traced(
      this.#audit,
      {
        address: ask.address,
        action: `${method} /api/2/${path}`,
        requestId,
        look: look && (async () => shownBy(await look(ask))),
        told: (answer) => {
          if (isSame) return undefined;
          const body = shownBy(answer);
          const asked = ask.path.replace(/^\/api\/2\/|\/$/g, '');
          const made = method === 'POST' && !path.includes('{') ? fieldOf(body, 'id') : '';
          return {
            by: nameOf(ask.who) || fieldOf({ username }, 'username') || visitorIn(body),
            subject: made === '' ? asked : `${asked}/${made}`,
            after: method === 'DELETE' ? null : body,
          };
        },
      },
      () => call.run(kept),
    );
  }
}

/** Visitors choose their names: none of them is taken for a member of staff. */
function nameOf({ visitor, role, name }: Who): string {
  if (role !== undefined) return name;
  return visitor === undefined ? '' : `visitor ${visitor.id} ${name}`.trim();
}

/** Whoever a call without a token has made. */
function visitorIn(body: unknown): string {
  const name = fieldOf(body, 'username');
  return name === '' ? 'nobody' : `visitor ${fieldOf(body, 'id')} ${name}`;
}

/** An answer without what is a key: a device id gives its visitor's token to whoever knows it. */
function shownBy(answer: unknown): unknown {
  return withoutKeys(answer instanceof Answer ? answer.body : answer);
}

function withoutKeys(body: unknown): unknown {
  if (!isRecord(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      name === 'device_id' && value !== null ? '(secret)' : withoutKeys(value),
    ]),
  );
}

function fieldOf(body: unknown, name: string): string {
  const value = isRecord(body) ? body[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
