import { createHash, randomBytes } from 'node:crypto';
import type { Visitor, VisitSession } from '../../actors/content/content.types.js';
import { SESSION_DEFAULTS, VISITOR_DEFAULTS } from '../../actors/content/defaults.js';
import type { ContentStore } from '../../actors/content/store.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

/** Why a session is over. */
export type EndReason = 'idle' | 'stopped' | 'killed' | 'failed';

const MAX_DEVICE_ID_CHARS = 254;

/** The rows that listener sessions leave in the content store: visits, visitors, and how visits ended. */
export class Visits {
  readonly #content: ContentStore;
  readonly #clock: Clock;

  constructor(content: ContentStore, clock: Clock) {
    this.#content = content;
    this.#clock = clock;
  }

  /** A new visit. @throws EngineError `conflict` when project, language or visitor are gone. */
  async begin(
    values: Partial<Omit<VisitSession, 'id'>> & { readonly projectId: number },
  ): Promise<VisitSession> {
    return await this.#content.sessions.create({
      ...SESSION_DEFAULTS,
      startedAtUnixMs: this.#clock.nowMs(),
      ...values,
    });
  }

  /** A visit that listens again after its stream had ended. */
  async again(number: number): Promise<VisitSession | undefined> {
    return await this.#content.sessions.update(number, { endedAtUnixMs: null, endReason: null });
  }

  /** Notes the end, and `cleanup_session` in the visit's log. A visit that is gone is no error. */
  async end(number: number, reason: EndReason): Promise<void> {
    const atUnixMs = this.#clock.nowMs();
    const row = await this.#content.sessions.update(number, {
      endedAtUnixMs: atUnixMs,
      endReason: reason,
    });
    if (row === undefined) return;
    try {
      await this.#content.events.create({
        sessionId: number,
        kind: 'cleanup_session',
        atUnixMs,
        clientTime: null,
        data: reason,
        latitude: null,
        longitude: null,
        tagIds: [],
      });
    } catch (thrown) {
      // Removed between the two writes, with its project.
      if (EngineError.from(thrown).code !== 'conflict') throw thrown;
    }
  }

  /** The visitor with a device, made at its first visit. */
  async visitor(deviceId: string, clientType: string): Promise<Visitor> {
    const id = deviceId.slice(0, MAX_DEVICE_ID_CHARS);
    const known = await this.#ofDevice(id);
    if (known !== undefined) return known;
    const nowUnixMs = this.#clock.nowMs();
    try {
      return await this.#content.visitors.create({
        ...VISITOR_DEFAULTS,
        username: `${Math.floor(nowUnixMs / 1_000)}${id.slice(-4)}`,
        deviceId: id,
        clientType,
        // Of a token that nobody has: whoever is asked for one makes a new.
        tokenHash: createHash('sha256').update(randomBytes(32)).digest('hex'),
        createdAtUnixMs: nowUnixMs,
      });
    } catch (thrown) {
      // Two pages of one device at the same moment.
      const other = await this.#ofDevice(id);
      if (other !== undefined) return other;
      throw thrown;
    }
  }

  /** What a visitor blocked, or, of a visitor who is not known, what was blocked in this session. */
  async blocks(
    userId: number | undefined,
    number: number,
  ): Promise<{
    readonly blockedAssetIds: readonly number[];
    readonly blockedUserIds: readonly number[];
  }> {
    if (userId !== undefined) {
      const { assetIds, userIds } = await this.#content.blocksOf(userId);
      return { blockedAssetIds: assetIds, blockedUserIds: userIds };
    }
    const votes = await this.#content.votes.find({
      where: [
        { field: 'sessionId', op: '=', value: number },
        { field: 'kind', op: 'in', value: ['block_asset', 'block_user'] },
      ],
    });
    const of = (kind: 'block_asset' | 'block_user'): readonly number[] => [
      ...new Set(votes.filter((vote) => vote.kind === kind).map(({ assetId }) => assetId)),
    ];
    const authors = await this.#content.assets.many(of('block_user'));
    return {
      blockedAssetIds: of('block_asset'),
      blockedUserIds: [...new Set(authors.flatMap(({ userId: author }) => author ?? []))],
    };
  }

  #ofDevice(id: string): Promise<Visitor | undefined> {
    return this.#content.visitors.first({ where: [{ field: 'deviceId', op: '=', value: id }] });
  }
}
