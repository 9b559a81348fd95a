export type BoardCommand =
  | { readonly do: 'group'; readonly number: number }
  | {
      readonly do:
        | 'help'
        | 'demo'
        | 'edit'
        | 'tv'
        | 'level'
        | 'fullscreen'
        | 'images'
        | 'videos'
        | 'names'
        | 'paste'
        | 'setup'
        | 'share'
        | 'search'
        | 'trouble'
        | 'leave';
    };

const LETTERS: ReadonlyMap<string, Exclude<BoardCommand['do'], 'group'>> = new Map(
  Object.entries({
    '?': 'help',
    '/': 'search',
    d: 'demo',
    e: 'edit',
    t: 'tv',
    i: 'level',
    f: 'fullscreen',
    g: 'images',
    v: 'videos',
    n: 'names',
    N: 'paste',
    s: 'setup',
    q: 'share',
    x: 'trouble',
    Escape: 'leave',
  } as const),
);

/** What a key does on the board; undefined: nothing. */
export function commandOf(key: string): BoardCommand | undefined {
  if (/^[0-9]$/.test(key)) return { do: 'group', number: Number(key) };
  const command = LETTERS.get(key);
  return command === undefined ? undefined : { do: command };
}

/** The list that `?` shows. */
export const KEY_WORDS: readonly (readonly [string, string])[] = [
  ['0', 'All channels'],
  ['1 … 9', 'Group of that number'],
  ['t', 'TV mode: no navigation, tiles fill the screen'],
  ['i', 'How much a tile tells in TV mode'],
  ['f', 'Full screen'],
  ['g', 'Photos behind the tiles'],
  ['v', 'Films behind the tiles'],
  ['x', 'Only what needs somebody'],
  ['/', 'Search on the board'],
  ['e', 'Edit the group'],
  ['n', 'Names of the channels'],
  ['N', 'Paste many names'],
  ['s', 'Vendors, devices and discovery'],
  ['d', 'Only simulated channels'],
  ['q', 'Open on a phone, kiosk links'],
  ['← ↑ ↓ →', 'Move between tiles'],
  ['Enter', 'All about a channel'],
  ['Esc', 'Leave TV mode, clear filters'],
];
