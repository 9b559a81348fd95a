import type { MqttConfiguration } from './config.js';
import type { BrokerTls } from './tls.js';

/** User of the engine's own connection. */
export const OWN_USER = '$earshot';

/** What a client of the broker may do: `all` is the engine itself. */
export type Rights = 'read' | 'publish' | 'operate' | 'all';

/** What the broker's thread starts with. */
export interface BrokerStart extends Omit<MqttConfiguration['broker'], 'enabled' | 'tls'> {
  readonly host: string;
  /** Undefined: in clear. */
  readonly tls: BrokerTls | undefined;
  /** Where retained messages outlive the process; undefined: nowhere. */
  readonly retainedFile: string | undefined;
  /** Where sessions outlive the process; undefined: nowhere. */
  readonly sessionsFile: string | undefined;
  /** Topics below belong to the engine: others may only ask there to set something. */
  readonly prefix: string;
  readonly discoveryPrefix: string;
}

export type ToBroker =
  | {
      readonly type: 'login';
      readonly id: number;
      /** Undefined: refused. */
      readonly rights: Rights | undefined;
      /** Kind and id of who it is, to be dropped by. */
      readonly who: string;
      /** As the log of changes names them. */
      readonly name: string;
    }
  | { readonly type: 'drop'; readonly who: string }
  | { readonly type: 'stop' };

export type FromBroker =
  | {
      readonly type: 'listening';
      readonly port: number;
      /** Of this machine, in clear, where only the engine itself may sign in; undefined: `port` serves it too. */
      readonly ownPort: number | undefined;
    }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'told'; readonly message: string }
  | {
      readonly type: 'login';
      readonly id: number;
      readonly user: string;
      readonly password: string;
      readonly address: string;
    }
  | { readonly type: 'dropped'; readonly client: string; readonly reason: string }
  | ({ readonly type: 'wish' } & Wish);

/** Somebody asks to set something, on a topic below the engine's own. */
export interface Wish {
  readonly topic: string;
  /** The first 2,048 bytes of it. */
  readonly payload: string;
  /** Who, and from where, as the log of changes names them. */
  readonly by: string;
  readonly address: string;
}
