// Live updates: ids of events from one stream that all tabs share. list.js and thread.js fetch what has changed as ordinary
// fragments. A tab in the background fetches nothing; it catches up when it is shown.

const { desk } = globalThis;
const { url, after, login, stream: script } = document.getElementById('live').dataset;
const SPREAD = 2000; // ms; when the desk restarts, all tabs of all people reconnect at once
const HIDDEN_FOR = 60_000; // ms after which a tab in the background leaves the stream to another
const PATIENCE = 4000; // ms without news until the page says so
const { stateLive: live, stateReconnecting: reconnecting, stateOffline: offline, stateEnded: ended } = desk.words;
const LABELS = { live, reconnecting, offline, ended };
const address = `${url}?login=${login}`; // also the name of the worker and of the lock: each login has its own stream

let state = 'reconnecting';
let last = Number(after);
let since = performance.timeOrigin; // from when on this tab needs every event
let wasLive = false;
let isStale = false; // the member's role has changed: the page offers what is no longer theirs
let reason = ''; // why no news will come any more
let hasMissed = false;
let patience = null;
const received = new Set();

// --- Events --------------------------------------------------------------------------------------------

async function take({ state: now, why, id, detail, typing, signal, notification, role }) {
  if (now) return show(now, why);
  if (role) return role > Number(after) && ((isStale = true), inform());
  if (notification) return document.dispatchEvent(new CustomEvent('desk:notification'));
  if (typing) return document.hidden || document.dispatchEvent(new CustomEvent('desk:typing', { detail: typing }));
  if (signal) return void document.dispatchEvent(new CustomEvent('desk:signal', { detail: signal }));
  if (id && received.has(id)) return;
  received.add(id);
  if (received.size > 1000) received.delete(received.values().next().value);
  last = Math.max(last, id);
  document.dispatchEvent(new CustomEvent('desk:heard', { detail })); // also what the answer to an own change has shown
  if (detail.own && (await desk.isCovered(id))) return;
  publish({ ...detail, isRepeat: id > 0 && id <= Number(after) });
}

function publish(detail) {
  if (document.hidden) hasMissed = true;
  else document.dispatchEvent(new CustomEvent('desk:event', { detail }));
}

function reconcile() {
  const detail = { type: 'resync', subject: '', id: 0 };
  document.dispatchEvent(new CustomEvent('desk:heard', { detail }));
  publish(detail);
}

function show(now, why = '') {
  reason = why;
  if (now === 'live' && wasLive && state !== 'live') {
    setTimeout(reconcile, Math.random() * SPREAD);
    document.dispatchEvent(new Event('desk:live'));
  }
  wasLive ||= now === 'live';
  state = now;
  document.documentElement.dataset.liveState = now === 'reconnecting' && !navigator.onLine ? 'offline' : now;
  label();
  clearTimeout(patience);
  // A short gap is nobody's business.
  patience = setTimeout(inform, now === 'reconnecting' && navigator.onLine ? PATIENCE : 0);
}

// The banner, while there is no news.
const banner = document.getElementById('connection');

function inform() {
  const shown = document.documentElement.dataset.liveState;
  if (!banner) return;
  const lines = [...banner.children];
  const { state: line } = lines.find((one) => one.dataset.state === (shown === 'ended' ? reason : shown))?.dataset ?? { state: shown === 'live' && isStale ? 'role' : shown };
  banner.hidden = line === 'live';
  for (const one of lines) one.hidden = one.dataset.state !== line;
}
// A request was refused for a reason that holds for every other one too: the stream learns of it only when it connects again.
document.addEventListener('desk:ended', ({ detail }) => show('ended', detail.why));
banner?.addEventListener('click', (event) => {
  if (event.target.closest('[data-hurry]')) join();
  if (event.target.closest('[data-reload]')) (event.preventDefault(), location.reload());
});

// The banner of broken channels: once dismissed, it stays away from this browser for as long as the same ones are broken.
const broken = document.querySelector('[data-broken]');
try {
  if (broken && localStorage.getItem('broken') === broken.dataset.broken) broken.hidden = true;
} catch { /* not allowed */ }
broken?.querySelector('[data-dismiss]').addEventListener('click', () => {
  broken.hidden = true;
  try {
    localStorage.setItem('broken', broken.dataset.broken);
  } catch { /* not allowed: until the next page */ }
});

function label() {
  const shown = LABELS[document.documentElement.dataset.liveState ?? 'reconnecting'];
  for (const place of document.querySelectorAll('[data-live]')) {
    if (place.textContent !== shown) place.textContent = shown;
    place.title = shown;
  }
}

// --- Sources -----------------------------------------------------------------------------------

// Each is {join, leave, hurry}; a tab joins when it is shown and leaves when it is hidden.

function fromWorker() {
  const worker = new SharedWorker(script, { type: 'module', name: address });
  const { port } = worker;
  port.onmessage = ({ data }) => take(data);
  worker.onerror = () => use(fromLock()); // it could not be loaded
  const post = (type) => port.postMessage({ type, url: address, after: last, since });
  return { join: () => post('hello'), leave: () => post('goodbye'), hurry: () => post('hurry') };
}

// The tab that holds the lock has the stream, and passes events on. A tab that is closed, frozen or long hidden gives the lock
// up, and the next in line continues after the last event that it got itself. Locks need a secure page: without them each tab
// has its own stream.
function fromLock() {
  const me = Math.random();
  const channel = navigator.locks ? new BroadcastChannel(address) : null;
  const post = (message) => channel?.postMessage(message);
  let stream = null;
  let release = null;
  let quit = null;
  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data.type === 'hello') stream?.greet(data, (message) => post({ ...message, to: data.from }));
      else if (data.type === 'hurry') stream?.hurry();
      else if (!data.to || data.to === me) take(data);
    };
  }
  async function lead() {
    const { Stream } = await import(script);
    if (!release || stream) return;
    stream = new Stream(address, last, (message) => (post(message), take(message)));
  }
  const hold = () => new Promise((done) => ((release = done), lead()));
  function join() {
    post({ type: 'hello', after: last, since, from: me });
    quit = new AbortController();
    if (channel) navigator.locks.request(address, { signal: quit.signal }, hold).catch(() => {});
    else hold();
  }
  function leave() {
    quit?.abort();
    stream = stream?.close() ?? null;
    release?.();
    release = null;
  }
  return { join, leave, hurry: () => (stream ? stream.hurry() : post({ type: 'hurry' })) };
}

let shared = null;
let isJoined = false;
let away = null;

function use(way) {
  leave();
  shared = way;
  join();
}

function join() {
  clearTimeout(away);
  if (isJoined) return shared.hurry();
  isJoined = true;
  shared.join();
}

function leave() {
  if (!isJoined) return;
  since = Date.now();
  shared.leave();
  isJoined = false;
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    away = setTimeout(leave, HIDDEN_FOR);
    return;
  }
  join();
  if (hasMissed) reconcile();
  hasMissed = false;
});
document.addEventListener('freeze', leave);
document.addEventListener('resume', join);
addEventListener('pagehide', leave);
addEventListener('pageshow', (event) => event.persisted && join());
addEventListener('online', () => (show(state, reason), join()));
addEventListener('offline', () => state === 'ended' || show('reconnecting'));
document.addEventListener('htmx:afterSettle', label);
document.addEventListener('desk:renewed', label);
show(state);
use(globalThis.SharedWorker ? fromWorker() : fromLock());
