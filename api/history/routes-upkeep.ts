import { AUTOMATION_SPECS } from '../../actors/automation/specs.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { CorrectedChannel, Corrections } from '../../engine/series/corrections.js';
import type { StoreReader } from '../../engine/series/reader.js';
import type { AuditPort } from '../automation/ports.js';
import { correction, correctionAnswer, RETENTION, retentionStatus } from '../contract/history.js';
import { type Route, route } from '../http/route.types.js';
import type { ResolvedChannel } from '../routes/series.js';
import { type AnyRow, type TableRoutes, tableRoutes } from '../routes/table-routes.js';
import type { RetentionJob } from './retention.js';

export interface UpkeepRoutesOptions {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly retention: RetentionJob;
  readonly corrections: Corrections;
  readonly reader: StoreReader;
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  /** Name of the writer that stores the samples of a device. */
  readonly writerOf: (deviceId: string) => string;
  readonly audit: () => AuditPort | undefined;
  readonly clock: Clock;
}

const tag = 'history';

/** `/v1/retention-overrides` and `POST /v1/samples/corrections`. */
export function upkeepRoutes(options: UpkeepRoutesOptions): readonly Route[] {
  const { store, retention, corrections, reader, audit, clock } = options;
  return [
    route({
      method: 'GET',
      path: '/v1/retention-overrides/status',
      summary: 'When what is too old was removed last, and how much',
      tag,
      access: 'viewer',
      response: retentionStatus,
      handler: () => retention.status(),
    }),
    ...tableRoutes({
      ...RETENTION,
      tag,
      clock,
      table: store.automation.retention as unknown as ContentTable<AnyRow>,
      columns: AUTOMATION_SPECS.retention.columns as TableRoutes['columns'],
      rules: { read: 'viewer', write: 'admin', made: () => ({}) },
      shown: (row) => row,
    }),
    route({
      method: 'POST',
      path: '/v1/samples/corrections',
      summary: 'Set, delete or move samples that are stored; roll-ups follow within seconds',
      tag,
      access: 'admin',
      body: correction,
      maxBodyBytes: 4_194_304,
      timeLimitMs: 300_000,
      response: correctionAnswer,
      handler: async ({ body, principal, address, requestId }) => {
        const named = (body.action === 'set' ? [body.channel] : body.channels).map((name) =>
          ownerOf(options, name),
        );
        const spans =
          body.action === 'set'
            ? body.samples.map(({ atUnixMs }) => atUnixMs)
            : [
                body.fromUnixMs,
                body.action === 'shift' ? body.fromUnixMs + body.byMs : body.toUnixMs,
              ];
        if (body.action !== 'set' && !(body.toUnixMs > body.fromUnixMs)) {
          throw new EngineError('input.invalid', 'toUnixMs: must be after fromUnixMs');
        }
        const numbers = named.map(({ channel }) => channel);
        if ((await reader.sourceOf(Math.min(...spans), numbers)) !== 'raw') {
          throw new EngineError(
            'input.invalid',
            'samples of that time are not kept any more (series.rawDays, retention of the channel): only what is kept can be corrected',
          );
        }
        const result = await (body.action === 'set'
          ? corrections.set(named[0] ?? ownerOf(options, body.channel), body.samples)
          : body.action === 'delete'
            ? corrections.remove({ ...body, channels: named })
            : corrections.shift({ ...body, channels: named }, body.byMs));
        const { before, after } = result;
        audit()?.note({
          by: principal.name,
          address,
          action: `samples.${body.action}`,
          subject: body.action === 'set' ? body.channel : body.channels.join(', ').slice(0, 1_000),
          before: { samples: before },
          after: { samples: after, ...describe(body) },
          requestId,
        });
        return result;
      },
    }),
  ];
}

function describe(body: (typeof correction)['_output']): Record<string, unknown> {
  const { reason } = body;
  if (body.action === 'set') return { set: body.samples.length, reason };
  const { fromUnixMs, toUnixMs } = body;
  return { fromUnixMs, toUnixMs, ...(body.action === 'shift' ? { byMs: body.byMs } : {}), reason };
}

function ownerOf(
  { resolveChannel, writerOf }: Pick<UpkeepRoutesOptions, 'resolveChannel' | 'writerOf'>,
  name: string,
): CorrectedChannel {
  const found = resolveChannel(name);
  if (found === undefined) throw new EngineError('not-found', `there is no channel "${name}"`);
  return { channel: found.channel, writer: writerOf(found.name.slice(0, found.name.indexOf('/'))) };
}
