/** What the phone shows while it is locked, and what its buttons and those of a headset do. */
export interface LockScreen {
  readonly title: string;
  readonly project: string;
  readonly playing: boolean;
  readonly artworkUrl?: string | undefined;
}

export interface LockScreenButtons {
  readonly play: () => void;
  readonly pause: () => void;
  readonly skip: () => void;
  readonly replay: () => void;
}

/** Browsers without a lock screen have none of this; nothing else depends on it. */
export function bindButtons(buttons: LockScreenButtons): () => void {
  if (!('mediaSession' in navigator)) return () => undefined;
  const { mediaSession } = navigator;
  const bound: readonly (readonly [MediaSessionAction, () => void])[] = [
    ['play', buttons.play],
    ['pause', buttons.pause],
    ['stop', buttons.pause],
    ['nexttrack', buttons.skip],
    ['previoustrack', buttons.replay],
  ];
  const set = (action: MediaSessionAction, run: (() => void) | null): void => {
    try {
      mediaSession.setActionHandler(action, run);
    } catch (thrown) {
      console.debug(`the lock screen has no ${action}`, thrown);
    }
  };
  for (const [action, run] of bound) set(action, run);
  return () => {
    for (const [action] of bound) set(action, null);
    mediaSession.metadata = null;
    mediaSession.playbackState = 'none';
  };
}

let shown = '';

export function showOnLockScreen(what: LockScreen): void {
  if (!('mediaSession' in navigator)) return;
  navigator.mediaSession.playbackState = what.playing ? 'playing' : 'paused';
  // The same words again would make some lock screens flicker.
  const key = `${what.title}\n${what.project}\n${what.artworkUrl ?? ''}`;
  if (key === shown && navigator.mediaSession.metadata !== null) return;
  shown = key;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: what.title,
    artist: what.project,
    artwork: [
      ...(what.artworkUrl === undefined ? [] : [{ src: what.artworkUrl }]),
      { src: '/listen-512.png', sizes: '512x512', type: 'image/png' },
    ],
  });
}
