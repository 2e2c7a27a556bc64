// The open thread: new entries are fetched and appended, and the reply form knows what its writer has seen.

const { desk } = globalThis;
const words = document.getElementById('inbox-words').dataset;
const { pane } = desk;
const log = () => document.getElementById('log');
const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value;
// The log is laid out in reverse: its end is at scroll position 0.
const isAtEnd = () => Math.abs(log()?.scrollTop ?? 0) < 60;

let running = false;
let again = false;
let unseen = 0; // messages below what is on screen
let newest = 0; // the last message's id

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
  if (!open?.dataset.fresh || !entries || !document.getElementById('expected-last') && open.querySelector('.readonly a')) return;
  const refused = async (status) => {
    if (status !== 404) return;
    await desk.settle(); // the answer to one's own change may lead away
    if (open === pane() && open.dataset.fresh) lose(open);
  };
  const page = await desk.fragment(desk.since(open.dataset.fresh), () => open === pane(), { refused });
  if (page) desk.announce('fresh', { page });
}

// The member does not see the conversation any more: nothing of it stays on the page but what they were writing themselves.
function lose(open) {
  const notice = document.getElementById('lost').content.cloneNode(true).firstElementChild;
  const typed = [...open.querySelectorAll('textarea[name=body]')].map((box) => box.value.trim()).filter(Boolean).join('\n\n');
  if (typed) notice.querySelector('textarea').value = typed;
  else notice.querySelector('label')?.remove();
  const row = desk.rows.of(open.dataset.number);
  for (const name of ['id', 'number', 'fresh']) delete open.dataset[name];
  const had = open.contains(document.activeElement);
  open.replaceChildren(notice);
  if (had) notice.querySelector(typed ? 'textarea' : 'h1').focus(); // letters that are still typed are no keys there
  if (row) desk.rows.leave(row);
  htmx.process(open);
}

// Its customer was erased: the pane comes anew, so that nothing of them stays in any part of it.
const reopen = () => htmx.ajax('GET', pane().dataset.fresh.replace('/fresh?', '?'), { target: '#open', swap: 'outerHTML' });

// Any answer about the open conversation. Entries that do not follow those shown by now are fetched again.
document.addEventListener('desk:fresh', ({ detail: { page } }) => {
  const entries = document.getElementById('entries');
  const fresh = page.querySelector('[data-entries]');
  if (fresh?.dataset.erased !== undefined) return reopen();
  if (entries && fresh?.dataset.since === `${entries.dataset.message}/${entries.dataset.event}`) {
    if (fresh.dataset.whole === undefined) append(entries, [...fresh.children]);
    else replace(entries, fresh);
  } else if (fresh) refresh();
  desk.renew(page);
  desk.announce('renewed');
});
document.addEventListener('desk:stale', () => refresh());

function append(entries, nodes) {
  const wasAtEnd = isAtEnd();
  let added = 0;
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
    if (node.dataset.sent) desk.announce('sent', { id: node.dataset.sent });
    if (node.dataset.kind !== 'message') continue;
    newest = Math.max(newest, Number(node.dataset.message));
    added += 1;
    isInbound ||= 'inbound' in node.dataset;
  }
  if (!added) return;
  fit();
  unseen = wasAtEnd ? 0 : unseen + added;
  if (wasAtEnd) log().scrollTop = 0;
  look();
  if (!isInbound) return;
  desk.announce('inbound');
  read();
}

// Messages have come from another conversation, or have gone there: they stand among those that are shown.
function replace(entries, fresh) {
  const { message, event, last } = fresh.dataset;
  entries.replaceChildren(...fresh.children);
  Object.assign(entries.dataset, { message, event });
  htmx.process(entries);
  fit();
  const field = document.getElementById('expected-last');
  newest = 0;
  if (field && isAtEnd() && !document.hidden) field.value = last;
}

