import type { ApiError } from '../data/api.js';
import { call } from '../data/api.js';
import type {
  AssetStory,
  NearbyAsset,
  Playing,
  ProjectEntry,
  ProjectForListener,
  Visit,
  VoteKind,
  Wish,
} from './shapes.js';

/** All projects that visitors may hear. @throws ApiError */
export async function listOpenProjects(): Promise<readonly ProjectEntry[]> {
  const answer = await call<{ readonly items: readonly ProjectEntry[] } | readonly ProjectEntry[]>(
    'GET',
    '/v1/projects',
    { query: { listenEnabled: 'true', limit: 200, order: 'name' } },
  );
  return 'items' in answer ? answer.items : answer;
}

/** @throws ApiError `not-found` when it does not exist or is closed to visitors. */
export function loadForListener(id: number, language: string): Promise<ProjectForListener> {
  return call<ProjectForListener>('GET', `/v1/projects/${id}/listener`, { query: { language } });
}

const path = (id: string): string => `/v1/sessions/${encodeURIComponent(id)}`;

export function openVisit(projectId: number, wish: Wish): Promise<Visit> {
  // What was taken back is not wished for; only a change says so with `null`.
  const given = Object.entries(wish).filter(([, value]) => value !== null);
  return call<Visit>('POST', '/v1/sessions', { body: { projectId, ...Object.fromEntries(given) } });
}

export function changeVisit(id: string, wish: Wish): Promise<unknown> {
  return call('PATCH', path(id), { body: wish });
}

export type Command = 'pause' | 'resume' | 'skip' | 'replay' | 'heartbeat';

/** What a command did: `done` false says in `message` why not. */
export interface CommandAnswer {
  readonly done?: boolean;
  readonly message?: string | null;
}

export async function commandVisit(id: string, command: Command): Promise<CommandAnswer> {
  return (await call<CommandAnswer | undefined>('POST', `${path(id)}/${command}`)) ?? {};
}

export async function playAsset(id: string, assetId: number): Promise<CommandAnswer> {
  return (
    (await call<CommandAnswer | undefined>('POST', `${path(id)}/play`, { body: { assetId } })) ?? {}
  );
}

export function loadPlaying(id: string): Promise<Playing> {
  return call<Playing>('GET', `${path(id)}/playing`);
}

export async function loadNearby(id: string): Promise<readonly NearbyAsset[]> {
  return (
    await call<{ readonly items: readonly NearbyAsset[] }>('GET', `${path(id)}/audible-assets`)
  ).items;
}

/** Longer texts are cut: they are shown in two lines. */
const MOST_TEXT = 4_000;

export async function loadStory(
  id: string,
  assetId: number,
  language?: string,
): Promise<AssetStory> {
  const story = await call<Omit<AssetStory, 'text'>>('GET', `${path(id)}/assets/${assetId}`, {
    query: { language },
  });
  return { ...story, text: story.textUrl === null ? null : await textOf(story.textUrl) };
}

/** A text that cannot be had is left out: the sound is what counts. */
async function textOf(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url);
    return answer.ok ? (await answer.text()).slice(0, MOST_TEXT) : null;
  } catch (thrown) {
    console.debug('the text of a recording could not be loaded', thrown);
    return null;
  }
}

export function vote(id: string, assetId: number, kind: VoteKind): Promise<unknown> {
  return call('POST', `${path(id)}/votes`, { body: { assetId, kind } });
}

export async function openEnvelope(id: string): Promise<number> {
  return (await call<{ readonly id: number }>('POST', `${path(id)}/envelopes`)).id;
}

export function endVisit(id: string): Promise<unknown> {
  return call('DELETE', path(id));
}

/** True when the thing is gone for good, so that asking again is of no use. */
export const isGone = (fault: ApiError): boolean => fault.status === 404 || fault.status === 410;
