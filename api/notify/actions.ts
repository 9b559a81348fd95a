import type { Action } from '../../actors/rule/rule.types.js';
import { EngineError } from '../../engine/errors.js';
import type { ActionPort, ExperimentPort, JournalPort, VariablePort } from '../automation/ports.js';
import type { AudioActions } from './audio-actions.js';

/** Parts that actions need; those that are not there yet are named when somebody asks for them. */
export interface ActionParts {
  readonly audio: AudioActions | undefined;
  /** Sends a command; one to a device that is away waits there. @throws EngineError `not-found`, `input.invalid`. */
  readonly command: (
    deviceId: string,
    parameter: string,
    value: number | string | boolean,
    by: string,
  ) => Promise<unknown>;
  readonly variables: () => VariablePort | undefined;
  readonly experiments: () => ExperimentPort | undefined;
  readonly journal: () => JournalPort | undefined;
}

/** Keys remembered as done; the oldest goes. */
const MOST_DONE = 20_000;

/** What rules do here. Done twice under a key, an action has done no more than once. */
export class Actions implements ActionPort {
  readonly #parts: ActionParts;
  readonly #done = new Set<string>();

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  async run(action: Action, key: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#done.has(key)) return;
    await this.#run(action, key, facts);
    this.#done.add(key);
    if (this.#done.size <= MOST_DONE) return;
    const [oldest] = this.#done;
    if (oldest !== undefined) this.#done.delete(oldest);
  }

  /** Forgets that it was done: somebody wants it again. */
  again(key: string): void {
    this.#done.delete(key);
  }

  async #run(action: Action, key: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    const { audio, command } = this.#parts;
    const by = typeof facts['ruleId'] === 'number' ? `rule:${facts['ruleId']}` : 'rule';
    switch (action.type) {
      case 'journal': {
        const journal = there(this.#parts.journal(), 'the journal');
        await journal.write(action.level, action.text, by, undefined, key);
        return;
      }
      case 'variable': {
        const variables = there(this.#parts.variables(), 'variables');
        // `=count + 1` would count twice: who set it last tells whether it was this.
        if (variables.get(action.name)?.updatedBy === key) return;
        await variables.set(action.name, setTo(action.value, variables), key);
        return;
      }
      case 'command':
        await command(action.deviceId, action.parameter, action.value, by);
        return;
      case 'experiment': {
        const experiments = there(this.#parts.experiments(), 'experiments');
        const runs = experiments.running().some(({ name }) => name === action.name);
        // Asked a second time after a kill, it runs, or has ended, already.
        if (runs === (action.do === 'start')) return;
        if (action.do === 'start') await experiments.start(action.name, by);
        else await experiments.stop(action.name, by);
        return;
      }
      case 'audio':
        await there(audio, 'the sound of the site').run(action, key);
        return;
      case 'notify':
      case 'webhooks':
        throw new EngineError(
          'internal',
          `${action.type} is told to a target, it is not done here`,
        );
    }
  }
}

function setTo(
  value: number | string | boolean,
  variables: VariablePort,
): number | string | boolean {
  if (typeof value !== 'string' || !value.startsWith('=')) return value;
  if (variables.evaluate === undefined) {
    throw new EngineError('server.busy', 'expressions of variables cannot be worked out yet');
  }
  return variables.evaluate(value.slice(1));
}

function there<T>(part: T | undefined, name: string): T {
  if (part !== undefined) return part;
  throw new EngineError('server.busy', `${name} cannot be reached yet: it is tried again`);
}
