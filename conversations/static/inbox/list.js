// The list: which row is open, which has the keyboard, and what live updates do to rows. Rows never move under the
// pointer: a changed row changes in place, new ones are appended where that moves nothing, else the bar counts them, and one
// that is gone stays, in grey, until the pointer has left the list. `desk.rows` is for other scripts.

const { desk } = globalThis;
const listbox = () => document.getElementById('listbox');
const rows = () => [...(listbox()?.querySelectorAll('.row') ?? [])];
const openId = () => desk.pane()?.dataset.id;
const rowOf = (number) => listbox()?.querySelector(`.row[data-number="${number}"]`);

// --- Selection and focus -------------------------------------------------------------------------

let present = {}; // id → who else is in it
let wantsFocus = null; // what should have the focus after the next swap: a row's id, or 'subject'
let hadFocus = ''; // what had it at the time of the request: if it has moved since, it stays

function mark() {
  const id = openId();
  const all = rows();
  for (const row of all) row.setAttribute('aria-selected', String(row.dataset.id === id));
  const entry = all.find((row) => row === document.activeElement) ?? all.find((row) => row.dataset.id === id) ?? all[0];
  for (const row of all) row.tabIndex = row === entry ? 0 : -1;
  dress();
}

function focus(row) {
  if (!row) return;
  for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

function neighbour(step) {
  const all = rows();
  const from = all.indexOf(document.activeElement.closest?.('.row'));
  const selected = all.findIndex((row) => row.dataset.id === openId());
  const start = from >= 0 ? from : selected;
  return all[start < 0 ? (step > 0 ? 0 : all.length - 1) : start + step];
}

document.addEventListener('desk:key', ({ detail: { name } }) => {
  if (name === 'next') focus(neighbour(1));
  if (name === 'previous') focus(neighbour(-1));
  if (name === 'open') (document.activeElement.closest?.('.row') ?? rows()[0])?.click();
  if (name === 'open-next' || name === 'open-previous') {
    const all = rows();
    const selected = all.findIndex((row) => row.dataset.id === openId());
    all[selected + (name === 'open-next' ? 1 : -1)]?.click();
  }
});

document.addEventListener('click', (event) => {
  const row = event.target.closest('.row');
  if (row && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    wantsFocus = 'subject';
    row.scrollIntoView({ block: 'nearest' });
  }
  if (event.target.closest('.thread__back')) wantsFocus = openId();
  hadFocus = document.activeElement.id;
});
document.addEventListener('htmx:afterRequest', (event) => {
  if (!event.detail.successful && ['open', 'desk'].includes(event.detail.target?.id)) wantsFocus = null;
});

document.addEventListener('htmx:afterSettle', (event) => {
  const id = event.detail.target?.id;
  if (id === 'rows' || id === 'desk') {
    forget();
    const changed = desk.changedSince(event.detail.xhr);
    refresh(changed);
    if (changed.length) recount();
  }
  if (id === 'open' || id === 'desk') {
    sweep();
    if (document.activeElement !== document.body && document.activeElement.id !== hadFocus) wantsFocus = null;
    if (wantsFocus === 'subject') document.getElementById('subject')?.focus({ preventScroll: true });
    else if (wantsFocus) focus(document.getElementById(`row-${wantsFocus}`) ?? rows()[0]);
    wantsFocus = null;
  }
  mark();
});
document.addEventListener('htmx:historyRestore', mark);
mark();
document.querySelector('.row[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });

// Escape clears a search, and leaves the field when it is empty (keys.js).
document.addEventListener('keydown', (event) => {
  const field = event.target;
  if (event.key !== 'Escape' || event.isComposing || field.id !== 'search' || !field.value) return;
  event.preventDefault();
  field.value = '';
  field.form.requestSubmit();
});

// --- Live updates --------------------------------------------------------------------------------

const asked = new Set(); // ids of rows to fetch again
const waiting = new Set(); // ids that the bar counts
const repeated = new Set(); // ids whose change the page most likely shows already, if not in the rows that are loaded
const place = () => document.getElementById('rows');
const query = () => place().dataset.list.split('?')[1];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const shown = () => new Promise((done) => document.addEventListener('visibilitychange', done, { once: true }));
const later = new Set(); // ids whose rows were not shown, as a change was on its way
const renewed = new Map(); // id → when its row was shown last
let isFetching = false;

async function refresh(ids) {
  for (const id of ids) asked.add(String(id));
  if (isFetching) return;
  isFetching = true;
  while (asked.size) {
    await pause(asked.size > 30 ? 1500 : 120); // a burst becomes one request; a change of many, one now and then
    if (document.hidden) await shown(); // a tab in the background fetches nothing
    await fetchRows();
  }
  isFetching = false;
}

async function fetchRows() {
  const list = place();
  const ids = [...asked].slice(0, 100);
  const askedAt = performance.now();
  for (const id of ids) asked.delete(id);
  const page = await desk.fragment(`${list.dataset.rows}&${ids.map((id) => `id=${id}`).join('&')}`, () => list === place());
  if (list !== place()) return ids.forEach((id) => asked.add(id)); // another list came, perhaps from before the change
  if (!page) return;
  const found = new Map([...page.querySelectorAll('.row')].map((row) => [row.dataset.id, row]));
  for (const id of ids) {
    if (isOvertaken(id, askedAt)) asked.add(id);
    else show(id, found.get(id));
  }
  mark();
  count();
}

// Whether the row was replaced after the request was sent: which of the two is newer is unknown then.
const isOvertaken = (id, askedAt) => (renewed.get(id) ?? 0) > askedAt;

// The row as it is in the view now, if it is in it. While a change of this page is on its way, its answer will show more.
function show(id, row) {
  const { number } = (row ?? document.getElementById(`row-${id}`))?.dataset ?? {};
  if (number && desk.isChanging(number)) return later.add(id);
  renewed.set(id, performance.now());
  const old = document.getElementById(`row-${id}`);
  if (old && row) replace(old, row);
  else if (old) leave(old);
  else if (row) arrive(row);
  else waiting.delete(id);
}

// After a gap: the rows that are shown are fetched again, and those of the first page that are not.
async function reconcile() {
  refresh(rows().map((row) => row.dataset.id));
  const list = place();
  const page = await desk.fragment(list.dataset.list, () => list === place(), { headers: { 'HX-Request': 'true', 'HX-Target': 'rows' } });
  const missing = [...(page?.querySelectorAll('.row') ?? [])].filter((row) => !document.getElementById(row.id));
  refresh(missing.map((row) => row.dataset.id));
}

// A row that waits for an answer keeps its place: detached, htmx could not put the answer there.
const isWaiting = (element) => element.matches('.htmx-request') || element.querySelector('.htmx-request');

function replace(old, row) {
  if (isWaiting(old)) return void setTimeout(() => refresh([row.dataset.id]), 500);
  const had = old === document.activeElement;
  old.replaceWith(row);
  htmx.process(row);
  if (had) row.focus({ preventScroll: true });
  if (old.classList.contains('is-gone')) row.classList.remove('is-gone');
}

// --- Rows that go and come -----------------------------------------------------------------------

const LEAVING = 150; // ms in which a row fades
const gone = new Map(); // number → the row that has left the view by a change of this page, for its Undo
let isPointed = false; // whether the pointer was used last, and is over the rows

document.addEventListener('pointermove', (event) => {
  const was = isPointed;
  isPointed = event.pointerType === 'mouse' && event.target.closest?.('#rows') != null;
  if (was && !isPointed) sweep();
});
document.addEventListener('keydown', () => {
  isPointed = false;
  sweep();
}, true);

// What is gone leaves, now that nothing is pointed at; the open row never does.
function sweep() {
  for (const row of rows()) if (row.classList.contains('is-gone') && row.dataset.id !== openId()) leave(row);
}

function leave(row) {
  row.classList.add('is-gone');
  if (row.dataset.id === openId() || isPointed || row.classList.contains('is-leaving')) return;
  row.classList.add('is-leaving');
  const all = rows().filter((one) => one === row || !one.classList.contains('is-gone'));
  if (row === document.activeElement) focus(all[all.indexOf(row) + 1] ?? all[all.indexOf(row) - 1]); // the next key is meant for that one
  setTimeout(() => {
    if (!row.isConnected || !row.classList.contains('is-leaving')) return; // it has come back
    row.remove();
    if (!rows().length && !openId()) document.getElementById('fresh')?.click();
    mark();
  }, LEAVING);
}

const seconds = (row) => Date.parse(row.querySelector('time')?.dateTime ?? 0) / 1000;
const ORDERS = { oldest: (row) => Number(row.dataset.since), deadline: (row) => Number(row.dataset.due), newest: (row) => -seconds(row) };
// Of two that are alike, the older one comes first, or last among the newest.
const isBefore = (sort, one, other) => {
  const order = ORDERS[sort] ?? ORDERS.oldest;
  const age = Number(other.dataset.id) - Number(one.dataset.id);
  return (order(one) - order(other) || (sort === 'newest' ? age : -age)) < 0;
};

// A row that was here a moment ago comes back to where it belongs; below what is loaded it is not shown.
function comeBack(row) {
  const next = rows().find((one) => one !== row && isBefore(place().dataset.sort, row, one));
  if (!next && document.getElementById('more')) return;
  place().querySelector('.empty')?.remove();
  row.classList.remove('is-gone', 'is-leaving');
  listbox().insertBefore(row, next ?? null);
  htmx.process(row);
}

function arrive(row) {
  const last = rows().at(-1);
  const { sort } = place().dataset;
  const { number } = row.dataset;
  if (gone.delete(number)) return comeBack(row);
  const isLast = sort === 'oldest' && !document.getElementById('more') && Number(row.dataset.since) >= Number(last?.dataset.since ?? 0);
  if (repeated.has(row.dataset.id) && sort === 'oldest' && document.getElementById('more')) return; // further down
  if ((last && !isLast) || 'search' in place().dataset) return waiting.add(row.dataset.id);
  place().querySelector('.empty')?.remove();
  row.classList.add('is-new');
  listbox().append(row);
  htmx.process(row);
}

desk.rows = {
  of: rowOf,
  // The change that an agent has just made takes the row out of the view. Returns what brings it back.
  leave(row) {
    gone.set(row.dataset.number, row);
    leave(row);
    return () => desk.rows.back(row.dataset.number);
  },
  back(number) {
    const row = gone.get(number);
    if (!row) return;
    gone.delete(number);
    row.classList.remove('is-gone', 'is-leaving');
    if (!row.isConnected && listbox()) comeBack(row);
    mark();
  },
};

function count() {
  const bar = document.getElementById('fresh');
  if (!bar) return;
  bar.hidden = waiting.size === 0;
  const { one, many } = place().dataset;
  bar.textContent = waiting.size === 1 ? one : many.replace('%s', waiting.size > 99 ? '99+' : waiting.size);
}

function forget() {
  waiting.clear();
  gone.clear();
  count();
}

// The counts: at once, then at most every two seconds; while the menu of views is open they wait.
let counted = 0;
let countedAt = 0; // when they were shown last
let isCounting = false;
let isStale = false;
const isTabsInUse = () => document.querySelector('#tabs.htmx-request, #tabs .htmx-request, #tabs [open]');

async function recount() {
  isStale = true;
  if (isCounting) return;
  isCounting = true;
  while (isStale) {
    await pause(Math.max(0, counted + 2000 - Date.now()));
    if (document.hidden) await shown();
    while (isTabsInUse()) await pause(300);
    isStale = false;
    counted = Date.now();
    const askedAt = performance.now();
    const url = place().dataset.counts;
    const page = await desk.fragment(url, () => url === place().dataset.counts);
    if (url !== place().dataset.counts || (page && (isTabsInUse() || countedAt > askedAt))) isStale = true;
    else if (page) showCounts(page.getElementById('tabs'));
  }
  isCounting = false;
}

function showCounts(fresh) {
  countedAt = performance.now();
  document.getElementById('tabs').replaceWith(fresh);
  htmx.process(fresh);
  showTotal(fresh.querySelector('[aria-current] b')?.textContent.trim() ?? '');
}

// Beside the name of the view, and in the page's title while no conversation has it.
function showTotal(total) {
  const heading = document.getElementById('list-heading');
  if (!heading) return; // a search has the bar
  const name = heading.firstChild.data.trim();
  const held = heading.querySelector('.count');
  const titled = (count) => `${name}${count && ` (${count})`} · `;
  document.title = document.title.replace(titled(held?.textContent ?? ''), () => titled(total));
  held?.remove();
  if (total) heading.append(Object.assign(document.createElement('span'), { className: 'count', textContent: total }));
}

document.addEventListener('desk:event', ({ detail }) => {
  if (detail.type === 'resync') reconcile();
  else if (detail.subject === 'conversation') {
    if (detail.isRepeat) repeated.add(String(detail.id));
    else repeated.delete(String(detail.id));
    refresh([detail.id]);
  } else return;
  recount();
});

document.addEventListener('desk:settled', () => {
  const ids = [...later];
  later.clear();
  if (ids.length) refresh(ids);
});

// The answer to a change has the row and the counts. If it is for another list, or may be outdated, they are fetched instead.
document.addEventListener('desk:listed', ({ detail: { id, part, askedAt } }) => {
  const isHere = part.dataset.place === query();
  repeated.delete(id);
  if (isHere && !isOvertaken(id, askedAt)) {
    show(id, part.querySelector('.row') ?? undefined);
    mark();
    count();
  } else refresh([id]);
  if (isHere && !isTabsInUse() && countedAt <= askedAt) showCounts(part.querySelector('#tabs'));
  else recount();
});

// That it is read is shown when the request is sent: it is sent again until it is answered.
document.addEventListener('desk:reading', ({ detail: { number } }) => {
  const row = rowOf(number);
  row?.classList.add('is-read');
  row?.querySelector('.row__dot')?.replaceChildren();
});

// --- What changes by itself ----------------------------------------------------------------------

// Who looks at a conversation or writes in it: other scripts know, and say it with `desk:presence`.
function dress() {
  for (const row of rows()) {
    const people = present[row.dataset.id] ?? [];
    const state = ['typing', 'viewing', 'draft'].find((one) => people.some((person) => person.state === one)) ?? '';
    const text = people.map((one) => one.text ?? one.name).join(', ');
    const old = row.querySelector('.row__present');
    if ((row.dataset.presence ?? '') === state && (old?.textContent ?? '') === text) continue;
    old?.remove();
    const face = row.querySelector('.face');
    if (state) {
      row.dataset.presence = state;
      face.title = text;
      row.querySelector('.row__who').append(Object.assign(document.createElement('span'), { className: 'row__present sr', textContent: text }));
    } else {
      delete row.dataset.presence;
      face.removeAttribute('title');
    }
  }
}
document.addEventListener('desk:presence', ({ detail }) => {
  present = detail;
  dress();
});

// Deadlines come nearer.
setInterval(() => {
  const words = place()?.dataset;
  for (const chip of document.querySelectorAll('.row [data-due]')) {
    if (!chip.matches('.chip')) continue;
    const [due, warned] = chip.dataset.due.split(' ').map(Number);
    const left = due - Date.now() / 1000;
    const minutes = Math.floor(Math.abs(left) / 60);
    const time = minutes < 60 ? [words.min, minutes] : minutes < 1440 ? [words.hours, Math.floor(minutes / 60)] : [words.days, Math.floor(minutes / 1440)];
    chip.querySelector('bdi').textContent = (left < 0 ? words.overdue : words.dueIn).replace('%s', time[0].replace('%s', time[1]));
    chip.classList.toggle('chip--bad', left < 0);
    chip.classList.toggle('chip--warn', left >= 0 && Date.now() / 1000 >= warned);
  }
}, 30_000);

document.addEventListener('submit', ({ submitter }) => {
  if (submitter?.name === 'density') place().classList.toggle('rows--compact', submitter.value === 'compact');
});
