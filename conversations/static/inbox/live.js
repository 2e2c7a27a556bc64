// Live updates: ids from one stream that all tabs share. What they mean is fetched by list.js and thread.js as ordinary
// fragments. A tab in the background fetches nothing; it catches up when it is looked at.

const { desk } = globalThis;
const { url, after, login, stream: script } = document.getElementById('live').dataset;
const SPREAD = 2000; // ms; when the desk restarts, all tabs of all people reconnect at once
const HIDDEN_FOR = 60_000; // ms after which a tab in the background leaves the stream to another
const WORDS = { live: 'Live', reconnecting: 'Reconnecting…', offline: 'Offline', ended: 'Signed out' };
const address = `${url}?login=${login}`; // names the worker and the lock too: no login shares a stream with another

let state = 'reconnecting';
let last = Number(after);
let since = performance.timeOrigin; // from when on this tab must hear everything
let wasLive = false;
let hasMissed = false;
const heard = new Set();

// --- What comes --------------------------------------------------------------------------------------------

async function take({ state: now, id, detail }) {
  if (now) return show(now);
  if (id && heard.has(id)) return;
  heard.add(id);
  if (heard.size > 1000) heard.delete(heard.values().next().value);
  last = Math.max(last, id);
  if (detail.own && (await desk.isCovered(id))) return;
  tell({ ...detail, isRepeat: id > 0 && id <= Number(after) });
}

function tell(detail) {
  if (document.hidden) hasMissed = true;
  else document.dispatchEvent(new CustomEvent('desk:event', { detail }));
}

const reconcile = () => tell({ type: 'resync', subject: '', id: 0 });

function show(now) {
  if (now === 'ended' && state !== 'ended') document.getElementById('toasts').append(document.getElementById('ended').content.cloneNode(true));
  if (now === 'live' && wasLive && state !== 'live') setTimeout(reconcile, Math.random() * SPREAD);
  wasLive ||= now === 'live';
  state = now;
  document.documentElement.dataset.liveState = now === 'reconnecting' && !navigator.onLine ? 'offline' : now;
  label();
}

function label() {
  const shown = WORDS[document.documentElement.dataset.liveState ?? 'reconnecting'];
  for (const place of document.querySelectorAll('[data-live]')) {
    if (place.textContent !== shown) place.textContent = shown;
    place.title = shown;
  }
}

// --- Where it comes from -----------------------------------------------------------------------------------

// Each is {join, leave, hurry}; a tab joins when it is shown and leaves when it is put away.

function fromWorker() {
  const worker = new SharedWorker(script, { type: 'module', name: address });
  const { port } = worker;
  port.onmessage = ({ data }) => take(data);
  worker.onerror = () => use(fromLock()); // it could not be loaded
  const post = (type) => port.postMessage({ type, url: address, after: last, since });
  return { join: () => post('hello'), leave: () => post('goodbye'), hurry: () => post('hurry') };
}

// The tab that holds the lock has the stream, and passes on what it hears. A tab that is closed, frozen or long hidden
// gives the lock up, and the next in line goes on from what it has heard itself. Locks need a secure page: without them
// each tab has a stream of its own.
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
addEventListener('online', () => (show(state), join()));
addEventListener('offline', () => show(state === 'ended' ? state : 'reconnecting'));
document.addEventListener('htmx:afterSettle', label);
document.addEventListener('desk:renewed', label);
show(state);
use(globalThis.SharedWorker ? fromWorker() : fromLock());
