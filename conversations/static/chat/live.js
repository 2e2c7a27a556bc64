// Changes as they happen. One stream serves all tabs of a browser: the tab that holds a lock has it, and passes on what comes.
// Without locks a tab has a stream while it is shown. Where no stream works, the desk is asked now and then.

const { chat } = globalThis;
const POLL = 20_000; // ms between questions without a stream
const SILENCE = 60_000; // ms after which a stream is taken for dead
const PAUSES = [500, 1000, 2000, 5000, 10_000, 30_000];
let channel = openChannel();
const me = Math.random();
let quit = null; // ends what this tab does for the present session
let isStreaming = false;
let isStale = false;
let wake = () => {};

chat.on('session', restart);
chat.on('gone', () => quit?.abort());
addEventListener('pagehide', () => quit?.abort());
addEventListener('pageshow', (event) => event.persisted && restart());
document.addEventListener('freeze', () => quit?.abort());
document.addEventListener('resume', restart);
addEventListener('online', () => wake());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  wake();
  if (isStale) take({ type: 'resync' });
  isStale = false;
});

function openChannel() {
  try {
    const made = navigator.locks ? new BroadcastChannel(`parley:${chat.boot.key}`) : null;
    if (made) made.onmessage = ({ data }) => data.token === chat.session.token && data.from !== me && take(data);
    return made;
  } catch {
    return null;
  }
}

function restart() {
  quit?.abort();
  const { token } = chat.session;
  if (!token || chat.isGone) return;
  quit = new AbortController();
  const { signal } = quit;
  if (!channel) return follow(token, signal);
  return navigator.locks.request(`parley:${chat.boot.key}:${token}`, { signal }, () => follow(token, signal)).catch(() => {
    if (signal.aborted) return;
    channel = null; // a browser that refuses storage to frames refuses locks too
    follow(token, signal);
  });
}

// Follow the session until it ends: by a stream, or by asking.
async function follow(token, signal) {
  let failures = 0;
  while (!signal.aborted) {
    const mayStream = channel || !document.hidden;
    const wasReady = mayStream && (await stream(token, signal));
    if (signal.aborted) return;
    failures = wasReady ? 0 : failures + 1;
    const time = failures < 2 && mayStream ? PAUSES[failures] : POLL;
    await pause(Math.min(time, PAUSES.at(-1)) * (0.8 + Math.random() * 0.4), signal);
    if (failures >= 2 || !mayStream) share({ type: 'resync' }, token);
  }
}

const pause = (time, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    wake = () => (clearTimeout(timer), resolve());
    signal.addEventListener('abort', wake);
  });

function share(event, token) {
  channel?.postMessage({ ...event, token, from: me });
  take(event, true);
}

// Read one stream to its end; gives whether it had begun.
async function stream(token, signal) {
  const silence = new AbortController();
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE);
  };
  const onhide = () => !channel && document.hidden && silence.abort();
  document.addEventListener('visibilitychange', onhide);
  try {
    alive();
    const answer = await fetch(`${chat.path}stream`, {
      headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', 'Accept-Language': chat.boot.locale },
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if ([401, 404].includes(answer.status) && token === chat.session.token) setTimeout(chat.start, 1000); // which finds out, unless another tab has a new one
    if (!answer.ok || !answer.body) return false;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let part; !(part = await reader.read()).done; ) {
      alive();
      const parts = (text + part.value).split(/\r?\n\r?\n/);
      text = parts.pop();
      for (const one of parts) {
        const data = one.match(/^data: ?(.*)$/m)?.[1];
        if (!data) continue;
        const event = JSON.parse(data);
        if (event.type === 'ready') isStreaming = true;
        share(event.type === 'ready' ? { type: 'resync' } : event, token);
      }
    }
  } catch {
    // the connection broke, or is not wanted any more
  } finally {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onhide);
  }
  const wasStreaming = isStreaming;
  isStreaming = false;
  return wasStreaming;
}

// --- What a change is to this tab ----------------------------------------------------------------------------

let isAsking = false;
const due = new Set();

function take(event, isLeader = false) {
  if (event.type === 'typing') return chat.emit('typing', event);
  if (event.type === 'ended') return setTimeout(chat.start, 1000); // another tab may be about to say which session goes on
  if (document.hidden && !isLeader) return (isStale = true);
  due.add(event.conversation ?? '');
  return catchUp();
}

async function catchUp() {
  if (isAsking) return;
  isAsking = true;
  while (due.size) {
    await new Promise((resolve) => setTimeout(resolve, 50)); // several changes are often one
    const open = chat.openThread();
    const isAbout = open && (due.has(open) || due.has(''));
    const isAlone = isAbout && due.size === 1 && !due.has('') && chat.isViewing();
    due.clear();
    if (!isAlone) await chat.refresh();
    if (isAbout && chat.conversations.has(open)) await chat.load(open);
  }
  isAsking = false;
}
