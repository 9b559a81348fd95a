import type { AuditPort } from '../../automation/ports.js';
import { nameOf } from '../../http/auth.types.js';
import { type Asked, traced } from '../traced.js';
import { Answer, type Ask, type Call } from './ask.js';

/** Runs a call, and notes what it changed in the site's log of changes. `audit` undefined: nobody keeps one. */
export async function trailed(
  audit: AuditPort | undefined,
  call: Call,
  ask: Ask,
  asked: Pick<Asked, 'address' | 'action' | 'requestId'> & { readonly subject: string },
): Promise<unknown> {
  if (call.method === 'GET' || call.changes === false) return await call.run(ask);
  const { look } = call;
  // The body is read once, and the call itself says what is wrong with it.
  const sent = audit === undefined ? undefined : await ask.body().catch(() => undefined);
  return await traced(
    audit,
    {
      ...asked,
      look: look && (async () => await look(ask)),
      told: (answer) => {
        const body = answer instanceof Answer ? answer.body : answer;
        const made = idOf(body);
        return {
          by: nameOf(ask.who),
          subject: look !== undefined || made === '' ? asked.subject : `${asked.subject}/${made}`,
          after: call.method === 'DELETE' ? null : made === '' ? sent : body,
        };
      },
    },
    () => call.run(ask),
  );
}

function idOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('id' in body)) return '';
  return typeof body.id === 'number' ? String(body.id) : '';
}
