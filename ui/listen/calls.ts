import type { AnswerOf } from '../../api/client/calls.types.js';
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
  const query = { listenEnabled: 'true', limit: 200, order: 'name' };
  return (await call('GET', '/v1/projects', { query })).items;
}

/** @throws ApiError `not-found` when it does not exist or is closed to visitors. */
export function loadForListener(id: number, language: string): Promise<ProjectForListener> {
  return call('GET', '/v1/projects/{id}/listener', { params: { id }, query: { language } });
}

export function openVisit(projectId: number, wish: Wish): Promise<Visit> {
  // What was taken back is not wished for; only a change says so with `null`.
  const headingDeg = wish.headingDeg ?? undefined;
  const rangeMaxM = wish.rangeMaxM ?? undefined;
  return call('POST', '/v1/sessions', { body: { projectId, ...wish, headingDeg, rangeMaxM } });
}

export function changeVisit(id: string, wish: Wish): Promise<unknown> {
  return call('PATCH', '/v1/sessions/{id}', { params: { id }, body: wish });
}

export type Command = 'pause' | 'resume' | 'skip' | 'replay' | 'heartbeat';

/** What a command did: `done` false says in `message` why not. */
export type CommandAnswer = Pick<AnswerOf<'POST', '/v1/sessions/{id}/play'>, 'done' | 'message'>;

export function commandVisit(id: string, command: Command): Promise<CommandAnswer> {
  return call('POST', `/v1/sessions/{id}/${command}`, { params: { id } });
}

export function playAsset(id: string, assetId: number): Promise<CommandAnswer> {
  return call('POST', '/v1/sessions/{id}/play', { params: { id }, body: { assetId } });
}

export function loadPlaying(id: string): Promise<Playing> {
  return call('GET', '/v1/sessions/{id}/playing', { params: { id } });
}

export async function loadNearby(id: string): Promise<readonly NearbyAsset[]> {
  return (await call('GET', '/v1/sessions/{id}/audible-assets', { params: { id } })).items;
}

/** Longer texts are cut: they are shown in two lines. */
const MOST_TEXT = 4_000;

export async function loadStory(
  id: string,
  assetId: number,
  language?: string,
): Promise<AssetStory> {
  const story = await call('GET', '/v1/sessions/{id}/assets/{assetId}', {
    params: { id, assetId },
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
  return call('POST', '/v1/sessions/{id}/votes', { params: { id }, body: { assetId, kind } });
}

export async function openEnvelope(id: string): Promise<number> {
  return (await call('POST', '/v1/sessions/{id}/envelopes', { params: { id } })).id;
}

export function endVisit(id: string): Promise<unknown> {
  return call('DELETE', '/v1/sessions/{id}', { params: { id } });
}

/** True when the thing is gone for good, so that asking again is of no use. */
export const isGone = (fault: ApiError): boolean => fault.status === 404 || fault.status === 410;
