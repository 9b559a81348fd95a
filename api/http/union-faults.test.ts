import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { liveQuery } from '../contract/live.js';
import { ruleAction, ruleCondition } from '../contract/rules.js';
import { check, InvalidRequest } from './problem.js';

const rule = z.object({ actions: z.array(ruleAction), condition: ruleCondition.optional() });

/** `field: message` of each fault. */
function faults(schema: z.ZodType, value: unknown): readonly string[] {
  try {
    check(schema, value, 'body');
    return [];
  } catch (thrown) {
    if (!(thrown instanceof InvalidRequest)) throw thrown;
    return thrown.fields.map(({ field, message }) => `${field}: ${message}`);
  }
}
const ofAction = (action: unknown) => faults(rule, { actions: [action] });

describe('faults of a value that may be one of several things', () => {
  it('name the field of the thing that was meant', () => {
    expect(ofAction({ type: 'notify' })).toEqual([
      'body.actions.0.targetId: Invalid input: expected number, received undefined',
    ]);
    expect(ofAction({ type: 'journal', level: 'loud', text: 'x' })).toEqual([
      'body.actions.0.level: Invalid option: expected one of "error"|"warning"|"info"',
    ]);
    expect(ofAction({ type: 'audio', do: 'play', projectId: 1, assetId: 0 })).toEqual([
      'body.actions.0.assetId: Too small: expected number to be >=1',
    ]);
    expect(ofAction({ type: 'webhooks', event: 'a', url: 'x' })).toEqual([
      'body.actions.0: Unrecognized key: "url"',
    ]);
    expect(ofAction({ type: 'notify', targetId: 1, on: 'now' })).toEqual([
      'body.actions.0.on: Invalid option: expected one of "firing"|"clear"|"both"',
    ]);
  });

  it('name all words that would be taken where none is known', () => {
    expect(ofAction({ type: 'shout' })[0]).toMatch(
      /^body\.actions\.0\.type: Invalid input: expected "notify" or "webhooks" or .*"audio"$/,
    );
    expect(ofAction({ type: 'audio', do: 'dance', projectId: 1 })).toEqual([
      'body.actions.0.do: Invalid input: expected "speaker-volume" or "mute" or "unmute" or "play" or "tags" or "pause" or "resume" or "text"',
    ]);
    expect(ofAction({})).toHaveLength(1);
    expect(ofAction(7)[0]).toMatch(/^body\.actions\.0: Invalid input: expected object/);
    expect(
      faults(z.object({ qos: z.union([z.literal(0), z.literal(1), z.literal(2)]) }), { qos: 3 }),
    ).toEqual(['body.qos: Invalid input: expected 0 or 1 or 2']);
  });

  it('name the types of a plain value, and what else is wrong with one of the right type', () => {
    const scalar = z.object({ value: z.union([z.number(), z.string().max(3), z.boolean()]) });
    expect(faults(scalar, { value: {} })).toEqual([
      'body.value: Invalid input: expected number or string or boolean',
    ]);
    expect(faults(scalar, { value: 'long' })[0]).toMatch(/^body\.value: Too big/);
  });

  it('go down into unions of unions', () => {
    const filter = {
      and: [{ field: 'a', op: '==', value: 1 }, { not: { field: 'b', op: '~', value: 1 } }],
    };
    expect(faults(liveQuery, { resource: 'devices', filter })[0]).toMatch(
      /^body\.filter\.and\.1\.not\.op: Invalid option: expected one of/,
    );
  });

  it('never say of any value only that it is invalid', () => {
    const known = {
      type: fc.constantFrom('notify', 'audio', 'journal', 'x'),
      do: fc.constantFrom('play', 'mute', 'x'),
    };
    const some = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.record(known, { requiredKeys: [] }));
    fc.assert(
      fc.property(some, (action) => {
        const found = ofAction(action);
        expect(found.length > 0).toBe(!ruleAction.safeParse(action).success);
        for (const one of found) expect(one).not.toMatch(/: Invalid input$/);
      }),
    );
  });
});
