import type { DashboardWhole } from './data/dashboards.js';
import { askEarly } from './data/early.js';
import { loadAhead } from './shell/views.js';
import { chartLibrary } from './views/dashboards/chart-library.js';

/** Pages that nobody needs to be signed in for, or that ask who is there themselves. */
const OPEN_PAGES: ReadonlySet<string> = new Set(['kiosk', 'shared-dashboard', 'sign-in', '_parts']);
const DASHBOARD = /^\/dashboards\/(\d{1,12})$/;

// Who wants it asks again, and says what is wrong.
const quietly = (asked: Promise<unknown>): void => void asked.catch(() => undefined);

/** What its history and its map need is asked for as soon as it is known which there are. */
async function dashboardAhead(id: string): Promise<void> {
  quietly(chartLibrary());
  const answer = await askEarly(`/v1/dashboards/${id}`);
  if (!answer.ok) return;
  const shown = (await answer.json()) as DashboardWhole;
  const query = new URLSearchParams(window.location.search);
  const askHistory = async (): Promise<void> => {
    const { historyOfAll, seriesOf } = await import('./views/dashboards/history-ahead.js');
    seriesOf(Number(id)).ahead(historyOfAll(shown, query));
  };
  quietly(askHistory());
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
