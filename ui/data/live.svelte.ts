import type { LiveQueryInput, Row } from '../../api/contract/live.js';
import {
  EMPTY_VIEW,
  type LinkStatus,
  LiveClient,
  type LiveView,
  type SocketLike,
} from './live-client.js';

const HIDDEN_PAUSE_MS = 30_000;

/** Somebody without a login, who has a link. Undefined: who is signed in. */
let guest: { readonly kind: 'kiosk' | 'dashboard'; readonly secret: string } | undefined;

function openSocket(): SocketLike {
  const url = new URL('/v1/live', window.location.href);
  if (guest !== undefined) url.searchParams.set(guest.kind, guest.secret);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  const wrapped: SocketLike = {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
    onopen: null,
    onmessage: null,
    onclose: null,
  };
  socket.onopen = () => wrapped.onopen?.();
  socket.onmessage = (event) => wrapped.onmessage?.(event);
  socket.onclose = (event) => wrapped.onclose?.(event);
  return wrapped;
}

/** The page's one connection. Only `ui/data` speaks to it. */
const client = new LiveClient({
  open: openSocket,
  nowMs: () => Date.now(),
  random: () => Math.random(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  beforePaint: (run) => {
    // A hidden tab has no paints; its state must go on.
    if (document.hidden) setTimeout(run, 200);
    else requestAnimationFrame(run);
  },
});

let status = $state.raw<LinkStatus>(client.status);
let wanted = false;
let pausedByUser = $state(false);
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;

client.onStatus((next) => {
  status = next;
});

document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(() => client.pause(), HIDDEN_PAUSE_MS);
  else if (wanted && !pausedByUser) client.start();
});

window.addEventListener('online', () => {
  if (wanted && !pausedByUser && client.status.state === 'reconnecting') {
    client.pause();
    client.start();
  }
});

export const link = {
  get status(): LinkStatus {
    return status;
  },
  /** True when what is shown is what is. */
  get fresh(): boolean {
    return status.state === 'live';
  },
  get pausedByUser(): boolean {
    return pausedByUser;
  },
};

/** Called when somebody is signed in. */
export function startLive(): void {
  wanted = true;
  if (!pausedByUser) client.start();
}

/** The same without a login, for who has a link to a board or to a dashboard. */
export function startGuest(kind: 'kiosk' | 'dashboard', secret: string): void {
  if (guest?.kind !== kind || guest.secret !== secret) client.pause();
  guest = { kind, secret };
  startLive();
}

export function stopLive(): void {
  wanted = false;
  client.pause();
}

export function togglePause(): void {
  pausedByUser = !pausedByUser;
  if (pausedByUser) client.pause();
  else if (wanted) client.start();
}

/** Plain subscription, for things which are not drawn. */
export function watch(query: LiveQueryInput, listener: (view: LiveView) => void): () => void {
  return client.subscribe(query, listener);
}

export interface LiveRows<T> {
  readonly rows: readonly T[];
  readonly total: number;
  readonly status: LiveView['status'];
  readonly error: LiveView['error'];
  /** True while the rows still belong to the query before. */
  readonly pending: boolean;
}

/**
 * A query as reactive rows. Call it while a component is set up; `query` is read again when what it reads changes,
 * undefined subscribes to nothing. The rows of the former query stay until the new ones are there.
 */
export function liveRows<T extends { readonly id: string }>(
  query: () => LiveQueryInput | undefined,
): LiveRows<T> {
  let view = $state.raw<LiveView>(EMPTY_VIEW);
  let pending = $state(true);
  const key = $derived.by(() => {
    const wantedQuery = query();
    return wantedQuery === undefined ? undefined : JSON.stringify(wantedQuery);
  });
  $effect(() => {
    if (key === undefined) {
      view = EMPTY_VIEW;
      pending = false;
      return;
    }
    pending = true;
    return client.subscribe(JSON.parse(key) as LiveQueryInput, (next) => {
      if (next.status === 'loading' && next.rows.length === 0) return;
      view = next;
      pending = false;
    });
  });
  return {
    get rows() {
      return view.rows as readonly Row[] as unknown as readonly T[];
    },
    get total() {
      return view.total;
    },
    get status() {
      return view.status;
    },
    get error() {
      return view.error;
    },
    get pending() {
      return pending;
    },
  };
}
