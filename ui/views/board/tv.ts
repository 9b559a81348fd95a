/** How much a tile tells in TV mode, from a name in large letters to everything. */
export const TV_LEVELS = [
  { id: 'name', word: 'Name' },
  { id: 'battery', word: 'Name and battery' },
  { id: 'radio', word: 'Name, battery and radio' },
  { id: 'all', word: 'Everything' },
] as const;
export type TvLevel = (typeof TV_LEVELS)[number]['id'];

export type Background = 'none' | 'image' | 'video';

/** `tv` of the address: undefined when it is off. */
export function tvFrom(query: URLSearchParams): TvLevel | undefined {
  const value = query.get('tv');
  if (value === null) return undefined;
  return TV_LEVELS.find((level) => level.id === value)?.id ?? 'radio';
}

export function nextLevel(level: TvLevel): TvLevel {
  const at = TV_LEVELS.findIndex((one) => one.id === level);
  return TV_LEVELS[(at + 1) % TV_LEVELS.length]?.id ?? 'name';
}

export function backgroundFrom(query: URLSearchParams): Background {
  const value = query.get('bg');
  return value === 'image' || value === 'video' ? value : 'none';
}

const MICBOARD_LEVELS: Readonly<Record<string, TvLevel>> = {
  elinfo00: 'name',
  elinfo01: 'battery',
  elinfo10: 'radio',
  elinfo11: 'all',
};

/** Parameters of an address as Micboard has them behind `#`, in our words; empty when there are none. */
export function fromMicboardHash(hash: string): Readonly<Record<string, string>> {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const found: Record<string, string> = {};
  const group = given.get('group');
  if (group !== null && /^[1-9]$/.test(group)) found['group'] = group;
  const tv = given.get('tvmode');
  if (tv !== null) found['tv'] = MICBOARD_LEVELS[tv] ?? 'radio';
  const background = given.get('bgmode');
  if (background === 'IMG') found['bg'] = 'image';
  if (background === 'MP4') found['bg'] = 'video';
  if (given.get('demo') === 'true') found['vendor'] = 'simulated';
  return found;
}
