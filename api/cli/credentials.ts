import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';

const kept = z.record(
  z.string(),
  z.object({ token: z.string(), tokenId: z.string(), username: z.string() }),
);
export type Credentials = z.infer<typeof kept>;

const file = (): string =>
  join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'earshot', 'credentials.json');

/** Tokens of servers that were signed in to, by address. */
export function readCredentials(): Credentials {
  let text: string;
  try {
    text = readFileSync(file(), 'utf8');
  } catch {
    // Nobody signed in yet.
    return {};
  }
  try {
    return kept.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineError('input.invalid', `${file()} is damaged: remove it and sign in again`, {
      cause,
    });
  }
}

/** Readable by its owner only. */
export function writeCredentials(credentials: Credentials): string {
  mkdirSync(dirname(file()), { recursive: true, mode: 0o700 });
  writeFileSync(file(), `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(file(), 0o600);
  return file();
}
