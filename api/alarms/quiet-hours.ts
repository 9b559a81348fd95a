import { DateTime } from 'luxon';

/**
 * When the quiet hours that hold now end; undefined: none hold. From `quietFrom` to before `quietTo` on the wall clock of the
 * zone, over midnight when the end is before the start; equal times are the whole day. On days whose clock is set, a time that
 * does not exist is the first one after it.
 */
export function quietUntil(
  hours: { readonly quietFrom: string | null; readonly quietTo: string | null },
  zone: string,
  nowUnixMs: number,
): number | undefined {
  const from = minutesOf(hours.quietFrom);
  const to = minutesOf(hours.quietTo);
  if (from === undefined || to === undefined) return undefined;
  const now = DateTime.fromMillis(nowUnixMs, { zone });
  const minutes = now.hour * 60 + now.minute;
  const over = to <= from;
  const inside = over ? minutes >= from || minutes < to : minutes >= from && minutes < to;
  if (!inside) return undefined;
  const day = over && minutes >= from ? now.plus({ days: 1 }) : now;
  const end = day
    .startOf('day')
    .set({ hour: Math.floor(to / 60), minute: to % 60 })
    .toMillis();
  // An hour that comes twice may put the end behind us: then it is looked at again in a minute.
  return end > nowUnixMs ? end : nowUnixMs + 60_000;
}

function minutesOf(text: string | null): number | undefined {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text ?? '') ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
