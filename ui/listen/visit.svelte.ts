import type { Position } from '../../api/contract/rest.js';
import { ApiError } from '../data/api.js';
import {
  type Command,
  changeVisit,
  commandVisit,
  endVisit,
  isGone,
  loadPlaying,
  openVisit,
  playAsset,
} from './calls.js';
import { Ear } from './ear.js';
import { type Fault, faultOf, isAway } from './faults.js';
import { keep, kept } from './keep.js';
import { Patches } from './patches.js';
import type { Playing, Visit, Wish } from './shapes.js';
import type { SoundState } from './sound.js';

/** The one stream of this page, and everything the server is told about its listener. */
export type Sounding = 'closed' | 'starting' | 'playing' | 'waiting' | 'paused' | 'blocked';

const HEARTBEAT_MS = 15_000;
const PLAYING_EVERY_MS = 2_000;
const HIDDEN_EVERY_MS = 10_000;
const MOVE_EVERY_MS = 100;
const REOPEN_MS = 2_000;
/** The server fades to silence within this; the sound is cut after it. */
const FADE_MS = 700;

let projectId = 0;
let wish: Wish = {};
let row = $state.raw<Visit | undefined>(undefined);
let sounding = $state<Sounding>('closed');
let playing = $state.raw<Playing | undefined>(undefined);
let fault = $state.raw<Fault | undefined>(undefined);
/** Since when the server does not answer; undefined: it does. */
let awaySinceMs = $state<number | undefined>(undefined);
let position = $state.raw<Position | undefined>(undefined);
let volume = $state(readVolume());
let wanted = false;
let opening: Promise<void> | undefined;
let ear: Ear | undefined;
let walking = false;
let timers: ReturnType<typeof setInterval>[] = [];
let fadeTimer: ReturnType<typeof setTimeout> | undefined;
let reopenTimer: ReturnType<typeof setTimeout> | undefined;

function readVolume(): number {
  const value = Number(kept('volume') ?? '1');
  return Number.isFinite(value) ? Math.max(0, Math.min(1, value)) : 1;
}

export const visit = {
  /** The own session, while there is one. */
  get row(): Visit | undefined {
    return row;
  },
  get sounding(): Sounding {
    return sounding;
  },
  /** Plays, or would if the network let it. */
  get on(): boolean {
    return sounding === 'playing' || sounding === 'waiting' || sounding === 'starting';
  },
  get playing(): Playing | undefined {
    return playing;
  },
  get fault(): Fault | undefined {
    return fault;
  },
  get awaySinceMs(): number | undefined {
    return awaySinceMs;
  },
  /** Where the listener stands, ahead of the server while it is dragged. */
  get position(): Position | undefined {
    return position;
  },
  get volume(): number {
    return volume;
  },
};

function heard(): void {
  awaySinceMs = undefined;
}

function unheard(thrown: unknown): void {
  if (isAway(thrown)) {
    awaySinceMs ??= Date.now();
    return;
  }
  if (thrown instanceof ApiError && isGone(thrown)) {
    lost();
    return;
  }
  fault = faultOf(thrown);
}

/** The server has ended the session: another one goes on at the same place, as soon as it is wanted. */
function lost(): void {
  row = undefined;
  playing = undefined;
  if (wanted) void reopen();
  else if (sounding !== 'closed') sounding = 'paused';
}

async function reopen(): Promise<void> {
  clearTimeout(reopenTimer);
  if (!wanted || row) return;
  sounding = 'waiting';
  await open();
  if (!row && wanted) reopenTimer = setTimeout(() => void reopen(), REOPEN_MS);
}

const patches = new Patches<Wish>(MOVE_EVERY_MS, async (part) => {
  if (!row) return;
  const { id } = row;
  try {
    await changeVisit(id, part);
    heard();
  } catch (thrown) {
    if (row?.id !== id) return;
    unheard(thrown);
    // Only what did not arrive is sent again; what was refused would be refused again.
    if (awaySinceMs !== undefined) throw thrown;
  }
});

function onSound(state: SoundState): void {
  if (!wanted) return;
  if (state === 'playing') sounding = 'playing';
  else if (state === 'waiting' && sounding !== 'starting') sounding = 'waiting';
  else if (state === 'blocked') {
    wanted = false;
    sounding = 'blocked';
  }
}

function theEar(): Ear {
  if (!ear) {
    ear = new Ear(onSound);
    ear.volume = volume;
  }
  return ear;
}

function pocketed(): void {
  theEar().pocket = walking || document.visibilityState === 'hidden';
}

/** While somebody walks, going on with the screen off counts more than being quick. */
export function setWalking(on: boolean): void {
  walking = on;
  pocketed();
}

function open(): Promise<void> {
  opening ??= openOnce().finally(() => {
    opening = undefined;
  });
  return opening;
}

