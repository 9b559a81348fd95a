/** Words and figures. Pure; the same value always looks the same. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12 s`, `4 min`, `3 h 20 min`, `2 d 4 h`; `0 s` for what is below a second or in the future. */
export function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  }
  const hours = Math.floor((ms % DAY) / HOUR);
  return `${Math.floor(ms / DAY)} d${hours > 0 ? ` ${hours} h` : ''}`;
}

/** A span that somebody set, nothing of it rounded away: `1 min 30 s`, `0.5 s`. */
export function span(ms: number): string {
  const parts = [
    [Math.floor(ms / DAY), 'd'],
    [Math.floor((ms % DAY) / HOUR), 'h'],
    [Math.floor((ms % HOUR) / MINUTE), 'min'],
    [(ms % MINUTE) / SECOND, 's'],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0);
  return said.length === 0 ? '0 s' : said.map(([amount, unit]) => `${amount} ${unit}`).join(' ');
}

/** `12 s ago`, `just now` below two seconds. */
export function ago(atUnixMs: number, nowUnixMs: number): string {
  const ms = nowUnixMs - atUnixMs;
  return ms < 2 * SECOND ? 'just now' : `${duration(ms)} ago`;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** `2026-11-21 14:03:09.250`, local time. */
export function exactTime(atUnixMs: number): string {
  const at = new Date(atUnixMs);
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${clockTime(atUnixMs)}.${pad(at.getMilliseconds(), 3)}`;
}

/** `14:03:09`, local time. */
export function clockTime(atUnixMs: number): string {
  const at = new Date(atUnixMs);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** `41.8 MB`; powers of 1,000. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 99.95 ? 1 : 0)} ${units[unit]}`;
}

/** Digits after the point that a column of such values needs, at most 3. */
export function decimalsOf(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0;
  const text = value.toFixed(3);
  return text.endsWith('00') ? 1 : text.endsWith('0') ? 2 : 3;
}

/** `12 345.50`: fixed digits, thin spaces between thousands from five digits on, a real minus. */
export function number(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '–';
  const [whole = '0', fraction] = Math.abs(value).toFixed(decimals).split('.');
  // Four digits are read at a glance, and a postcode stays a postcode.
  const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const sign = value < 0 && Number(Math.abs(value).toFixed(decimals)) !== 0 ? '−' : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** A figure of any size, short: `0.42`, `12.3`, `1 234`, `1.2 M`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 10_000_000) return `${number(value / 1_000_000, 1)} M`;
  if (size >= 100) return number(value, 0);
  if (size >= 10) return number(value, size % 1 === 0 ? 0 : 1);
  return number(value, size % 1 === 0 ? 0 : 2);
}

/** Parameter names as people read them: `power_income` → `Power income`. */
export function nameWords(name: string): string {
  const words = name.replaceAll('_', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${number(amount, 0)} ${amount === 1 ? one : many}`;
}
