import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';

interface AskHostsOptions {
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** One host; what it throws means only that nothing is there. The signal ends it after `timeoutMs`. */
  readonly ask: (host: string, signal: AbortSignal) => Promise<void>;
  readonly asked: (host: string) => void;
  /** Told of each host that did not answer as hoped. */
  readonly missed: (host: string, error: EngineError) => void;
  /** At the same time. Default 32. */
  readonly atOnce?: number;
  /** Default 3,000. */
  readonly timeoutMs?: number;
}

/** Asks many hosts, some at a time, none for long: most addresses of a scan have nothing to say. */
export async function askHosts(options: AskHostsOptions): Promise<void> {
  const { hosts, clock, signal, ask, asked, missed, atOnce = 32, timeoutMs = 3_000 } = options;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!signal.aborted) {
      const host = hosts[next++];
      if (host === undefined) return;
      const own = new AbortController();
      const timer = clock.setTimeout(() => own.abort(), timeoutMs);
      try {
        await ask(host, AbortSignal.any([signal, own.signal]));
      } catch (thrown) {
        missed(host, EngineError.from(thrown));
      } finally {
        clock.clearTimeout(timer);
      }
      asked(host);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, hosts.length) }, worker));
}
