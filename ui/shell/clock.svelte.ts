import { clockSkewMs } from '../data/api.js';

let tick = $state(Date.now());

setInterval(() => {
  if (!document.hidden) tick = Date.now();
}, 1_000);

document.addEventListener('visibilitychange', () => {
  tick = Date.now();
});

/** The server's clock as well as we know it, Unix ms; reactive once a second. */
export function now(): number {
  return tick + clockSkewMs();
}
