import { EngineError } from '../../engine/errors.js';
import type { ApiDocument, Example } from '../routes/openapi.types.js';
import type { PageCall } from './page-calls.js';

/** What calls answered, so that it can stand in a file: the same each time they are made in the same order. */
export class ExampleBook {
  readonly #document: ApiDocument;
  readonly #examples = new Map<string, Example>();
  /** Texts that are made by chance → what stands for them. */
  readonly #chance = new Map<string, string>();

  constructor(document: ApiDocument) {
    this.#document = document;
  }

  get calls(): readonly string[] {
    return [...this.#examples.keys()];
  }

  /** Notes a call; of several of the same kind the first. @throws EngineError `not-found` for a call that nobody describes. */
  note(call: PageCall, answer: unknown): void {
    const url = new URL(call.url);
    const found = this.#templateOf(call.method, url.pathname);
    if (found === undefined) {
      throw new EngineError('not-found', `${call.method} ${url.pathname} is not described`);
    }
    const key = `${call.method} ${found.path}`;
    if (this.#examples.has(key)) return;
    const query = Object.fromEntries(url.searchParams);
    this.#examples.set(key, {
      ...this.#part('params', found.params),
      ...this.#part('query', query),
      ...(call.body === undefined
        ? {}
        : { body: this.#steady('', JSON.parse(call.body) as unknown) }),
      ...(answer === undefined ? {} : { answer: this.#steady('', answer) }),
    });
  }

  /** The text of `api/routes/examples.gen.ts`. */
  text(): string {
    const sorted = Object.fromEntries([...this.#examples].sort(([a], [b]) => (a < b ? -1 : 1)));
    return [
      '// Made by `npm run client` from what a server answered to the lines of docs/openapi.md. Not edited by hand.',
      "import type { Example } from './openapi.types.js';",
      '',
      '/** Method and path → a call and its answer. */',
      `export const EXAMPLES: Readonly<Record<string, Example>> = ${JSON.stringify(sorted, null, 2)};`,
      '',
    ].join('\n');
  }

  #part(name: 'params' | 'query', values: Readonly<Record<string, string>>): object {
    const steady = Object.entries(values).map(([field, value]) => [
      field,
      field === 'from'
        ? String(AT_UNIX_MS)
        : field === 'to'
          ? String(AT_UNIX_MS + 3_600_000)
          : this.#steady(field, value),
    ]);
    return steady.length === 0 ? {} : { [name]: Object.fromEntries(steady) as unknown };
  }

  #templateOf(
    method: string,
    path: string,
  ): { readonly path: string; readonly params: Readonly<Record<string, string>> } | undefined {
    const fits = Object.entries(this.#document.paths).flatMap(([template, methods]) => {
      const form = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
      const match = form.exec(path);
      if (methods[method.toLowerCase()] === undefined || match === null) return [];
      return [{ path: template, params: { ...match.groups } }];
    });
    // The one with the fewest parameters is meant: `/v1/devices/import` is no device.
    return fits.sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)[0];
  }

  #steady(field: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.slice(0, SHOWN).map((one) => this.#steady(field, one));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, this.#steady(name, inner)]),
      );
    }
    if (typeof value === 'number') return this.#number(field, value);
    return typeof value === 'string' ? this.#string(field, value) : value;
  }

  #number(field: string, value: number): number {
    if (/UnixMs$/.test(field) && value !== 0) return GIVEN.has(value) ? value : AT_UNIX_MS;
    // Of some lists it depends on the moment; so many rows are shown.
    if (field === 'total') return Math.min(value, SHOWN);
    return MEASURED.test(field) ? 1 : value;
  }

  #string(field: string, value: string): string {
    if (/^\d+\.\d+\.\d+$/.test(value)) return '1.0.0';
    if (field === 'requestId') return 'example';
    // How far it is depends on the machine.
    if (field === 'state' && value === 'starting') return 'streaming';
    return value.replace(/\/\/127\.0\.0\.1:\d+/, '//localhost:8080').replace(CHANCE, (piece) => {
      const known = this.#chance.get(piece);
      if (known !== undefined) return known;
      const steady = `example-${this.#chance.size + 1}`;
      this.#chance.set(piece, steady);
      return steady;
    });
  }
}

/** What stands for a time that is read from a clock: 1 January 2026. */
const AT_UNIX_MS = 1_767_225_600_000;
/** Times that the page gives itself. */
const GIVEN = new Set([1_893_456_000_000, 1_893_459_600_000]);
/** Rows of a list that are shown. */
const SHOWN = 2;
/** Numbers that depend on the machine. */
const MEASURED = /^(uptimeS|latencyMs|elapsedMs|durationMs|heapBytes|bytes|rss|loopDelay\w*)$/;
/** Ids and secrets: long, in one piece, with digits; one id in forty has none, but then many capitals. */
const CHANCE = /(?<![\w-])(?=[\w-]*\d|(?:[\w-]*?[A-Z]){4})[\w-]{16,}/g;
