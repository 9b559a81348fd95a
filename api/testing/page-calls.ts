import { EngineError } from '../../engine/errors.js';

/** A curl line of a page of the manual, with its variables filled in. */
export interface PageCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * Does what the shell blocks of a page say, in their order. Lines are `curl` with `-X`, `-H`, `--json`, and
 * `NAME=value # "field" of the answer`, which takes the field of the answer before. `perform` gives the answer's JSON;
 * a line with `# until "field" is value` is done again until that is so, and then told.
 * @param given values of variables that the page's reader sets; their own lines on the page are passed over.
 * @throws EngineError `input.invalid` for a line of any other kind.
 */
export async function followPage(
  page: string,
  given: Readonly<Record<string, string>>,
  perform: (call: PageCall) => Promise<unknown>,
  told: (call: PageCall, answer: unknown) => void,
): Promise<void> {
  const variables = new Map(Object.entries(given));
  const meant = (name: string): string => {
    const value = variables.get(name);
    if (value === undefined) throw wrong(`$${name} is set nowhere before`);
    return value;
  };
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  let answer: unknown;
  for (const { words, remark } of blocks.flatMap((block) => [...commandsOf(block)])) {
    const [first] = words;
    if (first === undefined) continue;
    const assigned = /^(\w+)=/.exec(first.text)?.[1];
    if (first.text === 'curl') {
      const call = callOf(words.slice(1).map((word) => filled(word, meant)));
      answer = await untilSo(remark, () => perform(call));
      told(call, answer);
    } else if (assigned !== undefined) {
      if (variables.has(assigned) && remark === '') continue;
      const field = /^"([\w.]+)" of the answer$/.exec(remark)?.[1];
      if (field === undefined)
        throw wrong(`${first.text} says not which field of the answer it is`);
      variables.set(assigned, fieldOf(answer, field));
    } else throw wrong(`${first.text} is neither curl nor NAME=value`);
  }
}

const wrong = (what: string): EngineError =>
  new EngineError('input.invalid', `a shell block of the page: ${what}`);

const TRIES = 200;
const PAUSE_MS = 100;

async function untilSo(remark: string, ask: () => Promise<unknown>): Promise<unknown> {
  const [, field, wanted] = /^until "([\w.]+)" is (\S+)$/.exec(remark) ?? [];
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (field === undefined || fieldOf(answer, field) === wanted) return answer;
    if (tries === TRIES) throw wrong(`never came: ${remark}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function fieldOf(answer: unknown, path: string): string {
  let value = answer;
  for (const name of path.split('.')) {
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  }
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(`the answer has no "${path}": ${JSON.stringify(answer).slice(0, 300)}`);
}

/** Pieces of a word; in `'…'` a dollar is a dollar. */
interface Word {
  readonly text: string;
  readonly parts: readonly { readonly text: string; readonly plain: boolean }[];
}

const filled = ({ parts }: Word, meant: (name: string) => string): string =>
  parts
    .map(({ text, plain }) =>
      plain ? text : text.replace(/\$(\w+)/g, (_, name: string) => meant(name)),
    )
    .join('');

interface CommandLine {
  readonly words: readonly Word[];
  readonly remark: string;
}

const TOKEN = /(\\\n|[ \t]+)|(\n)|#[ \t]*(.*)|'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s'"\\]+)/gy;

function commandsOf(block: string): readonly CommandLine[] {
  const lines: CommandLine[] = [];
  let words: Word[] = [];
  let parts: { text: string; plain: boolean }[] = [];
  let remark = '';
  const endWord = (): void => {
    if (parts.length > 0) words.push({ text: parts.map(({ text }) => text).join(''), parts });
    parts = [];
  };
  for (const [, space, end, said, single, double, bare] of block.matchAll(TOKEN)) {
    if (single !== undefined) parts.push({ text: single, plain: true });
    else if (double !== undefined)
      parts.push({ text: double.replace(/\\(.)/g, '$1'), plain: false });
    else if (bare !== undefined) parts.push({ text: bare, plain: false });
    else if (said !== undefined) remark = said;
    if (space !== undefined || end !== undefined || said !== undefined) endWord();
    if (end === undefined) continue;
    if (words.length > 0) lines.push({ words, remark });
    words = [];
    remark = '';
  }
  return lines;
}

function callOf(words: readonly string[]): PageCall {
  const headers: Record<string, string> = {};
  let method: string | undefined;
  let body: string | undefined;
  let url: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1];
    if (!word.startsWith('-')) {
      url = word;
      continue;
    }
    if (next === undefined) throw wrong(`curl: nothing follows ${word}`);
    at += 1;
    if (word === '-X') method = next;
    else if (word === '-H') {
      const colon = next.indexOf(':');
      headers[next.slice(0, colon).toLowerCase()] = next.slice(colon + 1).trim();
    } else if (word === '--json') {
      body = next;
      headers['content-type'] = 'application/json';
    } else throw wrong(`curl: ${word} is not known here`);
  }
  if (url === undefined) throw wrong('curl without an address');
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url, headers, body };
}
