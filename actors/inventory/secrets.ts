import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError } from '../../engine/errors.js';

const VERSION = 'v1';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Fewer characters can be guessed. */
const LEAST_KEY_CHARACTERS = 16;
/** A key is written by people as well: made slow to guess. The salt only keeps our keys apart from others'. */
const SALT = 'earshot.secrets.v1';

export type Secrets = Readonly<Record<string, unknown>>;

/** Seals secrets of vendors (passwords, keys) for the control store. AES-256-GCM; one for the process. */
export interface SecretBox {
  /** Who holds the key: `EARSHOT_SECRET_KEY` or the key file. */
  readonly source: 'given' | 'file';
  /**
   * Text for `PluginInstanceRow.sealed`. `about` is bound to it (the plugin's code): what was sealed about one
   * thing does not open as another.
   */
  seal(secrets: Secrets, about: string): string;
  /** @throws EngineError `store.refused` when it was sealed with another key, about something else, or altered. */
  open(sealed: string, about: string): Secrets;
}

export interface SecretBoxOptions {
  /** `EARSHOT_SECRET_KEY`: any text of 16 characters or more. Empty or undefined: the key file. */
  readonly key?: string | undefined;
  /** Made, with mode 600, when there is none. */
  readonly file: string;
}

/** @throws EngineError `input.invalid` for a key too short, `store.refused` for a key file that cannot be used. */
export async function openSecretBox({ key, file }: SecretBoxOptions): Promise<SecretBox> {
  if (key === undefined || key === '') return boxOf(await keyOfFile(file), 'file');
  if (key.length < LEAST_KEY_CHARACTERS) {
    throw new EngineError(
      'input.invalid',
      `EARSHOT_SECRET_KEY must have at least ${LEAST_KEY_CHARACTERS} characters: take 32 random bytes as text, or leave it out and a key file is made`,
      { context: { field: 'EARSHOT_SECRET_KEY' } },
    );
  }
  return boxOf(scryptSync(key, SALT, KEY_BYTES), 'given');
}

function boxOf(key: Buffer, source: SecretBox['source']): SecretBox {
  const keyId = createHash('sha256').update(SALT).update(key).digest('hex').slice(0, 8);
  return {
    source,
    seal: (secrets, about) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aboutBytes(about));
      const body = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
      const parts = [iv, cipher.getAuthTag(), body].map((part) => part.toString('base64url'));
      return [VERSION, keyId, ...parts].join('.');
    },
    open: (sealed, about) => {
      const [version, sealedBy, ...parts] = sealed.split('.');
      const [iv, tag, body] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (version !== VERSION || parts.length !== 3 || body === undefined) throw damaged(about);
      if (iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES) throw damaged(about);
      if (sealedBy !== keyId) {
        throw new EngineError(
          'store.refused',
          `the secrets of ${about} were sealed with another key: start with the EARSHOT_SECRET_KEY or the key file of that time, or give the secrets again`,
        );
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv)
          .setAAD(aboutBytes(about))
          .setAuthTag(tag);
        const text = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
        return JSON.parse(text) as Secrets;
      } catch (cause) {
        throw damaged(about, cause);
      }
    },
  };
}

const aboutBytes = (about: string): Buffer => Buffer.from(about, 'utf8');

const damaged = (about: string, cause?: unknown): EngineError =>
  new EngineError(
    'store.refused',
    `the sealed secrets of ${about} were altered in the control store: give the secrets again`,
    { cause },
  );

async function keyOfFile(file: string): Promise<Buffer> {
  const known = await readKey(file);
  if (known !== undefined) return known;
  await mkdir(dirname(file), { recursive: true });
  // Written beside and linked: a crash in between leaves no half key, and of two processes one wins.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64url')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } catch (cause) {
    throw unusable(file, 'cannot be written', cause);
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readKey(file);
  if (made === undefined) throw unusable(file, 'disappeared');
  return made;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    // A restored backup may have opened it to others.
    await chmod(file, 0o600);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw unusable(file, 'cannot be read', cause);
  }
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length !== KEY_BYTES) {
    throw unusable(file, `does not hold ${KEY_BYTES} bytes as base64url`);
  }
  return key;
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const unusable = (file: string, what: string, cause?: unknown): EngineError =>
  new EngineError(
    'store.refused',
    `the key file ${file} ${what}: restore it from a backup, set EARSHOT_SECRET_KEY, or remove it and give the vendors' secrets again`,
    { cause },
  );
