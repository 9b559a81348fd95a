/** Levelling never lowers or raises a sound by more, so that noise is not made loud. */
const LOWEST_DB = -24;
const HIGHEST_DB = 18;

/**
 * Gain that brings a sound of `loudnessLufs` to `targetLufs`, at least −24 dB and at most 18 dB; 1 when
 * the project levels nothing or the sound was not measured.
 */
export function levelGain(
  targetLufs: number | undefined,
  loudnessLufs: number | undefined,
): number {
  if (targetLufs === undefined || loudnessLufs === undefined) return 1;
  const gainDb = targetLufs - loudnessLufs;
  if (!Number.isFinite(gainDb)) return 1;
  return 10 ** (Math.max(LOWEST_DB, Math.min(HIGHEST_DB, gainDb)) / 20);
}
