import type { Position } from '../../api/contract/rest.js';

/** What a link to a place says. */
export interface LinkState {
  readonly projectId: number | undefined;
  readonly position: Position | undefined;
  /** Undefined: the project's defaults. */
  readonly tagIds: readonly number[] | undefined;
  readonly language: string | undefined;
}

function number(text: string | null, low: number, high: number): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= low && value <= high ? value : undefined;
}

function wholeNumber(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Reads an address; what is missing or broken in it is left out, never an error. */
export function readLink(url: URL): LinkState {
  const { searchParams: query } = url;
  const latitude = number(query.get('lat'), -90, 90);
  const longitude = number(query.get('lon'), -180, 180);
  const tags = query.get('tags');
  const language = query.get('language');
  return {
    projectId: wholeNumber(url.pathname.split('/')[2]) ?? wholeNumber(query.get('project')),
    position:
      latitude === undefined || longitude === undefined ? undefined : { latitude, longitude },
    tagIds:
      tags === null
        ? undefined
        : tags
            .split(',')
            .map(wholeNumber)
            .filter((id) => id !== undefined),
    language: language !== null && /^[a-z]{2}$/.test(language) ? language : undefined,
  };
}

/** Six decimals are a tenth of a metre. */
export const degrees = (value: number): string => String(Math.round(value * 1e6) / 1e6);

/** The address that opens the same place; absolute. */
export function writeLink(origin: string, state: LinkState): string {
  const url = new URL('/listen', origin);
  const { searchParams: query } = url;
  if (state.projectId !== undefined) query.set('project', String(state.projectId));
  if (state.position) {
    query.set('lat', degrees(state.position.latitude));
    query.set('lon', degrees(state.position.longitude));
  }
  if (state.tagIds) query.set('tags', state.tagIds.join(','));
  if (state.language !== undefined) query.set('language', state.language);
  return url.href.replaceAll('%2C', ',');
}
