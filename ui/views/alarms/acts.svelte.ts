import { type AlarmAction, type AlarmActionMore, actOnAlarms } from '../../data/alarms.js';
import { complain } from '../../data/collection.svelte.js';
import { count } from '../../data/format.js';
import { toast } from '../../parts/toasts.svelte.js';

const DONE: Readonly<Record<AlarmAction, string>> = {
  acknowledge: 'acknowledged',
  unacknowledge: 'no longer acknowledged',
  assign: 'assigned',
  shelve: 'shelved',
  unshelve: 'taken from the shelf',
  clear: 'cleared',
};
const BACK: Partial<Readonly<Record<AlarmAction, AlarmAction>>> = {
  acknowledge: 'unacknowledge',
  shelve: 'unshelve',
};

/** What is done to alarms from the desk; tells what came of it. */
export class AlarmActs {
  #busy = $state<AlarmAction | undefined>(undefined);

  get busy(): AlarmAction | undefined {
    return this.#busy;
  }

  /** @returns true when at least one was done. */
  async run(
    ids: readonly string[],
    action: AlarmAction,
    more: AlarmActionMore = {},
  ): Promise<boolean> {
    if (ids.length === 0 || this.#busy !== undefined) return false;
    this.#busy = action;
    try {
      const { done, refused } = await actOnAlarms(ids, action, more);
      const [why] = refused;
      if (why) toast('attention', `${count(refused.length, 'alarm')} refused: ${why.reason}`);
      const back = BACK[action];
      if (done.length > 0) {
        toast('good', `${count(done.length, 'alarm')} ${DONE[action]}.`, {
          ...(back === undefined
            ? {}
            : { action: { word: 'Undo', run: () => void this.run(done.map(String), back) } }),
        });
      }
      return done.length > 0;
    } catch (thrown) {
      complain(thrown);
      return false;
    } finally {
      this.#busy = undefined;
    }
  }
}
