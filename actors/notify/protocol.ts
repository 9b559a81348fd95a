import type { Severity } from '../rule/rule.types.js';

/** How the thread reaches a target, secrets in the clear. `id` names it in sendings; a new `version` replaces it. */
export type Connection = {
  readonly id: string;
  readonly version: number;
  readonly timeoutMs: number;
  /** Loopback, private and link-local addresses may be called. */
  readonly allowPrivate: boolean;
} & (
  | {
      readonly kind: 'webhook';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly key: string | undefined;
    }
  | {
      readonly kind: 'chat';
      readonly url: string;
      readonly channel: string | undefined;
      readonly username: string | undefined;
    }
  | {
      readonly kind: 'email';
      readonly smtpUrl: string;
      readonly from: string;
      readonly to: readonly string[];
    }
  | {
      readonly kind: 'mqtt';
      readonly url: string;
      readonly user: string | undefined;
      readonly password: string | undefined;
      readonly topic: string;
      readonly qos: 0 | 1 | 2;
      readonly retain: boolean;
      readonly verifyTls: boolean;
    }
  | {
      readonly kind: 'syslog';
      readonly host: string;
      readonly port: number;
      readonly protocol: 'udp' | 'tcp' | 'tls';
      readonly facility: number;
      readonly verifyTls: boolean;
    }
);

export type ConnectionOf<K extends Connection['kind']> = Extract<Connection, { readonly kind: K }>;

/** One try of one delivery. */
export interface Sending {
  /** Number of the delivery; its outcome bears it. */
  readonly ticket: number;
  /** A connection's id. */
  readonly to: string;
  /** Idempotency key, the same at each try. */
  readonly key: string;
  readonly event: string;
  readonly atUnixMs: number;
  readonly subject: string;
  readonly text: string;
  readonly severity: Severity | undefined;
  /** JSON. */
  readonly body: string;
  /** Of mail: who gets it instead of the connection's own. */
  readonly email: readonly string[] | undefined;
}

export interface Outcome {
  readonly ticket: number;
  readonly ok: boolean;
  /** Status of HTTP, reply code of SMTP. */
  readonly code: number | null;
  readonly error: string | null;
  /** The target asked to be left alone for so long. */
  readonly retryAfterMs: number | null;
  /** Another try would fail as well. */
  readonly final: boolean;
}

/** Main thread → thread of notifications. */
export interface ToNotify {
  readonly requests: Record<string, never>;
  readonly posts: {
    'notify.connections': readonly Connection[];
    'notify.forget': readonly string[];
    'notify.send': readonly Sending[];
  };
  readonly streams: Record<string, never>;
}

/** Thread of notifications → main thread. */
export interface FromNotify {
  readonly requests: Record<string, never>;
  readonly posts: { 'notify.outcomes': readonly Outcome[] };
  readonly streams: Record<string, never>;
}
