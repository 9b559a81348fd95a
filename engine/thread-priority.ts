import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Asks the kernel to run the calling thread at this niceness (−20 first … 19 last); threads that it starts
 * later inherit it. Only on Linux, where priority belongs to threads. Returns whether it was granted: below 0
 * it needs root, CAP_SYS_NICE or a limit (`LimitNICE=` of systemd) that allows it; without, nothing changes.
 */
export function niceThisThread(niceness: number): boolean {
  try {
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, niceness);
    return true;
  } catch {
    // Refused or not Linux: the thread runs as all others do.
    return false;
  }
}
