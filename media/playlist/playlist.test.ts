import { describe, expect, it } from 'vitest';
import { movedListener } from '../engine/listener.js';
import type { AssetDefinition, ListenerState, ProjectDefinition } from '../ports.js';
import { PreparedProject } from '../project/prepared.js';
import { assetOf, at, listenerOf, projectOf, trackOf } from '../testing/definitions.js';
import { Playlist } from './playlist.js';

const track = trackOf();

function setUp(
  assets: readonly AssetDefinition[],
  definition: ProjectDefinition = projectOf(),
  listener: ListenerState = listenerOf(),
) {
  const project = new PreparedProject(definition);
  project.changeAssets({ projectId: 1, reset: true, put: assets, removed: [] });
  const playlist = new Playlist({ seed: 7 });
  playlist.retarget(project, listener);
  /** Plays until nothing is left. */
  const all = (nowS = 0, by = track): number[] => {
    const ids: number[] = [];
    for (;;) {
      const taken = playlist.take(by, nowS);
      if (taken === undefined || ids.length > 100) return ids;
      ids.push(taken.asset.id);
      playlist.ended(taken.asset.id);
    }
  };
  return { project, playlist, all };
}

const ids = (count: number): AssetDefinition[] =>
  Array.from({ length: count }, (_, i) => assetOf({ id: i + 1 }));

describe('the pool', () => {
  it('has what is submitted, sounds and speaks the language', () => {
    const { all } = setUp([
      assetOf({ id: 1 }),
      assetOf({ id: 2, submitted: false }),
      assetOf({ id: 3, startS: 5, endS: 5.000_000_5 }),
      assetOf({ id: 4, languageId: 2 }),
    ]);
    expect(all()).toEqual([1]);
  });

  const tagRules = {
    defaultTagIds: [10],
    categoryOf: new Map([
      [10, 1],
      [11, 1],
      [20, 2],
    ]),
  };
  const tagged = [
    assetOf({ id: 1, tagIds: [10, 20] }),
    assetOf({ id: 2, tagIds: [11] }),
    assetOf({ id: 3, tagIds: [20] }),
    assetOf({ id: 4, tagIds: [99] }),
  ];
  const heard = (part: Partial<ListenerState>, rules = tagRules): number[] =>
    setUp(tagged, projectOf({ settings: { tagRules: rules } }), listenerOf(part))
      .all()
      .sort((a, b) => a - b);

  it('takes one of each category, every category', () => {
    expect(heard({ tagIds: [10, 11] })).toEqual([1, 2]);
    expect(heard({ tagIds: [10, 11, 20] })).toEqual([1]);
    expect(heard({ tagIds: [20] })).toEqual([1, 3]);
    expect(heard({ tagIds: [20, 99] })).toEqual([1, 3]);
  });

  it('without tags is the defaults for Roundware, everything for native listeners', () => {
    expect(heard({})).toEqual([1, 2, 3, 4]);
    expect(heard({ profile: 'roundware' })).toEqual([1]);
    expect(heard({ profile: 'roundware', tagIds: [] })).toEqual([1]);
    expect(heard({ profile: 'roundware' }, { ...tagRules, defaultTagIds: [] })).toEqual([]);
  });

  it('keeps the choice of a listener who only walked when somebody uploads', () => {
    const definition = projectOf({ settings: { tagRules } });
    const { project, playlist, all } = setUp(tagged, definition, listenerOf({ tagIds: [11] }));
    playlist.retarget(
      project,
      movedListener(listenerOf({ tagIds: [11] }), { id: 'a', position: at(1, 0) }),
    );
    const put = [assetOf({ id: 8, tagIds: [10] }), assetOf({ id: 9, tagIds: [11] })];
    project.changeAssets({ projectId: 1, reset: false, put, removed: [] });
    const heard = all();
    expect(heard).toContain(9);
    expect(heard).not.toContain(8);
  });

  it('keeps a track to its own tags', () => {
    const { all } = setUp(tagged);
    expect(all(0, trackOf({ tagIds: [11, 99] }))).toEqual([4, 2]);
  });
});

