import type { ContentEvent } from '../../../../actors/content/content.types.js';
import { Answer, type Ask, type Call, field, needed, ownField } from '../http/ask.js';
import {
  date,
  float,
  id,
  ids,
  isAbsent,
  isoNaive,
  nullable,
  text,
  ValueFault,
} from '../http/codecs.js';
import { badField } from '../http/refusal.js';
import { by, conditionsOf, rowOf, shown, showOne } from '../http/resource.js';
import { bodySession } from '../localise.js';
import type { Services } from '../services.js';
import { mustOwnSession } from './sessions.js';

const plain = text(1_024);
/** As the clients write it; kept as it is. */
const CLIENT_TIME_CHARS = 50;

const FILTERS = [
  by<ContentEvent, string>('event_type', plain, 'kind', 'contains'),
  by<ContentEvent, number>('server_time', date, 'atUnixMs'),
  by<ContentEvent, number>('server_time__lt', date, 'atUnixMs', '<'),
  by<ContentEvent, number>('server_time__gt', date, 'atUnixMs', '>'),
  by<ContentEvent, number>(['session_id', 'session'], id, 'sessionId'),
  by<ContentEvent, string>('latitude', plain, 'latitude', 'startsWith'),
  by<ContentEvent, string>('longitude', plain, 'longitude', 'startsWith'),
];

const showEvent = (row: ContentEvent): object => ({
  id: row.id,
  server_time: isoNaive(row.atUnixMs),
  client_time: row.clientTime,
  event_type: row.kind,
  data: row.data,
  latitude: row.latitude,
  longitude: row.longitude,
  session_id: row.sessionId,
  tag_ids: row.tagIds,
});

const showEvents = (rows: readonly ContentEvent[]): Promise<readonly object[]> =>
  Promise.resolve(rows.map(showEvent));

export function eventCalls({ content, clock }: Services): readonly Call[] {
  return [
    {
      method: 'GET',
      path: 'events',
      access: 'any',
      run: (ask) => {
        const where = conditionsOf(ask, FILTERS);
        const tagIds = ask.query.read(ids, 'tag_ids', 'tags') ?? [];
        const pieces = shown(content.events.each({ where }), (rows) =>
          showEvents(rows.filter((row) => tagIds.every((tagId) => row.tagIds.includes(tagId)))),
        );
        return Promise.resolve(new Answer({ pieces }));
      },
    },
    {
      method: 'GET',
      path: 'events/{id}',
      access: 'any',
      run: async (ask) => showOne(await rowOf(content.events, ask), showEvents),
    },
    {
      method: 'POST',
      path: 'events',
      access: 'any',
      changes: false,
      run: async (ask) => {
        const form = await ask.form();
        const session = await bodySession(content, form);
        mustOwnSession(session, ask.who);
        const tagIds = field(form, ids, 'tag_ids', 'tags') ?? [];
        const row = await content.events.create({
          sessionId: session.id,
          kind: needed(form, text(50, 1), 'event_type'),
          atUnixMs: clock.nowMs(),
          clientTime: field(form, text(CLIENT_TIME_CHARS), 'client_time') ?? null,
          data: await dataOf(ask),
          latitude: field(form, nullable(float(-90, 90)), 'latitude') ?? null,
          longitude: field(form, nullable(float(-180, 180)), 'longitude') ?? null,
          tagIds,
        });
        return showEvent(row);
      },
    },
  ];
}

/** Text, or a JSON value that is kept as text. */
async function dataOf(ask: Ask): Promise<string | null> {
  const raw = ownField(await ask.form(), 'data');
  if (isAbsent(raw)) return null;
  try {
    return text(65_536)(typeof raw === 'object' ? JSON.stringify(raw) : raw);
  } catch (thrown) {
    if (thrown instanceof ValueFault) throw badField('data', thrown.message);
    throw thrown;
  }
}
