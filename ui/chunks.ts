import { fileURLToPath } from 'node:url';
import type { Plugin, Rolldown } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MAIN = at('./main.ts');
const START = at('./start.ts');
const DASHBOARDS = at('./views/dashboards/dashboards.svelte');
const DASHBOARD_FOLDER = at('./views/dashboards/');
const LISTEN = at('./listen/main.ts');

/** A module and all that it needs before it runs. */
function closure(
  of: string,
  graph: Rolldown.ChunkingContext,
  seen = new Set<string>(),
): ReadonlySet<string> {
  if (seen.has(of)) return seen;
  seen.add(of);
  for (const id of graph.getModuleInfo(of)?.importedIds ?? []) closure(id, graph, seen);
  return seen;
}

let first: ReadonlySet<string> = new Set();
let start: ReadonlySet<string> | undefined;
let listen: ReadonlySet<string> = new Set();
let dashboard: ReadonlySet<string> = new Set();

/**
 * Few files: what the operator's and the visitor's page share, what asks for a dashboard's history before its page is there, what else all of the operator's pages need, and what a
 * dashboard needs beyond that.
 */
export const groups: readonly Rolldown.CodeSplittingGroup[] = [
  {
    name: (id, graph) => {
      if (start === undefined) {
        first = closure(MAIN, graph);
        listen = closure(LISTEN, graph);
        dashboard = closure(DASHBOARDS, graph);
        start = closure(START, graph);
      }
      if (first.has(id)) {
        if (id === MAIN) return null;
        return listen.has(id) ? 'early' : dashboard.has(id) ? 'wishes' : null;
      }
      if (start.has(id)) return listen.has(id) ? 'base' : 'start';
      const importers = graph.getModuleInfo(id)?.importers ?? [];
      const own = importers.every((one) => dashboard.has(one) || one.includes(DASHBOARD_FOLDER));
      return dashboard.has(id) && (own || id === DASHBOARDS) ? 'dashboards' : null;
    },
  },
];

/**
 * The first script of the operator's pages is small, so that a page's data and code are asked for at once. What all of
 * them need is named in the document: else it would be known only when that script ran.
 */
export const preloadStart: Plugin = {
  name: 'earshot-preload-start',
  transformIndexHtml: {
    order: 'post',
    handler(html, { path, bundle }) {
      if (path !== '/index.html' || bundle === undefined) return [];
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk');
      const whole = chunks.find(({ moduleIds }) => moduleIds.includes(START));
      const needed = whole === undefined ? [] : [whole.fileName, ...whole.imports];
      const styles = chunks
        .filter(({ fileName }) => needed.includes(fileName))
        .flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]);
      const link = (rel: string, file: string) => ({
        tag: 'link',
        attrs: { rel, crossorigin: true, href: `/${file}` },
        injectTo: 'head' as const,
      });
      return [
        ...styles.map((file) => link('stylesheet', file)),
        ...needed.map((file) => link('modulepreload', file)),
      ].filter(({ attrs }) => !html.includes(attrs.href));
    },
  },
};
