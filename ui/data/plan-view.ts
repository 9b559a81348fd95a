/** A place on a flat site: metres east and north of its middle. */
export type Metres = readonly [eastM: number, northM: number];
/** A place on the paper: CSS pixels from its left upper corner. */
export type Pixels = readonly [x: number, y: number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What of a site is looked at: the place in the middle of the paper, and how near. */
export interface PlanView {
  readonly eastM: number;
  readonly northM: number;
  readonly pxPerM: number;
}

/** From 10 km on a screen to the breadth of a hand. */
const FARTHEST_PX_PER_M = 0.02;
const NEAREST_PX_PER_M = 200;

const bounded = (pxPerM: number): number =>
  Math.max(FARTHEST_PX_PER_M, Math.min(NEAREST_PX_PER_M, pxPerM));

export function toPixels(view: PlanView, size: Size, [eastM, northM]: Metres): Pixels {
  return [
    size.width / 2 + (eastM - view.eastM) * view.pxPerM,
    size.height / 2 - (northM - view.northM) * view.pxPerM,
  ];
}

export function toMetres(view: PlanView, size: Size, [x, y]: Pixels): Metres {
  return [
    view.eastM + (x - size.width / 2) / view.pxPerM,
    view.northM - (y - size.height / 2) / view.pxPerM,
  ];
}

/** All between two corners, with `airPx` around it. */
export function fitted(southWest: Metres, northEast: Metres, size: Size, airPx: number): PlanView {
  const wide = Math.max(1e-6, northEast[0] - southWest[0]);
  const high = Math.max(1e-6, northEast[1] - southWest[1]);
  const room = (px: number): number => Math.max(1, px - 2 * airPx);
  return {
    eastM: (southWest[0] + northEast[0]) / 2,
    northM: (southWest[1] + northEast[1]) / 2,
    pxPerM: bounded(Math.min(room(size.width) / wide, room(size.height) / high)),
  };
}

/** Nearer by `factor` (below 1: farther); what is at `at` stays there, as far as the bounds allow. */
export function zoomed(view: PlanView, size: Size, at: Pixels, factor: number): PlanView {
  const pxPerM = bounded(view.pxPerM * factor);
  const [eastM, northM] = toMetres(view, size, at);
  const [aside, above] = toMetres({ ...view, pxPerM }, size, at);
  return { eastM: view.eastM + eastM - aside, northM: view.northM + northM - above, pxPerM };
}

/** Moved with a pointer by so many pixels. */
export function dragged(view: PlanView, [x, y]: Pixels): PlanView {
  return {
    ...view,
    eastM: view.eastM - x / view.pxPerM,
    northM: view.northM + y / view.pxPerM,
  };
}

/** The longest round distance that takes at most `mostPx`: 1, 2 or 5 times a power of ten. */
export function scaleBar(
  pxPerM: number,
  mostPx: number,
): { readonly metres: number; readonly px: number } {
  const most = mostPx / pxPerM;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power;
  return { metres, px: metres * pxPerM };
}
