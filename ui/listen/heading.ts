/** Clockwise from north, 0 ≤ x < 360. */
export const turned = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** The shortest way from one heading to another, −180..180. */
export const turn = (from: number, to: number): number => turned(to - from + 180) - 180;

/** Where a device looks, by an orientation event; undefined when it does not know north. */
export function headingOf(
  event: { readonly alpha: number | null; readonly absolute: boolean } & {
    readonly webkitCompassHeading?: number;
  },
  screenDeg: number,
): number | undefined {
  if (typeof event.webkitCompassHeading === 'number') {
    return turned(event.webkitCompassHeading + screenDeg);
  }
  if (!event.absolute || event.alpha === null) return undefined;
  // `alpha` turns the other way round than a compass.
  return turned(360 - event.alpha + screenDeg);
}
