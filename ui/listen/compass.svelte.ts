import { headingOf, turn } from './heading.js';

/** Of the device's own compass. */
export type CompassState = 'off' | 'asking' | 'on' | 'denied' | 'absent';

/** A device without a compass says nothing at all; so it is given this long. */
const SILENT_MS = 2_500;
const LEAST_CHANGE_DEG = 3;

let state = $state<CompassState>('off');
let stop: (() => void) | undefined;

export const compass = {
  get state(): CompassState {
    return state;
  },
};

type AsksFirst = { requestPermission?: () => Promise<'granted' | 'denied' | 'default'> };

/** Follows the compass; to be called inside of a press, since some phones ask. */
export async function followCompass(onturn: (headingDeg: number) => void): Promise<void> {
  unfollowCompass();
  if (typeof DeviceOrientationEvent === 'undefined') {
    state = 'absent';
    return;
  }
  state = 'asking';
  const asks = DeviceOrientationEvent as unknown as AsksFirst;
  if (asks.requestPermission) {
    const answer = await asks.requestPermission().catch(() => 'denied' as const);
    if (answer !== 'granted') {
      state = 'denied';
      return;
    }
  }
  const name =
    'ondeviceorientationabsolute' in window ? 'deviceorientationabsolute' : 'deviceorientation';
  let last: number | undefined;
  const listen = (event: Event): void => {
    const heading = headingOf(
      event as DeviceOrientationEvent,
      window.screen.orientation?.angle ?? 0,
    );
    if (heading === undefined) return;
    state = 'on';
    if (last !== undefined && Math.abs(turn(last, heading)) < LEAST_CHANGE_DEG) return;
    last = heading;
    onturn(Math.round(heading) % 360);
  };
  window.addEventListener(name, listen);
  const silent = setTimeout(() => {
    if (last === undefined) {
      unfollowCompass();
      state = 'absent';
    }
  }, SILENT_MS);
  stop = () => {
    clearTimeout(silent);
    window.removeEventListener(name, listen);
  };
}

export function unfollowCompass(): void {
  stop?.();
  stop = undefined;
  state = 'off';
}
