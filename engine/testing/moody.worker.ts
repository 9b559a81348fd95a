import { SystemClock } from '../clock.js';
import { openThread, type ThreadHandle } from '../thread.js';
import type { FromMoody, Mood, ToMoody } from './moody.js';

const clock = new SystemClock();
let spins = 0;

const thread: ThreadHandle<FromMoody, ToMoody> = openThread({
  onStop: () => (mood === 'ignores-stop' ? new Promise<number>(() => {}) : Promise.resolve(7)),
  actors: () => 7,
  counters: () => ({ spins }),
});

thread.link.handle('pid', () => process.pid);
thread.link.handle('end', ({ code }) => {
  setImmediate(() => process.exit(code));
  return true;
});
thread.link.handle('spin', ({ forMs }) => {
  const untilMonoMs = clock.monoMs() + forMs;
  while (clock.monoMs() < untilMonoMs) spins += 1;
  return true;
});

const mood = thread.data as Mood;
if (mood === 'throws-at-start') throw new Error('not in the mood');
thread.link.post('hello', thread.name);
if (mood !== 'never-ready') thread.ready();
