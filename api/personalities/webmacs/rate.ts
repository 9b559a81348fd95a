import ipaddr from 'ipaddr.js';
import type { Clock } from '../../../engine/clock.js';
import { addressGroup } from '../../http/limits.js';

const WINDOW_MS = 60_000;
const MAX_REQUESTS = 300;
/** Addresses remembered; more make the longest known forgotten. */
const MAX_ADDRESSES = 20_000;
const NEAR = new Set(['private', 'loopback', 'linkLocal', 'uniqueLocal']);

/** 300 requests a minute of one address that is not of a private network. */
export class MinuteLimit {
  readonly #clock: Clock;
  /** Times of the requests of the last minute, oldest first. */
  readonly #seen = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False: too many. */
  take(method: string, path: string, address: string): boolean {
    if (isExempt(method, path) || isNear(address)) return true;
    const nowMonoMs = this.#clock.monoMs();
    const key = addressGroup(address);
    const times = this.#seen.get(key) ?? [];
    const gone = times.findIndex((at) => nowMonoMs - at < WINDOW_MS);
    times.splice(0, gone === -1 ? times.length : gone);
    this.#seen.delete(key);
    this.#seen.set(key, times);
    if (this.#seen.size > MAX_ADDRESSES) {
      for (const oldest of this.#seen.keys()) {
        this.#seen.delete(oldest);
        break;
      }
    }
    if (times.length >= MAX_REQUESTS) return false;
    times.push(nowMonoMs);
    return true;
  }
}

/** `path` is below `/api/v1`. */
function isExempt(method: string, path: string): boolean {
  if (path === '/health' || path === '/ota' || path.startsWith('/ota/')) return true;
  const reading = method === 'GET' || method === 'POST';
  return reading && (path === '/datapoints' || path.startsWith('/datapoints/'));
}

function isNear(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return NEAR.has(ipaddr.process(address).range());
}
