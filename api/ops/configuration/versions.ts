import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../../engine/errors.js';

const MOST_VERSIONS = 50;
const NAME = /^(\d{1,16})-(\d{1,9})\.yaml$/;
const ID = /^\d{1,16}-\d{1,9}$/;

export interface ConfigurationVersion {
  readonly id: string;
  readonly atUnixMs: number;
  readonly sizeBytes: number;
}

/** Configurations that were changed, in a folder: the newest 50. A file is there whole or not at all. */
export class ConfigurationVersions {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** On disk when it resolves. @returns its id. */
  readonly keep = async (text: string, atUnixMs: number): Promise<string> => {
    await mkdir(this.#folder, { recursive: true });
    // By number, not by time: a clock that was put back must not make the newest the oldest.
    const count = numberOf((await this.list())[0]?.id) + 1;
    const id = `${atUnixMs}-${count}`;
    const part = join(this.#folder, `${id}.part`);
    const file = await open(part, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, join(this.#folder, `${id}.yaml`));
    for (const { id: old } of (await this.list()).slice(MOST_VERSIONS)) {
      await rm(join(this.#folder, `${old}.yaml`), { force: true });
    }
    return id;
  };

  /** Newest first. */
  async list(): Promise<readonly ConfigurationVersion[]> {
    const names = await readdir(this.#folder).catch((thrown: unknown) => {
      if (isMissing(thrown)) return [];
      throw thrown;
    });
    const found: ConfigurationVersion[] = [];
    for (const name of names) {
      const [, at] = NAME.exec(name) ?? [];
      if (at === undefined) continue;
      const { size } = await stat(join(this.#folder, name));
      const id = name.replace(/\.yaml$/, '');
      found.push({ id, atUnixMs: Number(at), sizeBytes: size });
    }
    return found.sort((a, b) => numberOf(b.id) - numberOf(a.id));
  }

  /** @throws EngineError `not-found` */
  async text(id: string): Promise<string> {
    const none = () =>
      new EngineError('not-found', `there is no version ${id} of the configuration`);
    if (!ID.test(id)) throw none();
    return await readFile(join(this.#folder, `${id}.yaml`), 'utf8').catch((thrown: unknown) => {
      throw isMissing(thrown) ? none() : thrown;
    });
  }
}

const numberOf = (id: string | undefined): number => Number(id?.split('-')[1] ?? 0);

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