describe('playing order', () => {
  it('is highest first, of equals the newest', () => {
    const assets = [
      assetOf({ id: 1, weight: 5, likes: 1 }),
      assetOf({ id: 2, weight: 9 }),
      assetOf({ id: 3, weight: 5 }),
    ];
    expect(setUp(assets).all()).toEqual([2, 3, 1]);
    expect(setUp(assets, projectOf({ settings: { ordering: 'by_like' } })).all()).toEqual([
      1, 3, 2,
    ]);
  });

  it('is by chance otherwise, equal for equal seeds, and everything comes once', () => {
    const random = projectOf({ settings: { ordering: 'random' } });
    const first = setUp(ids(20), random).all();
    expect(setUp(ids(20), random).all()).toEqual(first);
    expect([...first].sort((a, b) => a - b)).toEqual(ids(20).map((a) => a.id));
    expect(first).not.toEqual(ids(20).map((a) => a.id));
    const everywhere = setUp(ids(20), random, listenerOf({ geoListen: false })).all();
    expect(everywhere).toEqual(first);
  });
});

describe('bans', () => {
  it('hold for a time and while the listener stays', () => {
    const { project, playlist, all } = setUp(ids(1));
    expect(all(0)).toEqual([1]);
    expect(all(10_000)).toEqual([]);
    playlist.retarget(project, listenerOf({ position: at(500, 0) }));
    playlist.retarget(project, listenerOf());
    expect(all(1_799)).toEqual([]);
    expect(all(1_800)).toEqual([1]);
  });

  it('are of time alone where everything is near', () => {
    const { all } = setUp(ids(1), projectOf(), listenerOf({ geoListen: false }));
    expect([all(0), all(1_799), all(1_800)]).toEqual([[1], [], [1]]);
  });

  it('of place are lifted when a continuous project has nothing left', () => {
    const { all } = setUp(ids(2), projectOf({ settings: { repeatMode: 'continuous' } }));
    expect(all(0)).toEqual([2, 1]);
    expect(all(1_000)).toEqual([]);
    expect(all(2_000)).toEqual([2, 1]);
  });

  it('that a continuous project lifts are those of the place where the listener is now', () => {
    const apart = [assetOf({ id: 1 }), assetOf({ id: 2, position: at(500, 0) })];
    const { project, playlist, all } = setUp(
      apart,
      projectOf({ settings: { repeatMode: 'continuous' } }),
    );
    expect(all(0)).toEqual([1]);
    playlist.retarget(project, listenerOf({ position: at(500, 0) }));
    expect(all(1)).toEqual([2]);
    expect(all(2_000)).toEqual([2]);
  });

  it('of a track are its own', () => {
    const slow = trackOf({ bannedS: 60 });
    const { all } = setUp(
      ids(1),
      projectOf({ tracks: [slow], settings: { bannedS: 0 } }),
      listenerOf({ geoListen: false }),
    );
    expect([all(0, slow), all(59, slow), all(60, slow)]).toEqual([[1], [], [1]]);
  });

  it('of place do not hold on a track that repeats', () => {
    const { all } = setUp(ids(1));
    const repeats = trackOf({ repeatRecordings: true });
    expect([all(0, repeats), all(1_799, repeats), all(1_800, repeats)]).toEqual([[1], [], [1]]);
  });

  it('keep two tracks from playing the same', () => {
    const { playlist } = setUp(ids(1), projectOf({ settings: { bannedS: 0 } }));
    const repeats = trackOf({ repeatRecordings: true });
    expect(playlist.take(repeats, 0)?.asset.id).toBe(1);
    expect(playlist.take(repeats, 1)).toBeUndefined();
    playlist.ended(1);
    expect(playlist.take(repeats, 1)?.asset.id).toBe(1);
  });
});

describe('what is fetched ahead', () => {
  it('is what will be taken', () => {
    const random = projectOf({
      settings: { ordering: 'random' },
      timedAssets: [{ id: 1, assetId: 3, startS: 0, endS: 99 }],
    });
    for (const listener of [listenerOf(), listenerOf({ geoListen: false })]) {
      const { playlist, all } = setUp(ids(12), random, listener);
      playlist.playNext(5);
      const ahead = playlist.peek(track, 0, 4);
      expect(ahead.slice(0, 2)).toEqual([5, 3]);
      expect(all().slice(0, 4)).toEqual(ahead);
    }
    expect(new Playlist({ seed: 1 }).peek(track, 0, 4)).toEqual([]);
  });
});