async function openOnce(): Promise<void> {
  const asked = projectId;
  try {
    const made = await openVisit(asked, wish);
    if (asked !== projectId || sounding === 'closed') {
      endVisit(made.id).catch(() => undefined);
      return;
    }
    row = made;
    fault = undefined;
    heard();
    patches.clear();
    if (wanted) startSound(made);
  } catch (thrown) {
    if (isAway(thrown)) {
      awaySinceMs ??= Date.now();
    } else {
      fault = faultOf(thrown);
      wanted = false;
      sounding = 'paused';
    }
  }
}

function startSound(made: Visit): void {
  theEar().start({
    sessionId: made.id,
    streamUrl: made.streamUrl,
    lowLatencyUrl: made.lowLatencyUrl,
  });
}

async function beat(): Promise<void> {
  if (!row) return;
  const { id } = row;
  try {
    await commandVisit(id, 'heartbeat');
    heard();
    patches.flush();
  } catch (thrown) {
    if (row?.id === id) unheard(thrown);
  }
}

let asking = false;
let lookedMs = 0;

async function look(): Promise<void> {
  if (!row || asking || !wanted) return;
  const nowMs = performance.now();
  // In a pocket only the lock screen shows it.
  if (document.visibilityState === 'hidden' && nowMs - lookedMs < HIDDEN_EVERY_MS) return;
  lookedMs = nowMs;
  asking = true;
  const { id } = row;
  try {
    const answer = await loadPlaying(id);
    if (row?.id === id) playing = answer;
    heard();
  } catch (thrown) {
    if (row?.id === id) unheard(thrown);
  } finally {
    asking = false;
  }
}

/**
 * Opens a session in a project and plays it. To be called inside of a press; the browser then lets it sound. What goes
 * wrong is in `visit.fault`, with `visit.sounding` `paused`: Play tries again.
 */
export async function begin(id: number, first: Wish): Promise<void> {
  theEar().prime();
  if (row) leave();
  projectId = id;
  wish = first;
  position = first.position;
  wanted = true;
  fault = undefined;
  sounding = 'starting';
  timers = [
    setInterval(() => void beat(), HEARTBEAT_MS),
    setInterval(() => void look(), PLAYING_EVERY_MS),
  ];
  await open();
  if (wanted && !row) void reopen();
}

/** To be called inside of a press. */
export async function play(): Promise<void> {
  if (sounding === 'closed' || (wanted && sounding !== 'blocked')) return;
  clearTimeout(fadeTimer);
  fault = undefined;
  wanted = true;
  sounding = 'waiting';
  if (!row) {
    theEar().prime();
    await reopen();
    return;
  }
  startSound(row);
  await act('resume');
}

export async function pause(): Promise<void> {
  if (!wanted) return;
  wanted = false;
  clearTimeout(reopenTimer);
  sounding = 'paused';
  clearTimeout(fadeTimer);
  fadeTimer = setTimeout(() => {
    if (!wanted) ear?.stop();
  }, FADE_MS);
  await act('pause');
}

/** Answers why nothing was done; undefined when it was. */
export async function act(command: Exclude<Command, 'heartbeat'>): Promise<string | undefined> {
  if (!row) return undefined;
  const { id } = row;
  try {
    const answer = await commandVisit(id, command);
    heard();
    if (command === 'skip' || command === 'replay') void look();
    return answer.done === false ? (answer.message ?? '') : undefined;
  } catch (thrown) {
    if (row?.id === id) unheard(thrown);
    return undefined;
  }
}

/** Plays one recording next. Answers whether it will. */
export async function playThis(assetId: number): Promise<boolean> {
  if (!row) return false;
  try {
    const answer = await playAsset(row.id, assetId);
    heard();
    void look();
    return answer.done !== false;
  } catch (thrown) {
    unheard(thrown);
    return false;
  }
}

/** Tells the server the part of the wish that changed; the newest wins. */
export function change(part: Wish): void {
  wish = { ...wish, ...part };
  if (part.position) position = part.position;
  if (row) patches.push(part);
}

export function setVolume(next: number): void {
  volume = next;
  if (ear) ear.volume = next;
  keep('volume', String(next));
}

export function dismissFault(): void {
  fault = undefined;
}

/** Ends the session here and on the server. */
export function leave(): void {
  const id = row?.id;
  wanted = false;
  row = undefined;
  playing = undefined;
  position = undefined;
  fault = undefined;
  awaySinceMs = undefined;
  sounding = 'closed';
  patches.clear();
  for (const timer of timers) clearInterval(timer);
  clearTimeout(fadeTimer);
  clearTimeout(reopenTimer);
  ear?.stop();
  // Nobody hears it any more: the server ends it by itself when this does not arrive.
  if (id !== undefined) endVisit(id).catch(() => undefined);
}

window.addEventListener('online', () => {
  void beat();
  if (wanted && !row) void reopen();
});
window.addEventListener('offline', () => {
  if (sounding !== 'closed') awaySinceMs ??= Date.now();
});
document.addEventListener('visibilitychange', () => {
  if (sounding !== 'closed') pocketed();
  if (document.visibilityState === 'visible') void beat();
});
