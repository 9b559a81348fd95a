/**
 * Keeps the listener page itself (not its sound, not its data) on the device, so that it opens without a network and says
 * so. Pages: network first. Files whose name holds a hash: cache first. Everything else is left to the browser.
 */
interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker extends EventTarget {
  readonly location: Location;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

const worker = globalThis as unknown as Worker;
const SHELL = 'earshot-listen-1';
const PAGE = '/listen';
/** Files of old versions leave, oldest first. */
const MOST_FILES = 60;

async function keepPage(answer: Response): Promise<void> {
  const cache = await caches.open(SHELL);
  const html = await answer.clone().text();
  await cache.put(PAGE, answer);
  const files = [
    ...html.matchAll(/(?:src|href)="(\/(?:assets\/[^"]+|[\w-]+\.(?:png|svg|webmanifest)))"/g),
  ];
  await Promise.all(
    files.map(async ([, path]) => {
      if (path !== undefined && !(await cache.match(path))) await cache.add(path);
    }),
  );
}

async function trim(cache: Cache): Promise<void> {
  const hashed = (await cache.keys()).filter(({ url }) =>
    new URL(url).pathname.startsWith('/assets/'),
  );
  await Promise.all(hashed.slice(0, -MOST_FILES).map((request) => cache.delete(request)));
}

async function page(event: Fetching): Promise<Response> {
  try {
    const answer = await fetch(event.request);
    if (answer.ok) event.waitUntil(keepPage(answer.clone()));
    return answer;
  } catch (thrown) {
    const cached = await (await caches.open(SHELL)).match(PAGE);
    if (cached) return cached;
    throw thrown;
  }
}

async function file(event: Fetching): Promise<Response> {
  const cache = await caches.open(SHELL);
  const cached = await cache.match(event.request);
  if (cached) return cached;
  const answer = await fetch(event.request);
  if (answer.ok && answer.status === 200) {
    const copy = answer.clone();
    event.waitUntil(cache.put(event.request, copy).then(() => trim(cache)));
  }
  return answer;
}

worker.addEventListener('install', (event) => {
  (event as Waiting).waitUntil(
    fetch(PAGE, { headers: { accept: 'text/html' } })
      .then(keepPage)
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener('activate', (event) => {
  (event as Waiting).waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('earshot-listen-') && name !== SHELL)
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener('fetch', (event) => {
  const fetching = event as Fetching;
  const { request } = fetching;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  if (request.mode === 'navigate' && /^\/listen(?:\/|$)/.test(url.pathname)) {
    fetching.respondWith(page(fetching));
  } else if (url.pathname.startsWith('/assets/')) {
    fetching.respondWith(file(fetching));
  }
});
