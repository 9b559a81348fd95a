import { EngineError } from '../../../engine/errors.js';

/** What stands for the words of a pattern in a topic. */
export interface TopicWords {
  readonly device: string;
  readonly parameter: string | undefined;
}

/** Longest topic that is looked at, characters. */
export const MAX_TOPIC_CHARS = 512;

/** `site/{device}/{parameter}`: one level each, also with something around it. */
export class TopicPattern {
  readonly source: string;
  /** To subscribe to. */
  readonly filter: string;
  readonly #pattern: RegExp;
  readonly #names: readonly string[];

  /** @throws EngineError `input.invalid` for a pattern without `{device}`, or with wildcards of its own at odd places. */
  constructor(source: string) {
    this.source = source;
    const names: string[] = [];
    const levels = source.split('/');
    const shapes = levels.map((level, at) => {
      if (level === '#' && at === levels.length - 1) return '.+';
      if (level === '+') return '[^/]+';
      if (/[#+]/.test(level)) {
        throw new EngineError('input.invalid', `the topic "${source}": + and # stand alone`);
      }
      return level
        .split(/(\{[a-z]+\})/)
        .map((piece) => {
          const name = /^\{([a-z]+)\}$/.exec(piece)?.[1];
          if (name === undefined) return piece.replace(/[.*?^${}()|[\]\\]/g, '\\$&');
          if ((name !== 'device' && name !== 'parameter') || names.includes(name)) {
            throw new EngineError(
              'input.invalid',
              `the topic "${source}": {device} and {parameter} are known, each once`,
            );
          }
          names.push(name);
          return '([^/]+)';
        })
        .join('');
    });
    if (!names.includes('device')) {
      throw new EngineError(
        'input.invalid',
        `the topic "${source}" does not say where {device} is`,
      );
    }
    this.#names = names;
    this.#pattern = new RegExp(`^${shapes.join('/')}$`);
    this.filter = levels.map((level) => (level.includes('{') ? '+' : level)).join('/');
  }

  get hasParameter(): boolean {
    return this.#names.includes('parameter');
  }

  match(topic: string): TopicWords | undefined {
    if (topic.length > MAX_TOPIC_CHARS) return undefined;
    const found = this.#pattern.exec(topic);
    if (found === null) return undefined;
    const at = (name: string): string | undefined => {
      const index = this.#names.indexOf(name);
      return index < 0 ? undefined : found[index + 1];
    };
    const device = at('device');
    return device === undefined ? undefined : { device, parameter: at('parameter') };
  }
}

/** A topic of a command. @throws EngineError `input.invalid` for words that would reach other topics. */
export function fillTopic(template: string, words: Readonly<Record<string, string>>): string {
  return template.replace(/\{([a-z]+)\}/g, (all, name: string) => {
    const word = Object.hasOwn(words, name) ? words[name] : undefined;
    if (word === undefined) return all;
    if (/[#+/\0]/.test(word)) {
      throw new EngineError('input.invalid', `"${word}" cannot be part of a topic`);
    }
    return word;
  });
}
