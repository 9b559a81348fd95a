import type { Asset, Shape, Speaker } from './content.types.js';
import { changesOf } from './form-spec.js';

/** What of a recording the map changes. */
export type Placed = Pick<Asset, 'latitude' | 'longitude' | 'radiusM' | 'shape'>;

/** What the map editor works on: speakers whole, recordings that were moved. New speakers have ids below 0. */
export interface SitePlan {
  readonly speakers: readonly Speaker[];
  readonly moved: ReadonlyMap<number, Partial<Placed>>;
}

export interface PlanChanges {
  readonly created: readonly Speaker[];
  readonly changed: readonly (readonly [id: number, patch: Partial<Speaker>])[];
  readonly removed: readonly number[];
  readonly moved: readonly (readonly [id: number, patch: Partial<Placed>])[];
}

export function changeSpeaker(plan: SitePlan, id: number, patch: Partial<Speaker>): SitePlan {
  return {
    ...plan,
    speakers: plan.speakers.map((one) => (one.id === id ? { ...one, ...patch } : one)),
  };
}

/** Adds a speaker. @returns the plan and its id, below 0 until it is saved. */
export function addSpeaker(
  plan: SitePlan,
  values: Omit<Speaker, 'id'>,
): readonly [plan: SitePlan, id: number] {
  const id = Math.min(0, ...plan.speakers.map((one) => one.id)) - 1;
  return [{ ...plan, speakers: [...plan.speakers, { ...values, id }] }, id];
}

export const removeSpeaker = (plan: SitePlan, id: number): SitePlan => ({
  ...plan,
  speakers: plan.speakers.filter((one) => one.id !== id),
});

export function moveRecording(plan: SitePlan, id: number, patch: Partial<Placed>): SitePlan {
  return { ...plan, moved: new Map(plan.moved).set(id, { ...plan.moved.get(id), ...patch }) };
}

/** What has to be told to the server so that it has `plan`. */
export function planChanges(
  base: readonly Speaker[],
  recordings: ReadonlyMap<number, Asset>,
  plan: SitePlan,
): PlanChanges {
  const known = new Map(base.map((one) => [one.id, one]));
  const kept = new Set(plan.speakers.map((one) => one.id));
  const changed = plan.speakers.flatMap((one) => {
    const before = known.get(one.id);
    const patch = before ? changesOf(before, one) : {};
    return Object.keys(patch).length > 0 ? [[one.id, patch] as const] : [];
  });
  const moved = [...plan.moved].flatMap(([id, patch]) => {
    const before = recordings.get(id);
    if (!before) return [];
    const real = changesOf<Placed>(
      {
        latitude: before.latitude,
        longitude: before.longitude,
        radiusM: before.radiusM,
        shape: before.shape,
      },
      {
        latitude: before.latitude,
        longitude: before.longitude,
        radiusM: before.radiusM,
        shape: before.shape,
        ...patch,
      },
    );
    return Object.keys(real).length > 0 ? [[id, real] as const] : [];
  });
  return {
    created: plan.speakers.filter((one) => one.id < 0),
    changed,
    removed: base.filter((one) => !kept.has(one.id)).map((one) => one.id),
    moved,
  };
}

export const changeCount = (changes: PlanChanges): number =>
  changes.created.length + changes.changed.length + changes.removed.length + changes.moved.length;

/** Says why a plan cannot be saved, or undefined. */
export function planFault(plan: SitePlan): string | undefined {
  const silent = plan.speakers.find((one) => one.maxVolume < one.minVolume);
  if (silent) return `“${silent.name}”: the volume inside must not be below the one outside.`;
  const flat = plan.speakers.find((one) => one.active && isFlat(one.shape));
  if (flat) return `“${flat.name}” has no area: draw one, or switch it off.`;
  return undefined;
}

const isFlat = (shape: Shape): boolean => shape.every((polygon) => (polygon[0]?.length ?? 0) < 4);
