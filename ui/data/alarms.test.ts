import { describe, expect, it } from 'vitest';
import { AlarmEar, type Heard, SOUNDS } from './alarm-sound.js';
import { alarmFilter, alarmQuery, alarmState, eventLine, SEVERITIES } from './alarms.js';
import { matcherLines, matchersFrom, matcherWords } from './matchers.js';
import { type AlarmRoute, routeAndBelow, routeOrder } from './route-tree.js';

const heard = (id: string, severity: Heard['severity'], raisedAtUnixMs = 1): Heard => ({
  id,
  severity,
  severityRank: SEVERITIES.indexOf(severity),
  raisedAtUnixMs,
});

describe('the ear of the alarm desk', () => {
  it('is silent for what was there at the first look', () => {
    expect(new AlarmEar().listen([heard('1', 'critical')])).toBeUndefined();
  });

  it('hears the worst of those that are new, and each only once', () => {
    const ear = new AlarmEar();
    ear.listen([heard('1', 'critical')]);
    const rows = [heard('1', 'critical'), heard('2', 'info'), heard('3', 'minor')];
    expect(ear.listen(rows)).toBe('minor');
    expect(ear.listen(rows)).toBeUndefined();
  });

  it('hears one again that is raised anew', () => {
    const ear = new AlarmEar();
    ear.listen([heard('1', 'major', 5)]);
    expect(ear.listen([heard('1', 'major', 9)])).toBe('major');
  });

  it('has more beeps the worse it is', () => {
    const beeps = SEVERITIES.map((severity) => SOUNDS[severity].length);
    expect(beeps).toEqual(beeps.toSorted((a, b) => b - a));
  });
});

describe('a list of alarms', () => {
  it('shows the open ones, the worst and newest first', () => {
    const query = alarmQuery({ wish: { show: 'open' }, sort: [], page: 2, size: 50 });
    expect(query.sort?.map(({ field }) => field)).toEqual([
      'active',
      'severityRank',
      'raisedAtUnixMs',
    ]);
    expect(query.window).toEqual({ offset: 50, limit: 50 });
    expect(JSON.stringify(query.filter)).toContain('"shelvedUntilUnixMs"');
  });

  it('asks for a severity and the worse ones', () => {
    expect(alarmFilter({ show: 'all', severity: 'minor' })).toEqual({
      field: 'severityRank',
      op: '<=',
      value: 2,
    });
    expect(alarmFilter({ show: 'all', severity: 'info', text: ' ' })).toBeUndefined();
  });

  it('looks for text in what is written of an alarm, and for those of a user', () => {
    const filter = JSON.stringify(alarmFilter({ show: 'all', text: 'door', assignedTo: 'ann' }));
    expect(filter).toContain('"field":"text","op":"contains","value":"door"');
    expect(filter).toContain('"field":"assignedTo","op":"==","value":"ann"');
  });

  it('says where an alarm stands', () => {
    const row = { active: true, acknowledged: false, shelvedUntilUnixMs: null };
    expect(alarmState(row).word).toBe('New');
    expect(alarmState({ ...row, acknowledged: true }).word).toBe('Acknowledged');
    expect(alarmState({ ...row, shelvedUntilUnixMs: 5 }).word).toBe('Shelved');
    expect(alarmState({ ...row, active: false }).word).toBe('Over, not acknowledged');
  });

  it('tells its story in words', () => {
    const event = (kind: string, detail: Record<string, unknown>) =>
      eventLine({ atUnixMs: 1, kind, detail });
    expect(event('alarm.assigned', { to: 'ann', by: 'ben' })).toBe('Assigned to ann by ben');
    expect(event('alarm.acknowledged', { by: 'ben', comment: 'on my way' })).toBe(
      'Acknowledged by ben: on my way',
    );
    expect(event('alarm.odd', {})).toBe('odd');
  });
});

describe('matchers as they are typed', () => {
  it('are read, told in words and written back', () => {
    const read = matchersFrom(['severity = critical', 'rule=~.*Door.*', 'hall != "B 2"']);
    expect(read).toEqual({
      matchers: [
        { label: 'severity', op: '=', value: 'critical' },
        { label: 'rule', op: '=~', value: '.*Door.*' },
        { label: 'hall', op: '!=', value: 'B 2' },
      ],
    });
    if ('fault' in read) throw new Error(read.fault);
    expect(matchersFrom(matcherLines(read.matchers))).toEqual(read);
    expect(matcherWords(read.matchers)).toContain('hall is not B 2');
    expect(matcherWords([])).toBe('all alarms');
  });

  it('say which line is none', () => {
    expect(matchersFrom(['severity = critical', 'what'])).toEqual({
      fault: expect.stringContaining('“what”'),
    });
  });
});

describe('the tree of routes', () => {
  const route = (id: number, parentId: number | null, position = 0): AlarmRoute => ({
    id,
    parentId,
    position,
    name: `r${id}`,
    matchers: [],
    targetIds: [],
    groupBy: [],
    groupWaitMs: 0,
    groupIntervalMs: 0,
    repeatMs: 0,
    goOn: false,
    muteScheduleIds: [],
  });
  const routes = [route(1, null, 5), route(2, null, 1), route(3, 1), route(4, 3), route(5, 99)];

  it('is listed as it is tried, children behind their parent', () => {
    expect(routeOrder(routes).map(({ route: { id }, depth }) => [id, depth])).toEqual([
      [2, 0],
      [1, 0],
      [3, 1],
      [4, 2],
      [5, 0],
    ]);
  });

  it('keeps a route from going below itself', () => {
    expect([...routeAndBelow(routes, 1)]).toEqual([1, 3, 4]);
  });
});
