import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { ApiError } from '../data/api.js';
import { loadStory, vote } from './calls.js';
import { faultOf } from './faults.js';
import { say } from './notices.svelte.js';
import type { AssetStory, VoteKind } from './shapes.js';

/** What belongs to recordings: words, photo, own votes. Bounded: the longest unheard leave. */
const MOST = 200;
const stories = new SvelteMap<number, AssetStory>();
const liked = new SvelteSet<number>();
const asked = new Set<number>();

export const storyOf = (assetId: number): AssetStory | undefined => stories.get(assetId);
export const isLiked = (assetId: number): boolean => liked.has(assetId);

/** Loads what belongs to a recording, once. It plays without it too. */
export async function wantStory(visitId: string, assetId: number, language: string): Promise<void> {
  if (stories.has(assetId) || asked.has(assetId)) return;
  asked.add(assetId);
  try {
    const story = await loadStory(visitId, assetId, language);
    stories.set(assetId, story);
    const oldest = stories.size > MOST ? stories.keys().next().value : undefined;
    if (oldest !== undefined) stories.delete(oldest);
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    // The network was away: asked again when it sounds the next time.
  } finally {
    asked.delete(assetId);
  }
}

/** Votes; answers whether it arrived, and says so when not. */
export async function cast(visitId: string, assetId: number, kind: VoteKind): Promise<boolean> {
  if (kind === 'like') {
    if (liked.has(assetId)) liked.delete(assetId);
    else liked.add(assetId);
  }
  try {
    await vote(visitId, assetId, kind);
    return true;
  } catch (thrown) {
    if (kind === 'like') {
      if (liked.has(assetId)) liked.delete(assetId);
      else liked.add(assetId);
    }
    const { message, remedy } = faultOf(thrown);
    say(`${message} ${remedy}`);
    return false;
  }
}

export function forgetStories(): void {
  stories.clear();
  liked.clear();
}
