/** ISO 8601 in UTC, to the µs. */
export function isoMicros(atUnixMs: number): string {
  const us = Math.round(atUnixMs * 1_000);
  const ms = Math.floor(us / 1_000);
  const rest = String(us - ms * 1_000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}
