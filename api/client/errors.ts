import type { Problem } from '../contract/rest.js';

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
    readonly cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
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

/** A refused answer as an error with its words; reads the body. */
export async function refusal(answer: Response): Promise<ApiError> {
  const type = answer.headers.get('content-type') ?? '';
  const problem = type.includes('json')
    ? ((await answer.json().catch(() => undefined)) as Partial<Problem> | undefined)
    : undefined;
  const code = problem?.code ?? `http.${answer.status}`;
  const wait = answer.headers.get('retry-after');
  return new ApiError({
    status: answer.status,
    code,
    message: problem?.detail ?? problem?.title ?? `The server answered ${answer.status}.`,
    remedy:
      answer.status === 429 && wait !== null && /^\d+$/.test(wait)
        ? `Wait ${wait} s, then try again.`
        : remedyOf(answer.status, code),
    retry: answer.status >= 502 || answer.status === 429,
    fields: problem?.errors ?? [],
  });
}

/** No answer came. `lateAfterMs`: the time was up; else the connection failed. */
export function unreachable(cause: unknown, lateAfterMs?: number): ApiError {
  return new ApiError({
    status: 0,
    code: 'unreachable',
    message:
      lateAfterMs === undefined
        ? 'The server cannot be reached.'
        : `The server did not answer within ${lateAfterMs / 1_000} s.`,
    remedy: 'Check the network and that Earshot is running, then try again.',
    retry: true,
    cause,
  });
}

/** An answer that is not what it says it is: a proxy's page, half a document. */
export function unreadable(status: number, cause: unknown): ApiError {
  return new ApiError({
    status,
    code: 'answer.unreadable',
    message: 'The server’s answer is no JSON.',
    remedy: 'Check that the address is Earshot’s own, without a proxy that answers itself.',
    retry: false,
    cause,
  });
}
