import { TestClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { MixEngine } from '../engine/engine.js';
import type { MixEngineEvents, MixSession } from '../engine/engine.types.js';
import type { ListenEvent, SpeakerState } from '../listening.js';
import { LATENCY_FRAMES } from '../mixer/limiter.js';
import {
  type AssetDefinition,
  type AudioParts,
  BLOCK_FRAMES,
  BLOCK_MS,
  type EncoderFactory,
  type LiveRing,
  type ProjectDefinition,
  RATE_HZ,
  type SpeakerDefinition,
  type TrackDefinition,
} from '../ports.js';
import { pcmOf, type Stereo, tone } from '../tones.js';
import { assetOf, listenerOf, projectOf, speakerOf, trackOf } from './definitions.js';

/** A speaker of 440 Hz around 0/0, at half volume everywhere inside. */
export function speakerDef(id: number, over: Partial<SpeakerDefinition> = {}): SpeakerDefinition {
  const sources = [{ kind: 'media', mediaId: '440' }] as const;
  return speakerOf({ id, attenuationM: 0, maxVolume: 0.5, sources, ...over });
}

/** A track whose times are all fixed: assets whole, at once, then 1 s of dead air. */
export function trackDef(id: number, over: Partial<TrackDefinition> = {}): TrackDefinition {
  return trackOf({
    id,
    durationS: [100, 100],
    deadAirS: [1, 1],
    fadeInS: [0.1, 0.1],
    fadeOutS: [0.2, 0.2],
    startWithSilence: false,
    ...over,
  });
}

/** A tone of 3,000 Hz at 0/0, 2 s long. */
export function assetDef(id: number, over: Partial<AssetDefinition> = {}): AssetDefinition {
  return assetOf({ id, mediaId: '3000', law: 'cosine', endS: 2, ...over });
}

export const projectDef: typeof projectOf = (over = {}) => projectOf({ tracks: [], ...over });

export function sessionDef(id: string, over: Partial<MixSession> = {}): MixSession {
  return { id, projectId: 1, format: 'mp3', bitrateKbps: 128, ...listenerOf(), ...over };
}

/** "Encodes" a block as its own samples: left plane, then right one. */
export const pcmEncoders: EncoderFactory = {
  name: 'libav',
  synchronous: true,
  canSwitch: () => true,
  open: (options, onPacket) => {
    let endFrame = options.startFrame ?? 0;
    let closed = false;
    return {
      format: options.format,
      bitrateKbps: options.bitrateKbps,
      contentType: 'audio/mpeg',
      header: new Uint8Array(0),
      encode: (left, right) => {
        if (closed) return;
        const both = new Float32Array(2 * BLOCK_FRAMES);
        both.set(left);
        both.set(right, BLOCK_FRAMES);
        endFrame += BLOCK_FRAMES;
        onPacket(new Uint8Array(both.buffer), endFrame);
      },
      close: () => {
        closed = true;
      },
    };
  },
};

/** An engine on a test clock whose listeners keep what they hear. Media ids are frequencies, unless given. */
export class MixSite {
  readonly clock: TestClock;
  readonly engine: MixEngine;
  readonly heard = new Map<string, Uint8Array[]>();
  readonly streamOf = new Map<string, number>();
  readonly headers = new Map<number, Uint8Array>();
  readonly failures: string[] = [];
  readonly released: string[] = [];
  readonly listens: ListenEvent[] = [];
  readonly speakers: SpeakerState[] = [];
  /** Media of its own making, by id. */
  readonly media = new Map<string, Stereo>();
  /** Media that cannot be had. */
  readonly missing = new Set<string>();
  readonly rings = new Map<string, LiveRing>();
  closed = 0;
  opened = 0;

  constructor(encoders: EncoderFactory = pcmEncoders, clock = new TestClock()) {
    this.clock = clock;
    const events: MixEngineEvents = {
      opened: (stream, ids, _type, header) => {
        this.opened++;
        this.headers.set(stream, header);
        for (const id of ids) this.#join(id, stream);
      },
      moved: (id, stream) => this.#join(id, stream),
      closed: () => {
        this.closed++;
      },
      audio: (parts) => this.#deliver(parts),
      failed: (what, error) => this.failures.push(`${what}: ${error.message}`),
      listen: (event) => this.listens.push(event),
      speakerState: (state) => this.speakers.push(state),
    };
    this.engine = new MixEngine({
      clock: this.clock,
      encoders,
      events,
      media: {
        acquire: async (mediaId, chunk) => {
          if (this.missing.has(mediaId)) throw new EngineError('not-found', `no media ${mediaId}`);
          const sound = this.media.get(mediaId) ?? tone(Number(mediaId), 2 * RATE_HZ, 0.5);
          return pcmOf(mediaId, sound, chunk);
        },
        release: (mediaId) => this.released.push(mediaId),
      },
      live: {
        acquire: async (url) => {
          const ring = this.rings.get(url);
          if (ring === undefined) throw new EngineError('not-found', `nothing answers at ${url}`);
          return ring;
        },
        release: (url) => this.released.push(url),
      },
    });
  }

  /** A project with its assets. */
  project(definition: ProjectDefinition, assets: readonly AssetDefinition[] = []): void {
    this.engine.setProject(definition);
    this.engine.changeAssets({ projectId: 1, reset: true, put: assets, removed: [] });
  }

  listen(id: string, over: Partial<MixSession> = {}, place?: string): void {
    this.engine.startSession(sessionDef(id, over), place);
    this.engine.listeners(id, 1);
  }

  async run(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) {
      this.engine.tick();
      this.clock.advance(BLOCK_MS);
      // Media that was asked for arrives.
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  }

  /** Runs until something holds; at most `blocks`. */
  async until(holds: () => boolean, blocks = 1_000): Promise<void> {
    for (let i = 0; i < blocks && !holds(); i++) await this.run(1);
    if (!holds()) throw new Error(`not so after ${blocks} blocks`);
  }

  /** Bytes a listener has had. */
  bytes(id: string): Buffer {
    return Buffer.concat(this.heard.get(id) ?? []);
  }

  /** What a listener of `pcmEncoders` has had, the limiter's delay cut off: frame 0 is the first one mixed. */
  pcm(id: string): Stereo {
    const bytes = this.bytes(id);
    const blocks = bytes.length / (8 * BLOCK_FRAMES);
    const left = new Float32Array(blocks * BLOCK_FRAMES);
    const right = new Float32Array(blocks * BLOCK_FRAMES);
    const all = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    );
    for (let block = 0; block < blocks; block++) {
      const at = block * 2 * BLOCK_FRAMES;
      left.set(all.subarray(at, at + BLOCK_FRAMES), block * BLOCK_FRAMES);
      right.set(all.subarray(at + BLOCK_FRAMES, at + 2 * BLOCK_FRAMES), block * BLOCK_FRAMES);
    }
    return { left: left.subarray(LATENCY_FRAMES), right: right.subarray(LATENCY_FRAMES) };
  }

  #join(id: string, stream: number): void {
    if (!this.heard.has(id)) this.heard.set(id, [this.headers.get(stream) ?? new Uint8Array()]);
    this.streamOf.set(id, stream);
  }

  #deliver(parts: AudioParts): void {
    for (let i = 0; i < parts.count; i++) {
      const bytes = parts.bytes.slice(parts.offset[i], parts.offset[i + 1]);
      for (const [id, stream] of this.streamOf) {
        if (stream === parts.stream[i]) this.heard.get(id)?.push(bytes);
      }
    }
  }
}
