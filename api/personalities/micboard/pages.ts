import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange, Headers } from '../../http/exchange.js';
import { FileServer } from '../../http/files.js';

/** The app is the operator's own build: it may do what a web page may, and reach the outside as it always did. */
const APP_POLICY =
  "default-src * 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws: wss:; object-src 'none'; base-uri 'self'";

const MAX_LISTED = 10_000;

const HOW = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Micboard</title></head><body>
<h1>Micboard’s page is not here yet</h1>
<p>Earshot serves Micboard’s data on this port: <a href="data.json">data.json</a> and the socket <code>/ws</code>.
The page itself is Micboard’s own. To have it here, build Micboard, and name its folder (the one that holds
<code>static</code>) in Earshot’s configuration:</p>
<pre>personalities:
  micboard:
    app: /path/to/micboard</pre>
<p>Then start Earshot again. Earshot’s own board needs none of this: it is on Earshot’s main port, under Board.</p>
</body></html>
`;

/** Pages and pictures from the operator's Micboard folder. */
export class Pages {
  readonly #app: string | undefined;
  readonly #backgrounds: string | undefined;
  readonly #files: FileServer;

  constructor(app: string | undefined, backgrounds: string | undefined) {
    this.#app = app;
    this.#backgrounds = backgrounds ?? (app === undefined ? undefined : join(app, 'backgrounds'));
    this.#files = new FileServer([
      ...(app === undefined
        ? []
        : [{ prefix: '/static/', folder: join(app, 'static'), hashedNames: false }]),
      ...(this.#backgrounds === undefined
        ? []
        : [{ prefix: '/bg/', folder: this.#backgrounds, hashedNames: false }]),
    ]);
  }

  /** `/static/…` and `/bg/…`. False: there is no such file. */
  file(exchange: Exchange, headers: Headers): Promise<boolean> {
    return this.#files.serve(exchange, headersOf(headers));
  }

  /** `/` or `/about`. */
  async page(exchange: Exchange, headers: Headers, name: 'index' | 'about'): Promise<void> {
    const folder = await this.#folderWith(`${name}.html`);
    const path = name === 'index' ? '/' : '/about';
    const file = `${name}.html`;
    const served =
      folder !== undefined &&
      (await new FileServer([{ prefix: path, folder, fallback: file, hashedNames: false }]).serve(
        exchange,
        headersOf(headers),
      ));
    if (served) return;
    const type = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' };
    exchange.send(200, { ...headers, ...type }, HOW);
  }

  /** Names of the background files. Without a folder there are none. */
  async backgrounds() {
    const names =
      this.#backgrounds === undefined
        ? []
        : await readdir(this.#backgrounds).catch((thrown: unknown) => {
            if (isMissing(thrown)) return [];
            throw thrown;
          });
    const ending = (word: string): string[] =>
      names
        .filter((name) => name.toLowerCase().endsWith(word))
        .sort()
        .slice(0, MAX_LISTED);
    return { gif: ending('.gif'), jpg: ending('.jpg'), mp4: ending('.mp4') };
  }

  /** The app's pages lay in `static` once, and beside it later. */
  async #folderWith(file: string): Promise<string | undefined> {
    if (this.#app === undefined) return undefined;
    for (const folder of [this.#app, join(this.#app, 'static')]) {
      const facts = await stat(join(folder, file)).catch((thrown: unknown) => {
        if (isMissing(thrown)) return undefined;
        throw thrown;
      });
      if (facts?.isFile() === true) return folder;
    }
    return undefined;
  }
}

const headersOf = (headers: Headers): Headers => ({
  ...headers,
  'content-security-policy': APP_POLICY,
});

function isMissing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
