import type { AnswerOf, AnyGiven, Given, Method, PathOf } from '../../api/client/calls.types.js';
import { createClient } from '../../api/client/client.js';
import { ApiError, refusal as refused } from '../../api/client/errors.js';
import { takeEarly } from './early.js';

export { ApiError };

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

let onSignedOut: () => void = () => undefined;

/** Called when the server says that nobody is signed in. */
export function whenSignedOut(run: () => void): void {
  onSignedOut = run;
}

function learnLogin(response: Response, path: string): void {
  if (response.status === 401 && path !== '/v1/login') onSignedOut();
}

const client = createClient({
  base: '',
  deadlineMs: 20_000,
  retries: 2,
  early: takeEarly,
  heard: (response, path) => {
    learnSkew(response);
    learnLogin(response, path);
  },
});

/**
 * One REST call, typed by the contract; what stands in braces in its path comes from `params`.
 * Reads are tried three times when the server is away or busy; writes once.
 * Rejects with an `ApiError`, or with the signal's reason when it was given up.
 */
export function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...given: Given<M, P>
): Promise<AnswerOf<M, P>> {
  return client.call(method, path, ...given);
}

/**
 * `call` for code that serves many tables and makes the path at run time. It knows no types: who calls it
 * takes the answer's from the contract and says so in one place.
 */
export function callAny(method: Method, path: string, given?: AnyGiven): Promise<unknown> {
  return client.callAny(method, path, given);
}

/** A refused answer as an error with its words. */
export async function refusal(response: Response, path: string): Promise<ApiError> {
  learnLogin(response, path);
  return refused(response);
}

/** Words for anything that was thrown. */
export function wordsOf(thrown: unknown): { readonly message: string; readonly remedy: string } {
  if (thrown instanceof ApiError) return { message: thrown.message, remedy: thrown.remedy };
  return {
    message: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'Reload the page. If it stays, look at Health.',
  };
}
