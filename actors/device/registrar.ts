import { EngineError } from '../../engine/errors.js';
import type { ChannelKind, DeviceDefinition, InternAnswer } from './protocol.js';

/** A device with parameters that have no channel yet. */
export interface Claim {
  readonly id: string;
  readonly protocol: string;
  readonly channels: readonly {
    readonly name: string;
    readonly kind: ChannelKind;
    readonly unit?: string | undefined;
  }[];
}

interface Gathered {
  readonly id: string;
  readonly protocol: string;
  readonly channels: Map<string, Claim['channels'][number]>;
}

/** What a round of registration came to: definitions, or why some or all devices were not taken. */
export interface Round {
  readonly number: number;
  readonly devices: readonly DeviceDefinition[];
  readonly refused: ReadonlyMap<string, string>;
  /** Nothing was registered, for this reason. */
  readonly failure: string | undefined;
}

/**
 * Asks the main thread to register what is new, everything that came up meanwhile in one request. Claims of a
 * round that is under way go into the next.
 */
export class Registrar {
  readonly #intern: (claims: readonly Claim[]) => Promise<InternAnswer>;
  readonly #done: (round: Round) => void;
  #gathered = new Map<string, Gathered>();
  #round = 1;
  #running = false;

  constructor(
    intern: (claims: readonly Claim[]) => Promise<InternAnswer>,
    done: (round: Round) => void,
  ) {
    this.#intern = intern;
    this.#done = done;
  }

  /** Number of the round in which the claim will be asked. */
  claim(claim: Claim): number {
    const gathered = this.#gathered.get(claim.id) ?? {
      id: claim.id,
      protocol: claim.protocol,
      channels: new Map<string, Claim['channels'][number]>(),
    };
    this.#gathered.set(claim.id, gathered);
    for (const channel of claim.channels) {
      if (!gathered.channels.has(channel.name)) gathered.channels.set(channel.name, channel);
    }
    return this.#round;
  }

  /** Starts a round when there is something to ask and none is under way. */
  flush(): void {
    if (this.#running || this.#gathered.size === 0) return;
    const claims = Array.from(this.#gathered.values(), ({ id, protocol, channels }) => ({
      id,
      protocol,
      channels: [...channels.values()],
    }));
    this.#gathered = new Map();
    const number = this.#round;
    this.#round += 1;
    this.#running = true;
    void this.#ask(claims, number);
  }

  async #ask(claims: readonly Claim[], number: number): Promise<void> {
    let round: Round;
    try {
      const { devices, refused } = await this.#intern(claims);
      const reasons = new Map(refused.map(({ deviceId, reason }) => [deviceId, reason]));
      round = { number, devices, refused: reasons, failure: undefined };
    } catch (thrown) {
      const failure = EngineError.from(thrown).message;
      round = { number, devices: [], refused: new Map(), failure };
    }
    this.#running = false;
    this.#done(round);
    this.flush();
  }
}
