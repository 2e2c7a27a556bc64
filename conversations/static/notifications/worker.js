// The service worker: it shows what is pushed, and opens the conversation that it is about. A page of the desk that is looked at says it
// itself. It keeps nothing, and no page goes through it.

const pages = () => clients.matchAll({ type: 'window', includeUncontrolled: true });

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

addEventListener('push', (event) => event.waitUntil(show(event.data?.json() ?? {})));

async function show({ title = 'Parley', body = '', tag = '', url = '/', workspace = '' }) {
  const open = await pages();
  for (const page of open) page.postMessage({ type: 'notification' });
  const isLookedAt = open.some((page) => page.focused && page.visibilityState === 'visible' && new URL(page.url).pathname.startsWith(`/w/${workspace}/`));
  if (isLookedAt) return;
  await registration.showNotification(title, { body, tag, renotify: Boolean(tag), data: { url, workspace }, icon: '/favicon.ico' });
}

addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(go(event.notification.data ?? {}));
});

// In a page of the inbox, where all that is written is kept; another one may hold a form that is not saved.
async function go({ url = '/', workspace = '' }) {
  const open = await pages();
  const page = open.find((one) => new URL(one.url).pathname.startsWith(`/w/${workspace}/inbox`));
  if (!page) return clients.openWindow(url);
  await page.focus();
  return page.navigate(url).catch(() => clients.openWindow(url));
}