describe('an asset asked for', () => {
  it('comes next, whatever is banned, near or filtered', () => {
    const far = assetOf({ id: 3, position: at(9_000, 0), languageId: 9 });
    const { playlist, all } = setUp([...ids(2), far]);
    expect(all()).toEqual([2, 1]);
    expect(playlist.playNext(3)).toBe(true);
    expect(playlist.playNext(1)).toBe(true);
    expect(playlist.take(track, 1)).toMatchObject({ asset: { id: 1 }, forced: true });
    expect(playlist.take(track, 1)).toMatchObject({ asset: { id: 3 }, forced: true });
    expect(playlist.accepts(3, track)).toBe(true);
    expect(playlist.take(track, 1)).toBeUndefined();
    expect(playlist.replay()).toBe(3);
    expect(playlist.take(track, 2)?.asset.id).toBe(3);
  });

  it('may be an own one that is not submitted, nobody else', () => {
    const own = assetOf({ id: 1, submitted: false, userId: 5 });
    const author = setUp([own], projectOf(), listenerOf({ userId: 5 })).playlist;
    expect(author.take(track, 0)).toBeUndefined();
    expect(author.playNext(1)).toBe(true);
    expect(author.take(track, 0)?.asset.id).toBe(1);
    expect(setUp([own], projectOf(), listenerOf({ userId: 6 })).playlist.playNext(1)).toBe(false);
  });

  it('is refused when it is unknown, silent or blocked', () => {
    const { playlist } = setUp(
      [assetOf({ id: 1, endS: 0 }), assetOf({ id: 2 })],
      projectOf(),
      listenerOf({ blockedAssetIds: [2] }),
    );
    for (const id of [1, 2, 99]) expect(playlist.playNext(id)).toBe(false);
    expect(playlist.replay()).toBeUndefined();
  });
});

describe('blocks', () => {
  it('leave the queue at once', () => {
    const { project, playlist } = setUp([
      assetOf({ id: 1, userId: 4 }),
      assetOf({ id: 2 }),
      assetOf({ id: 3 }),
    ]);
    expect(playlist.queue(0)).toEqual({ next: [3, 2, 1], total: 3 });
    playlist.playNext(3);
    playlist.retarget(project, listenerOf({ blockedAssetIds: [3], blockedUserIds: [4] }));
    expect(playlist.take(track, 0)?.asset.id).toBe(2);
    expect(playlist.take(track, 0)).toBeUndefined();
    expect(playlist.accepts(3, track)).toBe(false);
  });
});

describe('timed assets', () => {
  const far = assetOf({ id: 9, position: at(9_000, 0) });
  const timedAssets = [{ id: 1, assetId: 9, startS: 10, endS: 20 }];

  it('play in their window, wherever they are', () => {
    const { playlist } = setUp([far], projectOf({ timedAssets }));
    expect(playlist.take(track, 9.9)).toBeUndefined();
    expect(playlist.take(track, 10)).toMatchObject({ asset: { id: 9 }, timed: true });
    expect(playlist.accepts(9, track)).toBe(true);
    expect(setUp([far], projectOf({ timedAssets })).playlist.take(track, 20.1)).toBeUndefined();
  });

  it('come before or after near ones, as project and track say', () => {
    const order = (timedFirst: boolean, priority: typeof track.timedPriority): number[] =>
      setUp([...ids(1), far], projectOf({ timedAssets, settings: { timedFirst } })).all(
        15,
        trackOf({ timedPriority: priority }),
      );
    expect(order(true, 'normal')).toEqual([9, 1]);
    expect(order(false, 'normal')).toEqual([1, 9]);
    expect(order(false, 'highest')).toEqual([9, 1]);
    expect(order(true, 'lowest')).toEqual([1, 9]);
    expect(order(true, 'neutral')).toEqual([9, 1]);
    expect(order(true, 'discard')).toEqual([1]);
  });

  it('are not heard when blocked', () => {
    const blocked = listenerOf({ blockedAssetIds: [9] });
    expect(setUp([far], projectOf({ timedAssets }), blocked).all(15)).toEqual([]);
  });
});

describe('a saved playlist', () => {
  it('has the same future, and reads rubbish as nothing', () => {
    const random = projectOf({ settings: { ordering: 'random' } });
    const { project, playlist, all } = setUp(ids(10), random);
    for (let i = 0; i < 4; i++) playlist.take(track, i);
    const saved: unknown = JSON.parse(JSON.stringify(playlist.save()));
    const other = new Playlist({ seed: 99 });
    other.restore(saved);
    other.retarget(project, listenerOf());
    expect(other.queue(5)).toEqual(playlist.queue(5));
    const rest = all(5);
    expect(rest).toHaveLength(6);
    expect(Array.from({ length: 6 }, () => other.take(track, 5)?.asset.id)).toEqual(rest);
    for (const rubbish of [null, 3, [], { bans: [[1]], forced: 'x', sounding: [[1, 'no', 2]] }]) {
      other.restore(rubbish);
      expect(other.queue(5).total).toBe(10);
    }
  });
});