// Entries that were on screen count as seen: only then may a reply be sent without a warning.
function look() {
  if (isAtEnd()) unseen = 0;
  const field = document.getElementById('expected-last');
  if (!unseen && newest && field && !document.hidden) field.value = Math.max(Number(field.value), newest);
  const below = document.getElementById('below');
  if (!below) return;
  below.hidden = unseen === 0;
  below.querySelector('span').textContent = unseen === 1 ? words.newMessage : words.newMessages.replace('{}', unseen);
}

let reading = null;

async function markRead(url) {
  const askedAt = performance.now();
  const answer = desk.fragment(desk.since(url), () => true, { method: 'POST', headers: { 'HX-Request': 'true', 'X-CSRFToken': token() } });
  desk.expect(answer);
  const page = await answer;
  if (page) desk.list(page, askedAt);
}

function read() {
  clearTimeout(reading);
  const open = pane();
  if (!open?.dataset.read || document.hidden) return;
  // Walking through the list with the keyboard is not reading.
  reading = setTimeout(() => {
    if (open !== pane() || document.hidden) return;
    delete open.dataset.unread;
    desk.announce('reading', { number: open.dataset.number });
    markRead(open.dataset.read);
  }, 700);
}

// What is guessed of the height of a mail's frame is for a usual width, or for a phone, until the frame says how high the mail is.
const MOST = 20_000; // px
function fit() {
  if (!matchMedia('(max-width: 560px)').matches) return;
  for (const frame of document.querySelectorAll('#entries .mail__frame:not([data-fits])')) frame.height = frame.dataset.narrow;
}

addEventListener('message', ({ source, origin, data }) => {
  const frame = origin === 'null' && [...document.querySelectorAll('#entries .mail__frame')].find((one) => one.contentWindow === source);
  if (!frame) return;
  if (data?.key) {
    frame.dispatchEvent(new KeyboardEvent('keydown', { ...data.key, bubbles: true, cancelable: true }));
  } else if (data?.mail > 0) {
    frame.height = Math.min(data.mail, MOST);
    frame.dataset.fits = '';
  }
});

// After sending, the thread scrolls to its end.
document.addEventListener('desk:sending', () => {
  if (log()) log().scrollTop = 0;
});

function begin(xhr) {
  unseen = 0;
  newest = 0;
  if (pane()?.dataset.unread !== undefined) read();
  if (desk.changedSince(xhr).includes(pane()?.dataset.id)) refresh();
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
  fit();
  if (['open', 'desk'].includes(event.detail.target?.id)) begin(event.detail.xhr);
  // Older entries begin with their day: the next entry need not repeat it.
  const days = [...document.querySelectorAll('#entries .day')];
  for (const [index, day] of days.entries()) if (day.textContent === days[index - 1]?.textContent) day.remove();
});
document.addEventListener('desk:event', ({ detail }) => {
  const shown = { conversation: pane()?.dataset.id, ticket: document.getElementById('ticket-card')?.dataset.ticket }[detail.subject];
  const isHere = detail.type === 'resync' || (shown !== undefined && String(detail.id) === shown);
  if (isHere && detail.type === 'conversation.trashed') return void (detail.own || desk.say(desk.errorText('404'), { bad: true }));
  if (isHere && !detail.type.endsWith('.read')) refresh();
});
fit();
begin();

// The link loads the frame anew, with its images; what offered them is done with.
document.addEventListener('click', (event) => {
  const offer = event.target.closest('[data-load-images]')?.closest('[data-images]');
  if (offer) offer.hidden = true;
});

// A picture opens large; without the module, or with a key for a new tab, its link does what links do.
document.addEventListener('click', (event) => {
  const link = event.target.closest('#entries a.picture');
  const url = document.getElementById('live')?.dataset.lightbox;
  if (!link || !url || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  import(url).then(({ open }) => open(link)).catch(() => window.open(link.href, '_blank', 'noopener'));
});
