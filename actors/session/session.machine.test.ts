import { expect, test } from 'vitest';
import { createActor, type Snapshot } from 'xstate';
import { TestClock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { Presence } from './presence.js';
import { type SessionLeaves, sessionLogic, type VoiceEvent } from './session.machine.js';

class Rig {
  readonly clock = new TestClock();
  readonly heard: VoiceEvent[] = [];
  presence: Presence | undefined;
  inMix = 0;
  readonly #leaves: SessionLeaves = {
    voice: ({ sendBack, receive }) => {
      this.inMix += 1;
      receive((event) => this.heard.push(event));
      sendBack({ type: 'voice.ready', paused: false });
      return () => {
        this.inMix -= 1;
      };
    },
    presence: ({ sendBack }) => {
      const presence = new Presence(
        this.clock,
        { quietAfterMs: 30_000, idleAfterMs: 200_000 },
        (edge) => sendBack({ type: edge }),
      );
      this.presence = presence;
      sendBack({ type: 'presence.back' });
      return () => presence.close();
    },
  };

  start(snapshot?: Snapshot<unknown>, leaves: Partial<SessionLeaves> = {}) {
    const actor = createActor(sessionLogic({ ...this.#leaves, ...leaves }), {
      input: { sessionId: 's1' },
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    actor.start();
    return actor;
  }
}

test('a session streams when its voice is in the mix, goes quiet, and ends when nobody came back', () => {
  const rig = new Rig();
  const actor = rig.start();
  expect(actor.getSnapshot().value).toBe('streaming');
  rig.clock.advance(30_000);
  expect(actor.getSnapshot().value).toBe('idle');
  rig.presence?.word();
  expect(actor.getSnapshot().value).toBe('streaming');
  rig.clock.advance(199_000);
  expect(actor.getSnapshot().value).toBe('idle');
  rig.clock.advance(1_000);
  expect(actor.getSnapshot()).toMatchObject({ value: 'stopped', status: 'done' });
  expect(actor.getSnapshot().output).toBeUndefined();
  expect([rig.inMix, rig.clock.pending]).toEqual([0, 0]);
});

test('while somebody listens it never ends, and the wait begins when the last one left', () => {
  const rig = new Rig();
  const actor = rig.start();
  rig.presence?.setListeners(2);
  rig.clock.advance(3_600_000);
  expect(actor.getSnapshot().value).toBe('streaming');
  rig.presence?.setListeners(0);
  rig.clock.advance(199_999);
  expect(actor.getSnapshot().status).toBe('active');
  rig.clock.advance(1 + 30_000);
  expect(actor.getSnapshot().value).toBe('stopped');
});

test('pause and resume reach the voice once', () => {
  const rig = new Rig();
  const actor = rig.start();
  actor.send({ type: 'pause' });
  actor.send({ type: 'pause' });
  actor.send({ type: 'resume' });
  expect(rig.heard).toEqual([
    { type: 'voice.pause', paused: true },
    { type: 'voice.pause', paused: false },
  ]);
  actor.send({ type: 'stop' });
  expect(actor.getSnapshot().value).toBe('stopped');
});

test('a restored snapshot goes on where it was and puts the voice into the mix again', () => {
  const before = new Rig();
  const first = before.start();
  first.send({ type: 'pause' });
  const text = JSON.stringify(first.getPersistedSnapshot());
  const after = new Rig();
  const second = after.start(JSON.parse(text) as Snapshot<unknown>);
  expect([second.getSnapshot().value, after.inMix]).toEqual(['paused', 1]);
  second.send({ type: 'resume' });
  expect(second.getSnapshot().value).toBe('streaming');
});

test('a restored idle session wakes at the first word', () => {
  const before = new Rig();
  const first = before.start();
  before.clock.advance(30_000);
  const text = JSON.stringify(first.getPersistedSnapshot());
  const after = new Rig();
  const second = after.start(JSON.parse(text) as Snapshot<unknown>);
  expect(second.getSnapshot().value).toBe('streaming');
});

test('a voice that fails ends the session with its error and releases the other leaf', () => {
  const rig = new Rig();
  const actor = rig.start(undefined, {
    voice: ({ sendBack }) => {
      sendBack({ type: 'voice.failed', error: new EngineError('media.encoder', 'no codec') });
    },
  });
  expect(actor.getSnapshot().output).toMatchObject({ message: 'no codec' });
  expect(rig.clock.pending).toBe(0);
});
