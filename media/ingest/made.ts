import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeFile, Role } from './ingest.types.js';

/** A file that a job wrote. @throws when it is not there. */
export async function made(
  folder: string,
  role: Role,
  name: string,
  contentType: string,
): Promise<MadeFile> {
  const { size } = await stat(join(folder, name));
  return { role, name, contentType, sizeBytes: size };
}
