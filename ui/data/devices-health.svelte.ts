import { ApiError } from './api.js';
import { type DevicesHealthState, devicesHealth } from './hardware.js';

const EVERY_MS = 10_000;

/** How the devices are, asked every ten seconds; call it while a component is set up. Undefined: not known yet. */
export function watchDevicesHealth(wanted: () => boolean): {
  readonly state: DevicesHealthState | undefined;
} {
  let state = $state<DevicesHealthState | undefined>(undefined);
  $effect(() => {
    if (!wanted()) {
      state = 'unknown';
      return;
    }
    const gone = new AbortController();
    const ask = (): void => {
      if (document.hidden) return;
      devicesHealth(gone.signal).then(
        (answer) => {
          state = answer.state;
        },
        (thrown: unknown) => {
          if (gone.signal.aborted) return;
          // A server without plugins has no such question.
          state = thrown instanceof ApiError && thrown.status === 404 ? undefined : 'unknown';
        },
      );
    };
    ask();
    const timer = setInterval(ask, EVERY_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
      gone.abort();
    };
  });
  return {
    get state() {
      return state;
    },
  };
}
