import type { ChangeBatch } from '../../../actors/device/protocol.js';
import type { ConnectionFacts, IdentityFacts } from '../../../actors/plugins/protocol.js';
import type { ChannelSpec, DevicePart } from '../../../actors/plugins/sdk/plugin.types.js';
import { CHANNEL_ROLES, type ChannelRole } from '../../../actors/plugins/sdk/roles.js';
import { EngineError } from '../../../engine/errors.js';
import type { MemoryTable } from '../../live/table.js';
import type { PluginPort } from '../../plugins/plugins.types.js';

/** The plugins as the inventory meets them, told by a test what devices say. Numbers parameters as the store does. */
export class ToldPlugins implements PluginPort {
  readonly descriptions = new Map();
  /** Devices whose meters are watched, one entry a looker. */
  readonly watched = new Set<readonly string[]>();
  readonly #channels: MemoryTable;
  readonly #connections = new Map<string, ConnectionFacts>();
  readonly #identities = new Map<string, IdentityFacts>();
  readonly #numbers = new Map<string, number>();
  readonly #onIdentity = new Set<(deviceId: string) => void>();
  readonly #onConnection = new Set<(facts: ConnectionFacts) => void>();
  readonly #onChanges = new Set<(batch: ChangeBatch) => void>();
  /** How often parameters were asked for. */
  specsAsked = 0;
  /** As told last. */
  troubles: ReadonlyMap<string, string> = new Map();
  readonly recordsTold: string[][] = [];

  constructor(channels: MemoryTable) {
    this.#channels = channels;
  }

  connection(deviceId: string): ConnectionFacts | undefined {
    return this.#connections.get(deviceId);
  }

  identity(deviceId: string): IdentityFacts | undefined {
    return this.#identities.get(deviceId);
  }

  specs(deviceId: string): ReadonlyMap<string, ChannelSpec> | undefined {
    this.specsAsked += 1;
    const channels = this.#identities.get(deviceId)?.channels;
    return channels === undefined ? undefined : new Map(channels.map((spec) => [spec.id, spec]));
  }

  onIdentity(listener: (deviceId: string) => void): () => void {
    this.#onIdentity.add(listener);
    for (const deviceId of this.#identities.keys()) listener(deviceId);
    return () => void this.#onIdentity.delete(listener);
  }

  onConnection(listener: (facts: ConnectionFacts) => void): () => void {
    this.#onConnection.add(listener);
    return () => void this.#onConnection.delete(listener);
  }

  onChanges(listener: (batch: ChangeBatch) => void): () => void {
    this.#onChanges.add(listener);
    return () => void this.#onChanges.delete(listener);
  }

  watchMeters(deviceIds: readonly string[]): () => void {
    this.watched.add(deviceIds);
    return () => void this.watched.delete(deviceIds);
  }

  onAir(troubles: ReadonlyMap<string, string>): void {
    this.troubles = troubles;
  }

  check(): Promise<never> {
    return Promise.reject(new EngineError('not-found', 'there is no such instance'));
  }

  addDevice(): Promise<never> {
    return Promise.reject(new EngineError('not-found', 'there is no such instance'));
  }

  removeDevices(): Promise<void> {
    return Promise.resolve();
  }

  scan(): Promise<never> {
    return Promise.reject(new EngineError('not-found', 'there is no such instance'));
  }

  recordsChanged(deviceIds: readonly string[]): Promise<void> {
    this.recordsTold.push([...deviceIds]);
    return Promise.resolve();
  }

  /** A device says what it has: parts, and a parameter for each role of each. */
  identify(deviceId: string, parts: readonly DevicePart[], roles: readonly ChannelRole[]): void {
    const channels = parts.flatMap(({ number }) =>
      roles.map(
        (role): ChannelSpec => ({
          id: `${number}.${role}`,
          name: role,
          kind: CHANNEL_ROLES[role].kind,
          direction: 'input',
          role,
          part: number,
        }),
      ),
    );
    for (const { id, kind } of channels) {
      const key = `${deviceId}/${id}`;
      if (this.#numbers.has(key)) continue;
      const channel = this.#numbers.size + 1;
      this.#numbers.set(key, channel);
      this.#channels.put({
        id: key,
        channel,
        deviceId,
        name: id,
        kind,
        value: null,
        atUnixMs: null,
      });
    }
    this.#identities.set(deviceId, { deviceId, parts, channels });
    for (const listener of this.#onIdentity) listener(deviceId);
  }

  connect(deviceId: string, facts: Partial<ConnectionFacts> = {}): void {
    const whole: ConnectionFacts = {
      deviceId,
      instanceId: 1,
      state: 'connected',
      sinceUnixMs: 0,
      held: false,
      waiting: false,
      connectedAtUnixMs: undefined,
      disconnectedAtUnixMs: undefined,
      lastMessageAtUnixMs: undefined,
      attempts: 0,
      nextAttemptAtUnixMs: undefined,
      reconnects: 0,
      errorCount: 0,
      errorMessage: undefined,
      lastErrorAtUnixMs: undefined,
      readsDropped: 0,
      ...facts,
    };
    this.#connections.set(deviceId, whole);
    for (const listener of this.#onConnection) listener(whole);
  }

  /** A device says values of one part. */
  say(
    deviceId: string,
    part: number,
    values: Partial<Record<ChannelRole, number | string | boolean>>,
    atUnixMs: number,
  ): void {
    const numbers: [number, number][] = [];
    const text: ChangeBatch['text'][number][] = [];
    for (const [role, value] of Object.entries(values)) {
      const channel = this.#numbers.get(`${deviceId}/${part}.${role}`);
      if (channel === undefined) throw new EngineError('not-found', `${deviceId} has no ${role}`);
      if (typeof value === 'string') text.push({ channel, atUnixMs, value });
      else numbers.push([channel, Number(value)]);
    }
    this.post({
      channel: Uint32Array.from(numbers, ([channel]) => channel),
      atUnixMs: new Float64Array(numbers.length).fill(atUnixMs),
      value: Float64Array.from(numbers, ([, value]) => value),
      text,
    });
  }

  /** A device does not know values of one part any more. */
  forget(deviceId: string, part: number, roles: readonly ChannelRole[], atUnixMs: number): void {
    this.post({
      ...{ channel: new Uint32Array(), atUnixMs: new Float64Array(), value: new Float64Array() },
      ...{ text: [], unknown: roles.map((role) => this.#unknown(deviceId, part, role, atUnixMs)) },
    });
  }

  numberOf(deviceId: string, part: number, role: ChannelRole): number {
    return this.#numbers.get(`${deviceId}/${part}.${role}`) ?? 0;
  }

  post(batch: ChangeBatch): void {
    for (const listener of this.#onChanges) listener(batch);
  }

  #unknown(deviceId: string, part: number, role: ChannelRole, atUnixMs: number) {
    return { channel: this.numberOf(deviceId, part, role), atUnixMs };
  }
}
