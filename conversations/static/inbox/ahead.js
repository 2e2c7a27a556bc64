// The conversations that are likely to be opened next are fetched ahead: the neighbours of the open one while nothing else is to
// do, and one that the pointer or the keyboard rests on. That marks nothing as read. Few are kept, for a short time, and one
// that has changed meanwhile is dropped.

const { desk } = globalThis;
const MOST = 6; // pages that are kept
const FRESH = 45_000; // ms
const REST = 80; // ms on a row
const CALM = 250; // ms after one was opened

const kept = new Map(); // href → { id, text, at }
const queue = []; // [href, id]
let isFetching = false;

const find = (href) => {
  const page = kept.get(href);
  if (page && performance.now() - page.at > FRESH) kept.delete(href);
  return kept.get(href);
};

function drop(id) {
  for (const [href, page] of kept) if (id === undefined || page.id === String(id)) kept.delete(href);
  for (const one of queue) if (id === undefined || one.id === String(id)) one.isDropped = true;
}

function want(row) {
  const href = row?.getAttribute('href');
  if (!href || document.hidden || navigator.connection?.saveData || row.dataset.id === desk.pane()?.dataset.id) return;
  if (find(href) || queue.some((one) => one.href === href && !one.isDropped)) return;
  queue.push({ href, id: row.dataset.id });
  if (queue.length > 3) queue.splice(1, 1); // the oldest that has not begun
  work();
}

async function work() {
  if (isFetching) return;
  isFetching = true;
  while (queue.length) {
    const one = queue[0];
    const at = performance.now();
    const answer = desk.isOpening() || one.isDropped ? null : await desk.ask(one.href, { headers: { 'HX-Target': 'open' } });
    queue.shift();
    if (!answer || answer.problem || answer.status !== 200 || one.isDropped) continue;
    kept.set(one.href, { id: one.id, text: answer.text, at });
    if (kept.size > MOST) kept.delete(kept.keys().next().value);
  }
  isFetching = false;
}

// --- When ----------------------------------------------------------------------------------------

let resting = null;
const rest = ({ target }) => {
  clearTimeout(resting);
  const row = target.closest?.('#listbox .row');
  if (row) resting = setTimeout(want, REST, row);
};
document.addEventListener('pointerover', rest);
document.addEventListener('focusin', rest);

const idle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));
let calm = null;
function neighbours() {
  clearTimeout(calm);
  calm = setTimeout(() => idle(() => {
    const row = document.querySelector('#listbox .row[aria-selected="true"]');
    if (!row || desk.isOpening()) return;
    want(row.nextElementSibling);
    want(row.previousElementSibling);
  }), CALM);
}
document.addEventListener('htmx:afterSettle', ({ detail }) => ['open', 'desk'].includes(detail.target?.id) && neighbours());
neighbours();

document.addEventListener('desk:event', ({ detail }) => {
  if (detail.subject === 'conversation') drop(detail.id);
  else drop(); // a ticket, a contact, or a gap
});
document.addEventListener('desk:listed', ({ detail }) => drop(detail.id));
document.addEventListener('desk:changing', ({ detail }) => drop(desk.rows.of(detail.number)?.dataset.id));

// --- Opening -------------------------------------------------------------------------------------

// In place of the request of htmx, with the same events for all who listen. Capturing: before others take note of a request.
document.addEventListener('htmx:beforeRequest', (event) => {
  const { elt, target, requestConfig } = event.detail;
  if (target?.id !== 'open' || requestConfig.verb !== 'get' || !elt.matches('#listbox .row')) return;
  const href = elt.getAttribute('href');
  const page = find(href);
  kept.delete(href); // it is seen once: afterwards it may hold drafts, or be read
  if (!page || document.documentElement.dataset.liveState !== 'live') return; // changes may have been missed
  event.preventDefault();
  event.stopImmediatePropagation();
  const xhr = {};
  desk.askedAt(xhr, page.at);
  history.replaceState({ htmx: true }, '', location.href);
  history.pushState({ htmx: true }, '', href);
  htmx.swap(target, page.text, { swapStyle: 'outerHTML', swapDelay: 0, settleDelay: 0 }, {
    contextElement: elt,
    eventInfo: { elt, target, xhr, requestConfig, successful: true },
  });
}, true);
