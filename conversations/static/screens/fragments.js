// Parts of the page, fetched until they are there: an answer that is lost, late or 5xx is asked for again, with growing
// pauses. Other scripts use `desk.fragment` and `desk.changedSince`, as they use `htmx`.

const LATE = 20_000; // ms that an answer may take
const PAUSES = [500, 30_000]; // ms between attempts: the first and the longest

// The login that the page was made for: after another login, its requests are refused.
const headers = { 'Desk-Login': document.getElementById('live')?.dataset.login ?? '' };

const isPassing = (response) => response.status >= 500 || response.status === 408 || response.status === 429;

function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    addEventListener('online', () => (clearTimeout(timer), done()), { once: true, signal });
  });
}

// The document at `url`; null when it is not wanted any more, or refused (signed out, removed), which `refused` is called with.
async function fragment(url, isWanted, { refused = () => {}, ...options } = {}) {
  const stop = new AbortController();
  const look = () => isWanted() || stop.abort();
  document.addEventListener('htmx:afterSettle', look);
  try {
    for (let wait = PAUSES[0]; isWanted(); wait = Math.min(wait * 2, PAUSES[1])) {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LATE)]);
      const response = await fetch(url, { ...options, headers: { ...headers, ...options.headers }, signal }).catch(() => null);
      const text = response?.ok && !response.redirected ? await response.text().catch(() => null) : null;
      if (text !== null) return isWanted() ? new DOMParser().parseFromString(text, 'text/html') : null;
      if (response && !response.ok && !isPassing(response)) {
        globalThis.desk.ended?.(response.headers.get('Desk-Problem'));
        refused(response.status);
        return null;
      }
      if (response?.redirected) return null;
      await pause(wait * (0.75 + Math.random() / 2), stop.signal);
    }
    return null;
  } finally {
    document.removeEventListener('htmx:afterSettle', look);
  }
}

// When each conversation changed last, by others or here, and when each of htmx's requests was sent: an answer that was
// asked for before a change may have been rendered before it.
const changed = new Map();
const sent = new WeakMap();

document.addEventListener('desk:event', ({ detail }) => {
  if (detail.subject === 'conversation') changed.set(String(detail.id), performance.now());
});
document.addEventListener('desk:listed', ({ detail: { id } }) => changed.set(id, performance.now()));
document.addEventListener('htmx:beforeSend', ({ detail: { xhr } }) => sent.set(xhr, performance.now()));

const changedSince = (xhr) => [...changed.keys()].filter((id) => changed.get(id) >= (sent.get(xhr) ?? 0));

// As if htmx had asked at that moment, for an answer that was fetched ahead.
const askedAt = (xhr, at) => sent.set(xhr, at);

globalThis.desk = { fragment, changedSince, askedAt, headers };
