import type { Position } from '../../api/contract/rest.js';

export type Mode = 'walk' | 'map';

/** How a visit begins. */
export interface Start {
  readonly projectId: number;
  readonly mode: Mode;
  readonly position: Position;
  readonly chosen: ReadonlySet<number>;
}
