import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SEVERITIES } from '../rule/rule.types.js';
import { type AlarmEvent, moveAlarm, standingOf } from './alarm.machine.js';
import { alarmRow } from './testing/alarm-row.js';

const fresh = alarmRow({ id: 7, ruleId: 3, source: 's', activeKey: '3:s' });

const severity = fc.constantFrom(...SEVERITIES);
const raised = { severity, text: fc.string(), value: fc.double() };
const by = fc.constantFrom('ada', 'bob');
const story = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('updated' as const), ...raised }),
    fc.record({ type: fc.constant('reopened' as const), ...raised }),
    fc.record({ type: fc.constant('cleared' as const), by: fc.option(by) }),
    fc.record({ type: fc.constantFrom('acknowledged' as const, 'unacknowledged' as const), by }),
    fc.record({ type: fc.constant('assigned' as const), by, to: fc.option(by) }),
    fc.record({ type: fc.constant('commented' as const), by }),
    fc.record({ type: fc.constant('shelved' as const), by, untilUnixMs: fc.nat(200) }),
    fc.record({ type: fc.constant('unshelved' as const), by: fc.option(by) }),
    fc.record({ type: fc.constant('escalated' as const), severity }),
  ),
  { maxLength: 60 },
);

describe('the life of an alarm', () => {
  test('whatever happens, the row says where it stands, and every change is counted', () => {
    fc.assert(
      fc.property(story, (events) => {
        let row = fresh;
        let moved = 0;
        for (const [at, event] of events.entries()) {
          const told = { ...event, atUnixMs: at + 1 } as AlarmEvent;
          const before = row;
          try {
            row = moveAlarm(row, told);
          } catch (thrown) {
            expect(String(thrown)).toMatch(/alarm 7 \(.*\): ./);
            continue;
          }
          moved += 1;
          const { activity, attention, shelf } = standingOf(row);
          expect(row.activeKey).toBe(activity === 'active' ? '3:s' : null);
          expect(row.lastChange).toBe(event.type);
          expect(row.updatedAtUnixMs).toBe(at + 1);
          expect(row.acknowledgedBy === null).toBe(attention === 'open');
          expect(row.shelvedBy === null).toBe(shelf === 'out');
          if (activity === 'cleared') expect(shelf).toBe('out');
          expect(row.repeats).toBeGreaterThanOrEqual(before.repeats);
          expect([row.id, row.raisedAtUnixMs, row.edge]).toEqual([7, 0, 1]);
        }
        expect(row.changes).toBe(1 + moved);
      }),
      { numRuns: 500 },
    );
  });

  test('an illegal move is refused with the remedy', () => {
    const cleared = moveAlarm(fresh, { type: 'cleared', atUnixMs: 1, by: null });
    expect(() => moveAlarm(cleared, { type: 'cleared', atUnixMs: 2, by: 'ada' })).toThrow(
      'alarm 7 (cleared, open): it is cleared already',
    );
    expect(() =>
      moveAlarm(cleared, { type: 'shelved', atUnixMs: 2, by: 'ada', untilUnixMs: 9 }),
    ).toThrow('shelve an active alarm');
    expect(() => moveAlarm(fresh, { type: 'unshelved', atUnixMs: 2, by: 'ada' })).toThrow(
      'it is not shelved',
    );
  });

  test('a worse severity opens an acknowledged alarm again, the same one does not', () => {
    const seen = moveAlarm(fresh, { type: 'acknowledged', atUnixMs: 1, by: 'ada' });
    const again = { type: 'updated', atUnixMs: 2, text: '', value: 1 } as const;
    expect(moveAlarm(seen, { ...again, severity: 'major' }).acknowledgedBy).toBe('ada');
    expect(moveAlarm(seen, { ...again, severity: 'critical' }).acknowledgedBy).toBeNull();
  });
});
