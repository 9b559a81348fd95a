import { describe, expect, it } from 'vitest';
import type { Asset, Speaker } from './content.types.js';
import { newSpeaker } from './content-defaults.js';
import { roundArea } from './shapes.js';
import {
  addSpeaker,
  changeCount,
  changeSpeaker,
  moveRecording,
  planChanges,
  planFault,
  removeSpeaker,
  type SitePlan,
} from './site-plan.js';

const shape = [[roundArea({ latitude: 1, longitude: 2 }, 10)]];
const fountain: Speaker = { ...newSpeaker(1, 'Fountain', shape), id: 4 };
const band: Speaker = { ...newSpeaker(1, 'Band', shape), id: 5 };
const base = [fountain, band];
const bees = { id: 9, latitude: 1, longitude: 2, radiusM: null, shape: null } as Asset;
const recordings = new Map([[9, bees]]);
const plan: SitePlan = { speakers: base, moved: new Map() };

describe('a plan of a site', () => {
  it('says only what changed', () => {
    expect(changeCount(planChanges(base, recordings, plan))).toBe(0);
    let next = changeSpeaker(plan, 4, { name: 'Well', maxVolume: fountain.maxVolume });
    next = removeSpeaker(next, 5);
    next = moveRecording(next, 9, { latitude: 1.5 });
    next = moveRecording(next, 9, { radiusM: 12, longitude: 2 });
    const [made, id] = addSpeaker(next, newSpeaker(1, 'Bell', shape));
    const changes = planChanges(base, recordings, made);
    expect(changes.changed).toEqual([[4, { name: 'Well' }]]);
    expect(changes.removed).toEqual([5]);
    expect(changes.moved).toEqual([[9, { latitude: 1.5, radiusM: 12 }]]);
    expect(changes.created.map((one) => one.id)).toEqual([id]);
    expect(id).toBeLessThan(0);
    expect(changeCount(changes)).toBe(4);
  });

  it('gives each new speaker an id of its own, and forgets one that is removed again', () => {
    const [one, first] = addSpeaker(plan, newSpeaker(1, 'a', shape));
    const [two, second] = addSpeaker(one, newSpeaker(1, 'b', shape));
    expect(first).not.toBe(second);
    const none = removeSpeaker(removeSpeaker(two, first), second);
    expect(changeCount(planChanges(base, recordings, none))).toBe(0);
  });

  it('that was put back as it was has no change', () => {
    const there = changeSpeaker(moveRecording(plan, 9, { latitude: 3 }), 4, { attenuationM: 1 });
    const back = changeSpeaker(moveRecording(there, 9, { latitude: 1 }), 4, {
      attenuationM: fountain.attenuationM,
    });
    expect(changeCount(planChanges(base, recordings, back))).toBe(0);
  });

  it('cannot be saved with an active speaker without an area, or louder outside than inside', () => {
    expect(planFault(plan)).toBeUndefined();
    expect(planFault(changeSpeaker(plan, 4, { shape: [] }))).toContain('no area');
    expect(planFault(changeSpeaker(plan, 4, { shape: [], active: false }))).toBeUndefined();
    expect(planFault(changeSpeaker(plan, 4, { minVolume: 2 }))).toContain('volume');
  });
});
