import type { Problem } from '../../api/contract/rest.js';

/** A call that failed: what happened, in words for the person who sees it, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  readonly code: string;
  readonly remedy: string;
  /** True when the same call may work a little later. */
  readonly retry: boolean;
  readonly fields: readonly { readonly field: string; readonly message: string }[];

  constructor(options: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
    readonly retry: boolean;
    readonly fields?: readonly { readonly field: string; readonly message: string }[];
  }) {
    super(options.message);
    this.status = options.status;
    this.code = options.code;
    this.remedy = options.remedy;
    this.retry = options.retry;
    this.fields = options.fields ?? [];
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  'auth.required': 'Sign in again.',
  'auth.denied': 'Ask somebody with a higher role.',
  'rate.limited': 'Wait a moment, then try again.',
  'device.unreachable': 'Check the power and the network of the device, then try again.',
  'store.away': 'Try again in a moment; nothing that was stored is lost.',
  'server.busy': 'Try again in a moment.',
  'server.stopping': 'The server is restarting. Try again in a moment.',
};

function remedyOf(status: number, code: string): string {
  const known = REMEDIES[code];
  if (known !== undefined) return known;
  if (status >= 500) return 'Try again. If it stays, look at Health.';
  return 'Check what was typed and try again.';
}

let skewMs = 0;

/** Server's clock minus ours, ms; 0 below five seconds. */
export function clockSkewMs(): number {
  return skewMs;
}

function learnSkew(response: Response): void {
  const date = response.headers.get('date');
  if (date === null) return;
  const difference = Date.parse(date) + 500 - Date.now();
  if (Number.isFinite(difference)) skewMs = Math.abs(difference) > 5_000 ? difference : 0;
}

const DEADLINE_MS = 20_000;
const RETRIES = 2;

const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs));

export interface CallOptions {
  readonly body?: unknown;
  /** A body that is not JSON. */
  readonly text?: { readonly type: string; readonly body: string };
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Default 20,000. */
  readonly deadlineMs?: number;
}

let onSignedOut: () => void = () => undefined;

/** Called when the server says that nobody is signed in. */
export function whenSignedOut(run: () => void): void {
  onSignedOut = run;
}

/**
 * One REST call. Reads are tried three times when the server is away or busy; writes once.
 * Rejects with an `ApiError`, or with the signal's reason when it was given up.
 */
export async function call<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  options: CallOptions = {},
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await callOnce<T>(method, path, options);
    } catch (thrown) {
      const again =
        method === 'GET' && thrown instanceof ApiError && thrown.retry && attempt < RETRIES;
      if (!again) throw thrown;
      await pause(300 * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
}

async function callOnce<T>(method: string, path: string, options: CallOptions): Promise<T> {
  const url = new URL(path, window.location.href);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const deadline = AbortSignal.timeout(deadlineMs);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      // What is deleted when a page is left must still arrive.
      keepalive: method === 'DELETE',
      headers: {
        accept: 'application/json',
        ...(options.text ? { 'content-type': options.text.type } : {}),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.text ? { body: options.text.body } : {}),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (thrown) {
    if (options.signal?.aborted) throw thrown;
    throw new ApiError({
      status: 0,
      code: 'unreachable',
      message: deadline.aborted
        ? `The server did not answer within ${deadlineMs / 1_000} s.`
        : 'The server cannot be reached.',
      remedy: 'Check the network and that Earshot is running, then try again.',
      retry: true,
    });
  }
  learnSkew(response);
  if (response.ok) {
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  throw await refusal(response, path);
}

/** A refused answer as an error with its words. */
export async function refusal(response: Response, path: string): Promise<ApiError> {
  const type = response.headers.get('content-type') ?? '';
  const problem = type.includes('json')
    ? ((await response.json().catch(() => undefined)) as Partial<Problem> | undefined)
    : undefined;
  const code = problem?.code ?? `http.${response.status}`;
  if (response.status === 401 && path !== '/v1/login') onSignedOut();
  const wait = response.headers.get('retry-after');
  return new ApiError({
    status: response.status,
    code,
    message: problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`,
    remedy:
      response.status === 429 && wait !== null && /^\d+$/.test(wait)
        ? `Wait ${wait} s, then try again.`
        : remedyOf(response.status, code),
    retry: response.status >= 502 || response.status === 429,
    fields: problem?.errors ?? [],
  });
}

/** Words for anything that was thrown. */
export function wordsOf(thrown: unknown): { readonly message: string; readonly remedy: string } {
  if (thrown instanceof ApiError) return { message: thrown.message, remedy: thrown.remedy };
  return {
    message: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'Reload the page. If it stays, look at Health.',
  };
}
