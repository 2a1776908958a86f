// The service worker. It stores the shell of the page, so that the page opens without a
// connection, and nothing else. The server puts the folder of the files, and their names, here.
const assets = '{{assets}}';
const files = '{{files}}'.split(' ');
const cacheName = `shell ${assets}`;

addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(cacheName);
    await cache.add(new Request('/', { cache: 'reload' }));
    await cache.addAll(files.map((name) => `${assets}/${name}`));
    await skipWaiting();
  })());
});

addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== cacheName) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname === '/') event.respondWith(page(event.request));
  else if (url.pathname.startsWith(`${assets}/`)) event.respondWith(file(event.request));
});

/** page asks the server first: a newer page has newer files. */
async function page(request) {
  const cache = await caches.open(cacheName);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put('/', answer.clone());
    return answer;
  } catch (error) {
    const stored = await cache.match('/');
    if (stored) return stored;
    throw error;
  }
}

/** file takes what is stored: files never change. */
async function file(request) {
  const cache = await caches.open(cacheName);
  const stored = await cache.match(request);
  if (stored) return stored;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
