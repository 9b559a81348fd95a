import { join } from 'node:path';
import { expect, vi } from 'vitest';
import {
  ASSET_DEFAULTS,
  AUDIO_TRACK_DEFAULTS,
  PROJECT_DEFAULTS,
} from '../../../actors/content/defaults.js';
import { contentRows } from '../../../actors/content/testing/rows.js';
import { openSiteStore } from '../../../actors/control/site.js';
import { SystemClock } from '../../../engine/clock.js';
import { decodeStream, toneLevel } from '../../../media/tones.js';
import { RuleSite } from '../../rules/testing/rule-site.js';
import { place, saveTone, saveTones } from '../../testing/audio-site.js';
import { call, type SessionAnswer, type TestListener } from '../../testing/listen.js';

/** Pitch of the recording that rules play. */
export const BELL_HZ = 2_400;

export const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

/** A real server with two tones, a recording nobody comes near to, and rules that are made to fire. */
export class ActionSite extends RuleSite {
  /** Project of the recording. */
  voicesId = 0;
  bellId = 0;
  #next = 0;

  /** Before the first start. */
  async prepare(): Promise<void> {
    const clock = new SystemClock();
    const file = join(this.data, 'control.db');
    const store = await openSiteStore({ file, clock, onError: () => undefined });
    const { content } = store;
    const media = join(this.data, 'media');
    await saveTones(store, media);
    await saveTone(store, media, 'bell', BELL_HZ);
    const voices = await content.projects.create({
      ...PROJECT_DEFAULTS,
      name: 'Voices',
      ...place(0),
      publishedAtUnixMs: 0,
      recordingRadiusM: 50,
      bannedS: 0,
    });
    this.voicesId = voices.id;
    const author = await contentRows(store).visitor();
    const bell = await content.assets.create({
      ...ASSET_DEFAULTS,
      projectId: voices.id,
      userId: author.id,
      description: 'Bell',
      mediaId: 'bell',
      lengthS: 1,
      ingest: 'ready',
      submitted: true,
      ...place(40_000),
      createdAtUnixMs: 0,
      updatedAtUnixMs: 0,
    });
    this.bellId = bell.id;
    await content.audioTracks.create({
      ...AUDIO_TRACK_DEFAULTS,
      projectId: voices.id,
      minDurationS: 1,
      maxDurationS: 1,
      minFadeInS: 0,
      maxFadeInS: 0,
      minFadeOutS: 0.05,
      maxFadeOutS: 0.05,
    });
    await store.close();
  }

  /** A rule of its own that fires with the sample that this sends. @returns its id. */
  async fire(...actions: readonly Record<string, unknown>[]): Promise<number> {
    this.#next += 1;
    const name = `t${this.#next}`;
    await this.send('tank', [{ name, value: 10 }]);
    const condition = { type: 'threshold', channel: `tank/${name}`, op: '>', value: 50 };
    const id = await this.rule({ name, condition, actions });
    await soon(async () => {
      const { body } = await this.ask<{ items: { state: string }[] }>('GET', `rules/${id}/sources`);
      expect(body.items[0]?.state).toBe('normal');
    });
    await this.send('tank', [{ name, value: 60 }]);
    return id;
  }

  /** As `fire`, and waits until its actions are done. */
  async done(...actions: readonly Record<string, unknown>[]): Promise<number> {
    const id = await this.fire(...actions);
    await soon(() => {
      const rows = this.rows<{ state: string; error: string | null }>(`select state,
        last_error as error from automation_deliveries where public_id like 'rule:${id}:%'`);
      expect(rows).toEqual(actions.map(() => ({ state: 'delivered', error: null })));
    });
    return id;
  }

  async listen(projectId: number, eastM: number): Promise<SessionAnswer> {
    const { status, body } = await call<SessionAnswer>('POST', this.of('sessions'), {
      projectId,
      position: place(eastM),
    });
    expect([status, body]).toEqual([201, body]);
    return body;
  }

  of(path: string): string {
    return `${this.server?.url ?? ''}/v1/${path}`;
  }
}

/** Level of a tone in what comes next, after half a second that may still be the past. */
export async function levelOf(listener: TestListener, hz: number): Promise<number> {
  await listener.next(16_000);
  const { left } = await decodeStream(listener.bytes());
  return toneLevel(left, hz, Math.max(0, left.length - 24_000));
}

/** Highest level of a tone in any quarter of a second of all that was heard. */
export async function peakOf(listener: TestListener, hz: number): Promise<number> {
  const { left } = await decodeStream(listener.bytes());
  let peak = 0;
  for (let from = 0; from + 12_000 <= left.length; from += 6_000) {
    peak = Math.max(peak, toneLevel(left, hz, from, from + 12_000));
  }
  return peak;
}
