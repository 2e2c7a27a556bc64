// Live updates: one stream of ids. What they mean is fetched by list.js and thread.js as ordinary fragments.
// A tab in the background gives its connection back after a while (browsers allow few), and catches up when it returns.

const source = document.getElementById('live').dataset;
const HIDDEN_FOR = 60_000; // ms
const AGAIN_IN = 5_000; // ms, after the server refused
const WORDS = { live: 'Live', reconnecting: 'Reconnecting …', offline: 'Offline' };

let stream = null;
let last = source.after;
let pause = null;
const heard = new Set();

function show(state) {
  document.documentElement.dataset.liveState = state;
  label();
}

function label() {
  const state = document.documentElement.dataset.liveState ?? 'reconnecting';
  for (const place of document.querySelectorAll('[data-live]')) {
    if (place.textContent !== WORDS[state]) place.textContent = WORDS[state];
    place.title = WORDS[state];
  }
}

function connect() {
  clearTimeout(pause);
  stream?.close();
  stream = new EventSource(`${source.url}?after=${last}`);
  stream.addEventListener('open', () => show('live'));
  stream.addEventListener('message', hear);
  stream.addEventListener('error', () => {
    show(navigator.onLine ? 'reconnecting' : 'offline');
    if (stream.readyState === EventSource.CLOSED) pause = setTimeout(connect, AGAIN_IN);
  });
}

function hear(message) {
  // Ids commit out of order, so the server repeats some: each is told once.
  if (heard.has(message.lastEventId)) return;
  heard.add(message.lastEventId);
  if (heard.size > 1000) heard.delete(heard.values().next().value);
  if (Number(message.lastEventId) > Number(last)) last = message.lastEventId;
  document.dispatchEvent(new CustomEvent('desk:event', { detail: JSON.parse(message.data) }));
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(pause);
  if (document.hidden) pause = setTimeout(() => stream.close(), HIDDEN_FOR);
  else if (stream.readyState === EventSource.CLOSED) connect();
});
addEventListener('online', connect);
addEventListener('offline', () => show('offline'));
addEventListener('pagehide', () => stream.close());
addEventListener('pageshow', (event) => event.persisted && connect());
document.addEventListener('htmx:afterSettle', label);
document.addEventListener('desk:renewed', label);
show('reconnecting');
connect();
