// The open thread: what came since it was shown is fetched and appended, and the reply knows what its writer has seen.

const pane = () => document.querySelector('#open.is-open');
const log = () => document.getElementById('log');
const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value;
// The log lies reversed: its end is at scroll position 0.
const isAtEnd = () => Math.abs(log()?.scrollTop ?? 0) < 60;

const PARTS = ['head', 'side', 'assistant']; // what is renewed with the thread
let running = false;
let again = false;
let unseen = 0; // messages below what is on screen
let newest = 0; // the last message's id
let wasSkipped = false; // a part was in use when it should have been renewed

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      await fetchNew();
    } while (again);
  } finally {
    running = false;
  }
}

async function fetchNew() {
  const open = pane();
  const entries = document.getElementById('entries');
  if (!open || !entries || !document.getElementById('expected-last') && open.querySelector('.readonly a')) return;
  const seen = `message=${entries.dataset.message}&event=${entries.dataset.event}`;
  const page = await desk.fragment(`${open.dataset.fresh}&${seen}`, () => open === pane());
  if (!page) return;
  append(entries, [...page.querySelector('[data-entries]').children]);
  wasSkipped = false;
  for (const id of PARTS) renew(id, page.getElementById(id));
  document.dispatchEvent(new CustomEvent('desk:renewed'));
}

function append(entries, nodes) {
  const wasAtEnd = isAtEnd();
  let news = 0;
  let isInbound = false;
  let day = null;
  for (const node of nodes) {
    if (node.matches('.day')) {
      day = node;
      continue;
    }
    entries.dataset.message = Math.max(entries.dataset.message, node.dataset.message ?? 0);
    entries.dataset.event = Math.max(entries.dataset.event, node.dataset.event ?? 0);
    if (document.getElementById(node.id)) continue;
    if (day && [...entries.querySelectorAll('.day')].at(-1)?.textContent !== day.textContent) entries.append(day);
    day = null;
    entries.append(node);
    if (node.dataset.kind !== 'message') continue;
    newest = Math.max(newest, Number(node.dataset.message));
    news += 1;
    isInbound ||= 'inbound' in node.dataset;
  }
  if (!news) return;
  unseen = wasAtEnd ? 0 : unseen + news;
  if (wasAtEnd) log().scrollTop = 0;
  look();
  if (isInbound) read();
}

// What has been on screen has been seen: only then may a reply go out without a warning.
function look() {
  if (isAtEnd()) unseen = 0;
  const field = document.getElementById('expected-last');
  if (!unseen && newest && field && !document.hidden) field.value = Math.max(Number(field.value), newest);
  const below = document.getElementById('below');
  if (!below) return;
  below.hidden = unseen === 0;
  below.querySelector('span').textContent = unseen === 1 ? '1 new message' : `${unseen} new messages`;
}

// A change on its way brings its own header and panel, and its toast needs the place that it came from.
let changing = 0;
const isChange = (event) => event.detail.requestConfig?.verb === 'post';
document.addEventListener('htmx:beforeRequest', (event) => isChange(event) && (changing += 1));
document.addEventListener('htmx:afterRequest', (event) => isChange(event) && (changing -= 1));

// A little later, when the focus and the answer are where they go.
const catchUp = () => wasSkipped && setTimeout(() => PARTS.some((id) => isInUse(document.getElementById(id))) || refresh(), 200);
document.addEventListener('toggle', (event) => !event.target.open && catchUp(), true);
document.addEventListener('focusout', catchUp);
document.addEventListener('htmx:afterSettle', catchUp);

const isInUse = (part) => changing || part?.querySelector('details[open], .htmx-request, input:focus, textarea:focus, select:focus');

// A part that someone is using is left alone; it is fetched again when they are done with it.
function renew(id, fresh) {
  const old = document.getElementById(id);
  if (!old || !fresh) return;
  if (isInUse(old)) return void (wasSkipped = true);
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  htmx.process(fresh);
  if (held?.id) document.getElementById(held.id)?.focus({ preventScroll: true });
}

let reading = null;

function read() {
  clearTimeout(reading);
  const open = pane();
  if (!open || document.hidden) return;
  // Walking through the list with the keyboard is not reading.
  reading = setTimeout(() => {
    if (open !== pane() || document.hidden) return;
    delete open.dataset.unread;
    desk.fragment(open.dataset.read, () => open === pane(), { method: 'POST', headers: { 'X-CSRFToken': token() } });
  }, 700);
}

function begin() {
  unseen = 0;
  newest = 0;
  if (pane()?.dataset.unread !== undefined) read();
  if (desk.changedLately().includes(pane()?.dataset.id)) refresh();
}

document.addEventListener('scroll', (event) => event.target.id === 'log' && look(), true);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  look();
  if (pane()?.dataset.unread !== undefined) read();
});
document.addEventListener('click', (event) => {
  if (!event.target.closest('#below')) return;
  log().scrollTop = 0;
  look();
});
document.addEventListener('htmx:afterSettle', (event) => {
  if (['open', 'desk'].includes(event.detail.target?.id)) begin();
  // Older entries bring their own day: the next one need not repeat it.
  const days = [...document.querySelectorAll('#entries .day')];
  for (const [index, day] of days.entries()) if (day.textContent === days[index - 1]?.textContent) day.remove();
});
document.addEventListener('desk:moved', (event) => String(event.detail.id) === pane()?.dataset.id && refresh());
document.addEventListener('desk:event', ({ detail }) => {
  const isHere = detail.type === 'resync' || (detail.subject === 'conversation' && String(detail.id) === pane()?.dataset.id);
  if (isHere && detail.type !== 'conversation.read') refresh();
});
begin();
