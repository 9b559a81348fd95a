import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssetDefinition, TrackDefinition } from '../ports.js';
import { PreparedProject } from '../project/prepared.js';
import { anyStory, oddListener, type Step, type Story } from '../testing/arbitraries.js';
import { NaivePlaylist } from '../testing/naive-playlist.js';
import { Playlist } from './playlist.js';

const SEED = 5;

/** The real playlist and the plain one, living through the same story. */
class Pair {
  readonly naive: NaivePlaylist;
  readonly project: PreparedProject;
  playlist = new Playlist({ seed: SEED });
  nowS = 0;

  /** `scanUpTo`: see `PoolOptions`; 0 asks the index even of a few assets. */
  constructor(story: Story, scanUpTo?: number) {
    this.naive = new NaivePlaylist(SEED, story.definition, story.listener);
    this.naive.assets = story.assets;
    this.project = new PreparedProject(story.definition, { scanUpTo });
    this.project.changeAssets({ projectId: 1, reset: true, put: story.assets, removed: [] });
    this.playlist.retarget(this.project, story.listener);
  }

  get tracks(): readonly TrackDefinition[] {
    return this.naive.definition.tracks;
  }

  /** Does one step with both and compares what they say. */
  step(step: Step): void {
    switch (step.do) {
      case 'move':
        this.naive.listener = step.listener;
        this.#moved();
        break;
      case 'take':
        this.#take(step.track, step.afterS);
        break;
      case 'end':
        this.playlist.ended(step.assetId);
        this.naive.ended(step.assetId);
        break;
      case 'play':
        expect(this.playlist.playNext(step.assetId)).toBe(this.naive.playNext(step.assetId));
        break;
      case 'put':
        this.#assets([step.asset], []);
        break;
      case 'remove':
        this.#assets([], [step.assetId]);
        break;
      case 'define':
        this.naive.definition = step.definition;
        this.project.setDefinition(step.definition);
        this.#moved();
        break;
    }
  }

  #moved(): void {
    this.playlist.retarget(this.project, this.naive.listener);
    this.naive.moved();
  }

  #assets(put: readonly AssetDefinition[], removed: readonly number[]): void {
    this.project.changeAssets({ projectId: 1, reset: false, put, removed });
    const gone = new Set([...removed, ...put.map((asset) => asset.id)]);
    this.naive.assets = [...this.naive.assets.filter((asset) => !gone.has(asset.id)), ...put];
    this.#moved();
  }

  #take(no: number, afterS: number): void {
    // Whole milliseconds, as a playlist keeps them.
    this.nowS = Math.round((this.nowS + afterS) * 1_000) / 1_000;
    const track = this.tracks[no];
    if (track === undefined) return;
    const taken = this.playlist.take(track, this.nowS);
    const wanted = this.naive.take(track, this.nowS);
    const kind = taken?.forced === true ? 'forced' : taken?.timed === true ? 'timed' : 'near';
    expect(taken && { id: taken.asset.id, kind }).toEqual(wanted);
    this.naive.round = this.playlist.save().round;
    if (taken === undefined) return;
    const left = this.naive.ready(track, this.nowS).near.length;
    expect(taken.remaining).toBe(left + this.playlist.save().forced.length);
    // An asset that was asked for again while it sounds has two voices; the plain one knows one.
    if (taken.forced) {
      for (const [id, , count] of this.playlist.save().sounding)
        for (let i = 1; i < count; i++) this.playlist.ended(id);
    }
  }
}

describe('a playlist', () => {
  it('does what the plain rules say, through any story, anywhere on Earth', () => {
    fc.assert(
      fc.property(anyStory(40), fc.constantFrom(undefined, 0), (story, scanUpTo) => {
        const pair = new Pair(story, scanUpTo);
        for (const step of story.steps) pair.step(step);
      }),
      { numRuns: 400 },
    );
  });

  it('never plays what is blocked, another language, or not for the listener', () => {
    fc.assert(
      fc.property(anyStory(30), (story) => {
        const pair = new Pair(story);
        for (const step of story.steps) {
          if (step.do !== 'take') {
            pair.step(step);
            continue;
          }
          const track = pair.tracks[step.track];
          pair.nowS += step.afterS;
          const taken = track && pair.playlist.take(track, pair.nowS);
          if (track === undefined || taken === undefined) continue;
          const { naive } = pair;
          expect(naive.blocked(taken.asset)).toBe(false);
          expect(taken.asset.submitted || taken.asset.userId === naive.listener.userId).toBe(true);
          if (!taken.forced) expect(naive.chosen(taken.asset, track)).toBe(true);
          if (!taken.forced && !taken.timed) expect(naive.near(taken.asset)).toBe(true);
          expect(pair.playlist.accepts(taken.asset.id, track)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('explains every silence: no reason means that some track may take it', () => {
    fc.assert(
      fc.property(anyStory(20), (story) => {
        const pair = new Pair(story);
        for (const step of story.steps) if (step.do !== 'play') pair.step(step);
        const { naive, playlist, nowS } = pair;
        const ready = new Set<number>();
        for (const track of pair.tracks) {
          const { near, timed } = naive.ready(track, nowS);
          for (const asset of [...near, ...timed]) ready.add(asset.id);
        }
        const explained = playlist.explain(undefined, 1_000, nowS);
        expect(explained.map((one) => one.assetId).sort((a, b) => a - b)).toEqual(
          naive.assets.map((asset) => asset.id).sort((a, b) => a - b),
        );
        const queue = playlist.queue(nowS, 1_000);
        expect(queue.total).toBe(queue.next.length);
        expect(new Set(queue.next)).toEqual(ready);
        for (const one of explained)
          if (ready.has(one.assetId)) expect([one.assetId, one.reasons]).toEqual([one.assetId, []]);
        for (const one of explained) {
          if (one.reasons.length > 0 || one.playing || ready.has(one.assetId)) continue;
          // What is heard by itself at its place needs no track.
          expect(naive.assets.find((asset) => asset.id === one.assetId)?.placed).toBe(true);
          expect(naive.listener).toMatchObject({ profile: 'native', geoListen: true });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('goes on elsewhere as it would have here', () => {
    fc.assert(
      fc.property(anyStory(40), fc.nat(40), (story, moveAt) => {
        const pair = new Pair(story);
        for (const [no, step] of story.steps.entries()) {
          if (no === moveAt) {
            const saved: unknown = JSON.parse(JSON.stringify(pair.playlist.save()));
            pair.playlist = new Playlist({ seed: 1 });
            pair.playlist.restore(saved);
            pair.playlist.retarget(pair.project, pair.naive.listener);
          }
          pair.step(step);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('survives numbers that are no places, headings or ranges', () => {
    fc.assert(
      fc.property(anyStory(3), oddListener, (story, listener) => {
        const pair = new Pair(story);
        pair.playlist.retarget(pair.project, listener);
        const [track] = pair.tracks;
        if (track !== undefined) pair.playlist.take(track, 1);
        for (const heard of [
          ...pair.project.speakersAt(listener),
          ...pair.project.placedAt(listener),
        ]) {
          expect(heard.gain).toBeGreaterThan(0);
          expect(heard.gain).toBeLessThanOrEqual(1);
          expect(Math.abs(heard.pan)).toBeLessThanOrEqual(1);
        }
        pair.project.inRange(listener.position);
        pair.playlist.explain(undefined, 10, 1);
      }),
      { numRuns: 300 },
    );
  });
});
