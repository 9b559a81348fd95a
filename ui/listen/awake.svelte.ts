let wanted = $state(false);
let lock: WakeLockSentinel | undefined;

/** Keeps the screen on while it is wanted; the browser takes it back whenever the page is hidden. */
export const awake = {
  get possible(): boolean {
    return 'wakeLock' in navigator;
  },
  get wanted(): boolean {
    return wanted;
  },
};

async function take(): Promise<void> {
  if (!wanted || document.visibilityState !== 'visible') return;
  try {
    lock = await navigator.wakeLock.request('screen');
  } catch (thrown) {
    // Low battery: the phone knows better.
    console.debug('the screen cannot be kept on', thrown);
    wanted = false;
  }
}

export async function keepAwake(on: boolean): Promise<void> {
  wanted = on;
  if (on) await take();
  else {
    await lock?.release();
    lock = undefined;
  }
}

document.addEventListener('visibilitychange', () => void take());
