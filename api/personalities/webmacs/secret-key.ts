import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../../engine/errors.js';

const KEY_BYTES = 32;
const FILE = 'webmacs.key';

/**
 * The key that signs logins, from the data folder; made on the first start, readable by its owner alone.
 * @throws EngineError `store.refused` when the file does not hold a key.
 */
export async function signingKey(folder: string): Promise<Uint8Array> {
  const file = join(folder, FILE);
  await mkdir(folder, { recursive: true });
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      const key = randomBytes(KEY_BYTES);
      await handle.writeFile(`${key.toString('hex')}\n`);
      await handle.sync();
      return key;
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw EngineError.from(thrown);
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
  if (key.length !== KEY_BYTES) {
    throw new EngineError(
      'store.refused',
      `${file} holds no key of ${KEY_BYTES} bytes: remove it, everybody then logs in again`,
    );
  }
  await chmod(file, 0o600);
  return key;
}
