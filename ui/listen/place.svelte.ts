import type { Position } from '../../api/contract/rest.js';

/** What is known about where the device is. */
export type Fix = 'off' | 'asking' | 'found' | 'denied' | 'unavailable' | 'timeout' | 'insecure';

let fix = $state<Fix>('off');
let at = $state.raw<Position | undefined>(undefined);
let accuracyM = $state<number | undefined>(undefined);
let watch: number | undefined;
let permission: PermissionStatus | undefined;

export const place = {
  get fix(): Fix {
    return fix;
  },
  get at(): Position | undefined {
    return at;
  },
  get accuracyM(): number | undefined {
    return accuracyM;
  },
};

const FAULTS: Readonly<Record<number, Fix>> = { 1: 'denied', 2: 'unavailable', 3: 'timeout' };

/** Follows the device. Asks for permission, so best inside of a press. `onmove` is called for each new place. */
export function follow(onmove: (to: Position) => void): void {
  unfollow();
  if (!window.isSecureContext) {
    fix = 'insecure';
    return;
  }
  if (!('geolocation' in navigator)) {
    fix = 'unavailable';
    return;
  }
  fix = 'asking';
  watch = navigator.geolocation.watchPosition(
    ({ coords }) => {
      fix = 'found';
      at = { latitude: coords.latitude, longitude: coords.longitude };
      accuracyM = coords.accuracy;
      onmove(at);
    },
    ({ code }) => {
      // A found place stays while the next one takes its time.
      if (code === 3 && at) return;
      fix = FAULTS[code] ?? 'unavailable';
    },
    { enableHighAccuracy: true, maximumAge: 1_000, timeout: 20_000 },
  );
  void again(onmove);
}

/** Permission that is given later, in the browser's settings, is noticed at once. */
async function again(onmove: (to: Position) => void): Promise<void> {
  try {
    permission ??= await navigator.permissions.query({ name: 'geolocation' });
    permission.onchange = () => {
      if (fix === 'denied' && permission?.state !== 'denied') follow(onmove);
    };
  } catch (thrown) {
    // Not every browser tells; the button “try again” does the same.
    console.debug('permissions cannot be watched here', thrown);
  }
}

export function unfollow(): void {
  if (watch !== undefined) navigator.geolocation.clearWatch(watch);
  watch = undefined;
  if (permission) permission.onchange = null;
  fix = 'off';
  at = undefined;
  accuracyM = undefined;
}
