/**
 * Delay before try `n` (from 1): doubles from `baseMs` to `capMs`, then a random half to whole of it, so that
 * many clients never come back in step, also at the cap.
 */
export function retryDelayMs(n: number, baseMs: number, capMs: number): number {
  const fullMs = Math.min(capMs, baseMs * 2 ** Math.min(n - 1, 30));
  return fullMs * (0.5 + Math.random() / 2);
}
