import type { VisitSession } from '../../../../actors/content/content.types.js';
import type { ContentStore } from '../../../../actors/content/store.types.js';
import { type Ask, type Call, field } from '../http/ask.js';
import { bool, id, isoNaive, isoOrNull, text, ValueFault } from '../http/codecs.js';
import { input } from '../http/inputs.js';
import { badField, denied } from '../http/refusal.js';
import { by, callsOf, conditionsOf, type Resource } from '../http/resource.js';
import { FIRST_LANGUAGE, languageByCode } from '../localise.js';
import { isStaff, type Who } from '../people.js';
import type { Services } from '../services.js';

const timezone = (raw: unknown): string => {
  const value = text(5)(raw).trim();
  // A plus sign that nobody encoded arrives as a space, and is trimmed.
  if (!/^[+-]?\d{4}$/.test(value)) throw new ValueFault('It must be like -0500.');
  return value;
};

const INPUTS = {
  projectId: input<number>(['project_id', 'project'], id, { required: true }),
  clientSystem: input<string>('client_system', text(128), { required: true }),
  clientType: input<string>('client_type', text(128)),
  timezone: input<string>('timezone', timezone),
  geoListenEnabled: input<boolean>('geo_listen_enabled', bool),
  demoStreamEnabled: input<boolean>('demo_stream_enabled', bool),
};

const FILTERS = [
  by<VisitSession, number>(['project_id', 'project'], id, 'projectId'),
  by<VisitSession, number>('language_id', id, 'languageId'),
  by<VisitSession, boolean>('geo_listen_enabled', bool, 'geoListenEnabled'),
  by<VisitSession, boolean>('demo_stream_enabled', bool, 'demoStreamEnabled'),
];

/** Whether a session is of the one who asks. Sessions without an owner are anybody's. @throws Refusal 403. */
export function mustOwnSession(session: VisitSession, who: Who): void {
  if (isStaff(who) || session.userId === null) return;
  if (session.userId !== who.visitor?.id) throw denied();
}

/** The visitor who asks, made for members of staff who never had one. */
export async function visitorIdOf(services: Services, who: Who): Promise<number | null> {
  if (who.visitor !== undefined) return who.visitor.id;
  if (who.staffId === undefined) return null;
  const user = await services.staff(who.staffId);
  return user === undefined ? null : (await services.people.ofStaff(user)).visitor.id;
}

/** Sessions as the wire has them. */
export async function showSessions(
  { content, people }: Services,
  rows: readonly VisitSession[],
  { who }: Ask,
): Promise<readonly object[]> {
  const owners = [...new Set(rows.flatMap(({ userId }) => userId ?? []))];
  const visitors = new Map((await content.visitors.many(owners)).map((row) => [row.id, row]));
  return await Promise.all(
    rows.map(async (row) => {
      const owner = row.userId === null ? undefined : visitors.get(row.userId);
      const open = isStaff(who) || (owner !== undefined && owner.id === who.visitor?.id);
      const device = owner?.deviceId ?? null;
      return {
        id: row.id,
        // Read by one old version of the web framework.
        session_id: row.id,
        device_id:
          open || device === null || owner === undefined ? device : await people.disguise(owner.id),
        starttime: isoNaive(row.startedAtUnixMs),
        stoptime: isoOrNull(row.endedAtUnixMs),
        client_type: row.clientType === '' ? null : row.clientType,
        client_system: row.clientSystem === '' ? null : row.clientSystem,
        demo_stream_enabled: row.demoStreamEnabled,
        geo_listen_enabled: row.geoListenEnabled,
        timezone: row.timezone,
        project_id: row.projectId,
        language_id: row.languageId,
      };
    }),
  );
}

export function sessionCalls(services: Services): readonly Call[] {
  const { content, clock } = services;
  const resource: Resource<VisitSession> = {
    path: 'sessions',
    table: content.sessions,
    read: 'any',
    write: 'any',
    inputs: INPUTS,
    filters: FILTERS,
    also: async (ask) => await languageConditions(content, ask),
    show: (rows, ask) => showSessions(services, rows, ask),
    fresh: async (values, ask) => {
      const { projectId, clientSystem } = values;
      const project = projectId === undefined ? undefined : await content.projects.get(projectId);
      if (project === undefined) throw badField('project_id', 'There is no such project.');
      return {
        projectId: project.id,
        userId: await visitorIdOf(services, ask.who),
        languageId: await languageIdOf(content, ask),
        clientType: values.clientType ?? ask.who.visitor?.clientType ?? '',
        clientSystem: clientSystem ?? '',
        timezone: values.timezone ?? '0000',
        geoListenEnabled: values.geoListenEnabled ?? project.geoListenEnabled,
        demoStreamEnabled: values.demoStreamEnabled ?? project.demoStreamEnabled,
        startedAtUnixMs: clock.nowMs(),
        endedAtUnixMs: null,
        endReason: null,
      };
    },
    change: async (values, _before, ask) => {
      const form = await ask.form();
      const named = field(form, id, 'language_id') ?? field(form, text(32), 'language');
      return named === undefined
        ? values
        : { ...values, languageId: await languageIdOf(content, ask) };
    },
    allow: (row, { who }) => Promise.resolve(mustOwnSession(row, who)),
  };
  return [
    {
      method: 'GET',
      path: 'sessions/count',
      access: 'any',
      run: async (ask) => {
        const more = await languageConditions(content, ask);
        const where = [...conditionsOf(ask, FILTERS), ...(more ?? [])];
        return { count: more === undefined ? 0 : await content.sessions.count({ where }) };
      },
    },
    // A visit is no change of the site; taking it out of the books is one.
    ...callsOf(resource).map((call) =>
      call.method === 'DELETE' ? call : { ...call, changes: false as const },
    ),
  ];
}

/** From `language`, else `language_id`; what the site does not have is the first language. */
async function languageIdOf(content: ContentStore, ask: Ask): Promise<number> {
  const form = await ask.form();
  const code = field(form, text(32), 'language');
  if (code !== undefined) return (await languageByCode(content, code))?.id ?? FIRST_LANGUAGE;
  const languageId = field(form, id, 'language_id') ?? FIRST_LANGUAGE;
  if ((await content.languages.get(languageId)) === undefined) {
    throw badField('language_id', 'There is no such language.');
  }
  return languageId;
}

async function languageConditions(
  content: ContentStore,
  ask: Ask,
): Promise<readonly { field: 'languageId'; op: '='; value: number }[] | undefined> {
  const code = ask.query.text('language');
  if (code === undefined) return [];
  const language = await languageByCode(content, code);
  return language === undefined
    ? undefined
    : [{ field: 'languageId', op: '=', value: language.id }];
}
