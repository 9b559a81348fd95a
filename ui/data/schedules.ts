import type { z } from 'zod';
import type { openings } from '../../api/contract/rules.js';
import { call } from './api.js';
import type { RowOfTable } from './table-row.types.js';

export type Schedule = RowOfTable<'schedules'>;
export type Openings = z.output<typeof openings>;

export const DAY_WORDS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** `Mon-Fri 08:00-18:00` as typed; a fault names the line and the remedy. */
export function weeklyFrom(
  lines: readonly string[],
): { readonly weekly: Schedule['weekly'] } | { readonly fault: string } {
  const weekly: Schedule['weekly'][number][] = [];
  for (const line of lines) {
    const [, daysText, from, to] =
      /^(\S.*?)\s+(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)$/.exec(line.trim()) ?? [];
    const days = daysText === undefined ? undefined : daysFrom(daysText);
    if (days === undefined || from === undefined || to === undefined) {
      return {
        fault: `“${line}” is none: write it like Mon-Fri 08:00-18:00, or Sat, Sun 10:00-24:00`,
      };
    }
    weekly.push({ days: [...days], from, to });
  }
  return { weekly };
}

function daysFrom(text: string): readonly number[] | undefined {
  const at = (word: string): number =>
    DAY_WORDS.findIndex((day) => day.toLowerCase() === word.trim().slice(0, 3).toLowerCase()) + 1;
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split(/[-–]/);
    const [from, to] = [at(first), at(last)];
    if (from === 0 || to === 0) return undefined;
    for (let day = from; ; day = (day % 7) + 1) {
      days.add(day);
      if (day === to) break;
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

export const weeklyLines = (weekly: Schedule['weekly']): readonly string[] =>
  weekly.map(
    ({ days, from, to }) =>
      `${days.map((day) => DAY_WORDS[day - 1] ?? day).join(', ')} ${from}-${to}`,
  );

/** `12-24 closed Christmas` or `2027-05-01 10:00-14:00` as typed. */
export function daysFromLines(
  lines: readonly string[],
): { readonly days: Schedule['days'] } | { readonly fault: string } {
  const days: Schedule['days'][number][] = [];
  for (const line of lines) {
    const [, day, what, name] =
      /^((?:\d{4}-)?\d\d-\d\d)\s+(closed|\d\d:\d\d\s*[-–]\s*\d\d:\d\d)(?:\s+(.+))?$/i.exec(
        line.trim(),
      ) ?? [];
    if (day === undefined || what === undefined) {
      return {
        fault: `“${line}” is none: write it like 12-24 closed, or 2027-05-01 10:00-14:00 May Day`,
      };
    }
    const [from = '', to = ''] = what.split(/\s*[-–]\s*/);
    const times = /closed/i.test(what) ? [] : [{ from, to }];
    days.push({ day, times, ...(name === undefined ? {} : { name }) });
  }
  return { days };
}

export const dayLines = (days: Schedule['days']): readonly string[] =>
  days.flatMap(({ day, name, times }) => {
    const after = name === undefined ? '' : ` ${name}`;
    return times.length === 0
      ? [`${day} closed${after}`]
      : times.map(({ from, to }) => `${day} ${from}-${to}${after}`);
  });

/** Open pieces of each day of the week, as shares of the day; what goes over midnight is in both days. */
export function weekPieces(
  weekly: Schedule['weekly'],
): readonly (readonly { readonly from: number; readonly to: number }[])[] {
  const week: { from: number; to: number }[][] = DAY_WORDS.map(() => []);
  const share = (time: string): number =>
    (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) / 1_440;
  for (const { days, from, to } of weekly) {
    const [begin, end] = [share(from), share(to)];
    for (const day of days) {
      if (end > begin) week[day - 1]?.push({ from: begin, to: end });
      else {
        week[day - 1]?.push({ from: begin, to: 1 });
        if (end > 0) week[day % 7]?.push({ from: 0, to: end });
      }
    }
  }
  return week;
}

export const nextOpenings = (id: number, signal: AbortSignal): Promise<Openings> =>
  call('GET', '/v1/schedules/{id}/next', { params: { id }, query: { count: 5 }, signal });
