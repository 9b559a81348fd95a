// Temporary files of the tests lie in memory where there is room: tests make and remove thousands of small files.
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const NAME = /^earshot-tests-(\d+)-/;
/** Far more than the tests hold at any time. */
const ROOM_BYTES = 8e9;

function room() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize;
  } catch {
    // No such file system here: the tests use the ordinary folder.
    return 0;
  }
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown.code === 'EPERM';
  }
}

/** Folders of runs that were killed. */
function sweep() {
  for (const name of readdirSync(MEMORY)) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (pid > 0 && !runs(pid)) rmSync(join(MEMORY, name), { recursive: true, force: true });
  }
}

/** Not where a folder was asked for. */
export function setup() {
  if (process.env.TMPDIR !== undefined || room() < ROOM_BYTES) return undefined;
  sweep();
  const folder = mkdtempSync(join(MEMORY, `earshot-tests-${process.pid}-`));
  // Like the ordinary one: Postgres and Icecast run as users of their own.
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  return () => {
    delete process.env.TMPDIR;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
