import { askEarly } from './data/early.js';
import { loadAhead } from './shell/views.js';
import { chartLibrary } from './views/dashboards/chart-library.js';
import { mapLibrary } from './views/map-library.js';

/** Pages that nobody needs to be signed in for, or that ask who is there themselves. */
const OPEN_PAGES: ReadonlySet<string> = new Set(['kiosk', 'shared-dashboard', 'sign-in', '_parts']);
const DASHBOARD = /^\/dashboards\/(\d{1,12})$/;

// Who wants it asks again, and says what is wrong.
const quietly = (asked: Promise<unknown>): void => void asked.catch(() => undefined);

/** The map is the largest part of all. Its code is asked for as soon as it is known that there is one. */
async function dashboardAhead(id: string): Promise<void> {
  quietly(chartLibrary());
  const answer = await askEarly(`/v1/dashboards/${id}`);
  if (!answer.ok) return;
  const { widgets } = (await answer.json()) as {
    readonly widgets?: readonly { readonly type: string }[];
  };
  if (widgets?.some(({ type }) => type === 'map') !== true) return;
  quietly(Promise.all([import('./views/dashboards/widgets/map.svelte'), mapLibrary()]));
}

/** Asks for what a page needs, its code and its data, while the code of all pages is still on its way. */
export function begin(path: string): void {
  const page = path.split('/')[1] ?? '';
  if (OPEN_PAGES.has(page)) return;
  quietly(askEarly('/v1/me'));
  loadAhead(page || 'board');
  const id = DASHBOARD.exec(path)?.[1];
  if (id !== undefined) quietly(dashboardAhead(id));
}
