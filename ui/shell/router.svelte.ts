/** The address is the state: pages read `route`, and change it by `navigate` and `setQuery`. */
let url = $state.raw(new URL(window.location.href));

window.addEventListener('popstate', () => {
  url = new URL(window.location.href);
});

export const route = {
  get path(): string {
    return url.pathname;
  },
  get query(): URLSearchParams {
    return url.searchParams;
  },
  /** First part of the path: `devices` in `/devices/0001`. */
  get page(): string {
    return url.pathname.split('/')[1] ?? '';
  },
  /** Rest of the path, decoded: `0001` in `/devices/0001`; undefined on the list itself. */
  get item(): string | undefined {
    const rest = url.pathname.split('/').slice(2).join('/');
    return rest === '' ? undefined : safeDecode(rest).replaceAll('%2E', '.');
  },
};

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (thrown) {
    if (thrown instanceof URIError) return text;
    throw thrown;
  }
}

function go(next: URL, replace: boolean): void {
  if (next.href === url.href) return;
  if (replace) window.history.replaceState(null, '', next);
  else window.history.pushState(null, '', next);
  url = next;
}

/** Goes to an address of this site. `replace` keeps the history short, for changes of a view. */
export function navigate(href: string, options: { readonly replace?: boolean } = {}): void {
  const next = new URL(href, url);
  // The theme belongs to the whole site, not to one page.
  const theme = url.searchParams.get('theme');
  if (theme !== null && !next.searchParams.has('theme')) next.searchParams.set('theme', theme);
  go(next, options.replace ?? false);
}

/** Sets or (undefined) removes parameters of the address; an array sets several of one name. */
export function setQuery(
  changes: Readonly<Record<string, string | readonly string[] | undefined>>,
  options: { readonly replace?: boolean } = {},
): void {
  const next = new URL(url);
  for (const [name, value] of Object.entries(changes)) {
    next.searchParams.delete(name);
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) {
      next.searchParams.append(name, one);
    }
  }
  go(next, options.replace ?? true);
}

/** Path of a thing of a page. A dot is escaped twice: the server takes a path with a dot for a file. */
export function itemPath(page: string, id: string): string {
  return `/${page}/${encodeURIComponent(id).replaceAll('.', '%252E')}`;
}

/** The present view at another path of the same page: keeps filters and sorts. */
export function hrefWithQuery(path: string): string {
  return `${path}${url.search}`;
}

/** Lets plain links work without loading the page anew. */
export function interceptLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.download !== '') return;
  if (link.origin !== window.location.origin || link.pathname.startsWith('/v1/')) return;
  event.preventDefault();
  navigate(link.href);
}
