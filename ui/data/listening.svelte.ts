import { ApiError, wordsOf } from './api.js';
import { LatestSender } from './geo.js';
import {
  commandSession,
  createSession,
  endSession,
  getSession,
  moveSession,
  type Position,
  type Session,
} from './sessions.js';

/** The one stream this page may play. It goes on while other pages are looked at. */
export type Playing = 'stopped' | 'waiting' | 'playing' | 'failed';

const STORAGE_KEY = 'earshot.session';
const VOLUME_KEY = 'earshot.volume';
const HEARTBEAT_MS = 15_000;
const MOVE_EVERY_MS = 100;
const RETRY_MS = 2_000;

let session = $state.raw<Session | undefined>(undefined);
let position = $state.raw<Position | undefined>(undefined);
let playing = $state<Playing>('stopped');
let fault = $state.raw<{ message: string; remedy: string } | undefined>(undefined);
let volume = $state(readVolume());
let busy = $state(false);
let audio: HTMLAudioElement | undefined;
let wanted = false;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let heartbeatTimer: ReturnType<typeof setInterval> | undefined;

function readVolume(): number {
  const kept = Number(window.localStorage.getItem(VOLUME_KEY) ?? '0.8');
  return Number.isFinite(kept) ? Math.max(0, Math.min(1, kept)) : 0.8;
}

export const listening = {
  get session(): Session | undefined {
    return session;
  },
  /** Where the listener stands, ahead of the server while it is dragged. */
  get position(): Position | undefined {
    return position;
  },
  get playing(): Playing {
    return playing;
  },
  get fault(): { readonly message: string; readonly remedy: string } | undefined {
    return fault;
  },
  get volume(): number {
    return volume;
  },
  get busy(): boolean {
    return busy;
  },
};

function element(): HTMLAudioElement {
  if (audio) return audio;
  const made = document.createElement('audio');
  made.preload = 'none';
  made.volume = volume;
  made.addEventListener('playing', () => {
    playing = 'playing';
    fault = undefined;
  });
  made.addEventListener('waiting', () => {
    if (wanted) playing = 'waiting';
  });
  const again = (): void => {
    if (!wanted || !session) return;
    playing = 'waiting';
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => void start(), RETRY_MS);
  };
  made.addEventListener('error', again);
  made.addEventListener('ended', again);
  document.body.append(made);
  audio = made;
  return made;
}

async function start(): Promise<void> {
  if (!session) return;
  const player = element();
  player.src = session.streamUrl;
  playing = 'waiting';
  try {
    await player.play();
  } catch (thrown) {
    if (!(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError') return;
    wanted = false;
    playing = 'stopped';
    fault = { message: 'The browser wants a press on Play first.', remedy: 'Press Play.' };
  }
}

const mover = new LatestSender<{ id: string; to: Position }>(MOVE_EVERY_MS, async ({ id, to }) => {
  try {
    await moveSession(id, to);
    if (fault && playing === 'playing') fault = undefined;
  } catch (thrown) {
    trouble(thrown);
  }
});

function trouble(thrown: unknown): void {
  if (thrown instanceof ApiError && thrown.status === 404) {
    forget();
    fault = {
      message: 'The session has ended, because nobody listened for a while.',
      remedy: 'Choose a place and press Listen here.',
    };
    return;
  }
  fault = wordsOf(thrown);
}

function adopt(next: Session): void {
  session = next;
  position = next.position ?? undefined;
  window.sessionStorage.setItem(STORAGE_KEY, next.id);
  clearInterval(heartbeatTimer);
  heartbeatTimer = setInterval(() => {
    commandSession(next.id, 'heartbeat').catch(trouble);
  }, HEARTBEAT_MS);
}

function forget(): void {
  wanted = false;
  clearInterval(heartbeatTimer);
  clearTimeout(retryTimer);
  if (audio) {
    audio.pause();
    audio.removeAttribute('src');
    audio.load();
  }
  session = undefined;
  position = undefined;
  playing = 'stopped';
  window.sessionStorage.removeItem(STORAGE_KEY);
}

/** Takes up the session this tab had before it was loaded again; it plays after a press. */
export async function recallSession(): Promise<void> {
  const id = window.sessionStorage.getItem(STORAGE_KEY);
  if (id === null || session) return;
  try {
    const kept = await getSession(id);
    if (kept.state !== 'stopped') adopt(kept);
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    if (thrown.status === 404) window.sessionStorage.removeItem(STORAGE_KEY);
  }
}

/** Makes a listener at a place and plays its stream. */
export async function listenAt(projectId: number, at: Position): Promise<void> {
  busy = true;
  fault = undefined;
  try {
    adopt(await createSession({ projectId, position: at }));
    position = at;
    wanted = true;
    await start();
  } catch (thrown) {
    fault = wordsOf(thrown);
  } finally {
    busy = false;
  }
}

/** Moves the listener; the newest place is sent about ten times a second. */
export function moveTo(to: Position): void {
  if (!session) return;
  position = to;
  mover.push({ id: session.id, to });
}

export function togglePlay(): void {
  if (!session) return;
  wanted = playing === 'stopped' || playing === 'failed';
  if (wanted) void start();
  else {
    clearTimeout(retryTimer);
    audio?.pause();
    // A live stream that is held would lag behind; it begins anew with the next press.
    audio?.removeAttribute('src');
    playing = 'stopped';
  }
}

export function setVolume(next: number): void {
  volume = next;
  if (audio) audio.volume = next;
  window.localStorage.setItem(VOLUME_KEY, String(next));
}

/** Ends the session on the server too. */
export async function stopListening(): Promise<void> {
  const id = session?.id;
  if (id === undefined) return;
  forget();
  try {
    await endSession(id);
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return;
    fault = wordsOf(thrown);
  }
}
