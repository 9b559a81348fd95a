import { createInterface } from 'node:readline/promises';
import type { Wave } from './model.js';

/** What a run needs to know; pauses in seconds as typed. */
export interface Answers {
  readonly url: string;
  readonly count: number;
  readonly kind: Wave;
  readonly max: number;
  readonly minPause: number;
  readonly maxPause: number;
  /** 0: until it is interrupted. */
  readonly seconds: number;
  readonly autoRegister: boolean;
}

export const DEFAULTS: Answers = {
  url: 'ws://localhost:8080/update/',
  count: 50,
  kind: 'random',
  max: 100,
  minPause: 1,
  maxPause: 5,
  seconds: 0,
  autoRegister: true,
};

interface Question<T> {
  readonly text: string;
  /** Undefined: not an answer, ask again. */
  readonly read: (text: string) => T | undefined;
  /** How to say what is wanted. */
  readonly wanted: string;
}

export function readUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') return undefined;
  if (url.pathname === '/') url.pathname = '/update/';
  return url.href;
}

export function readCount(text: string): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= 100_000 ? number : undefined;
}

export function readAmount(text: string): number | undefined {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

export function readKind(text: string): Wave | undefined {
  return (['random', 'linear', 'sine'] as const).find((kind) => kind === text.toLowerCase());
}

export function readFlag(text: string): boolean | undefined {
  if (['y', 'yes', 'on', 'true'].includes(text.toLowerCase())) return true;
  return ['n', 'no', 'off', 'false'].includes(text.toLowerCase()) ? false : undefined;
}

const QUESTIONS: { readonly [K in keyof Answers]: Question<Answers[K]> } = {
  url: { text: 'Server', read: readUrl, wanted: 'an address like ws://host:8080/update/' },
  count: { text: 'Number of devices', read: readCount, wanted: 'a number from 1 to 100000' },
  kind: { text: 'Values: random, linear or sine', read: readKind, wanted: 'one of the three' },
  max: { text: 'Largest value', read: readAmount, wanted: 'a number' },
  minPause: { text: 'Shortest pause, seconds', read: readAmount, wanted: 'a number of seconds' },
  maxPause: { text: 'Longest pause, seconds', read: readAmount, wanted: 'a number of seconds' },
  seconds: { text: 'Seconds to run, 0 without end', read: readAmount, wanted: 'a number' },
  autoRegister: { text: 'Devices register themselves (y/n)', read: readFlag, wanted: 'y or n' },
};

/** Asks at the terminal for what was not given; an empty line takes the default. */
export async function askFor(given: Partial<Answers>): Promise<Answers> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ask = async <K extends keyof Answers>(key: K): Promise<Answers[K]> => {
    const already = given[key];
    if (already !== undefined) return already as Answers[K];
    const { text, read, wanted } = QUESTIONS[key];
    for (;;) {
      const typed = (await terminal.question(`${text} [${String(DEFAULTS[key])}]: `)).trim();
      if (typed === '') return DEFAULTS[key];
      const answer = read(typed);
      if (answer !== undefined) return answer;
      process.stderr.write(`Please give ${wanted}.\n`);
    }
  };
  try {
    return {
      url: await ask('url'),
      count: await ask('count'),
      kind: await ask('kind'),
      max: await ask('max'),
      minPause: await ask('minPause'),
      maxPause: await ask('maxPause'),
      seconds: await ask('seconds'),
      autoRegister: await ask('autoRegister'),
    };
  } finally {
    terminal.close();
  }
}
