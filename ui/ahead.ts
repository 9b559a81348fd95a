import type { DashboardWhole } from './data/dashboards.js';
import { askEarly } from './data/early.js';
import { requestsOf, seriesAddress, seriesQuery } from './data/series-requests.js';
import { loadAhead } from './shell/views.js';
import { chartLibrary } from './views/dashboards/chart-library.js';
import { historyOfAll } from './views/dashboards/history-wishes.js';

/** Pages that nobody needs to be signed in for, or that ask who is there themselves. */
const OPEN_PAGES: ReadonlySet<string> = new Set(['kiosk', 'shared-dashboard', 'sign-in', '_parts']);
const DASHBOARD = /^\/dashboards\/(\d{1,12})$/;

// Who wants it asks again, and says what is wrong.
const quietly = (asked: Promise<unknown>): void => void asked.catch(() => undefined);

/** What its history and its map need is asked for as soon as it is known which there are. */
async function dashboardAhead(id: string): Promise<void> {
  quietly(chartLibrary());
  // The page takes the answer itself.
  const answer = (await askEarly(`/v1/dashboards/${id}`)).clone();
  if (!answer.ok) return;
  const shown = (await answer.json()) as DashboardWhole;
  const query = new URLSearchParams(window.location.search);
  const wishes = historyOfAll(shown, query);
  for (const request of requestsOf(wishes)) {
    const asked = seriesQuery(request);
    if (asked !== undefined) quietly(askEarly(seriesAddress(asked)));
  }
  quietly(
    import('./views/dashboards/history-ahead.js').then(({ seriesOf }) =>
      seriesOf(Number(id)).ahead(wishes),
    ),
  );
  const map = shown.widgets.find(({ type }) => type === 'map');
  const projectId = map?.config['projectId'];
  if (typeof projectId === 'number') quietly(askEarly(`/v1/projects/${projectId}/map`));
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
