/** Moves the write-ahead log of an SQLite file into it, as often as it is asked: what a slow disk delays here delays nobody. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { EngineError } from '../errors.js';

const { file } = workerData as { readonly file: string };
const database = new Database(file);
// Nobody's transaction is waited for: what cannot be moved yet is moved the next time.
database.pragma('busy_timeout = 0');

parentPort?.on('message', (asked: 'move' | 'end') => {
  if (asked === 'end') {
    database.close();
    parentPort?.close();
    return;
  }
  try {
    database.pragma('wal_checkpoint(PASSIVE)');
    parentPort?.postMessage(null);
  } catch (thrown) {
    parentPort?.postMessage(EngineError.from(thrown).message);
  }
});
