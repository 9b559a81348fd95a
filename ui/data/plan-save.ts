import { type Asset, createRow, patchRow, removeRow, type Speaker } from './content.js';
import type { PlanChanges, SitePlan } from './site-plan.js';

export interface SavedPlan {
  readonly plan: SitePlan;
  /** Speakers as the server has them now. */
  readonly base: readonly Speaker[];
  readonly assets: readonly Asset[];
  /** Ids that new speakers had → those that the server gave. */
  readonly made: ReadonlyMap<number, number>;
  /** What was thrown, in order; what failed is still a change of the plan. */
  readonly failed: readonly unknown[];
}

/** Tells the server what changed, each thing by itself; one that fails keeps none of the others back. */
export async function savePlan(
  changes: PlanChanges,
  plan: SitePlan,
  base: readonly Speaker[],
): Promise<SavedPlan> {
  let speakers = plan.speakers;
  let stored = base;
  const assets: Asset[] = [];
  const made = new Map<number, number>();
  const failed: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((thrown: unknown) => failed.push(thrown));
  };
  for (const { id, ...values } of changes.created) {
    await attempt(async () => {
      const row = await createRow('speakers', values);
      speakers = speakers.map((one) => (one.id === id ? row : one));
      stored = [...stored, row];
      made.set(id, row.id);
    });
  }
  for (const [id, patch] of changes.changed) {
    await attempt(async () => {
      const row = await patchRow('speakers', id, patch);
      speakers = speakers.map((one) => (one.id === id ? row : one));
      stored = stored.map((one) => (one.id === id ? row : one));
    });
  }
  for (const id of changes.removed) {
    await attempt(async () => {
      await removeRow('speakers', id);
      stored = stored.filter((one) => one.id !== id);
    });
  }
  for (const [id, patch] of changes.moved) {
    await attempt(async () => {
      assets.push(await patchRow('assets', id, patch));
    });
  }
  return { plan: { ...plan, speakers }, base: stored, assets, made, failed };
}
