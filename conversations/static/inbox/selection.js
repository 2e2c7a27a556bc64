// Selecting conversations in the list: by x, Shift and a click on the picture of a row; and what is done with all of them at once.
// The bar is in the page only while something is selected, so that its keys (e, a, z …) are those of the selection then.

const { desk } = globalThis;
const picked = new Set(); // ids of rows
let anchor = ''; // the row from which a range goes
let isAll = false; // all that the view holds, on the server
let total = 0; // how many that are, once the server has said so
let isBusy = false;
let unanswered = ''; // what was asked for last, if no answer came
const list = () => document.getElementById('list');
const rows = () => [...document.querySelectorAll('#listbox .row:not(.is-gone)')];
const query = () => document.getElementById('rows')?.dataset.list.split('?')[1] ?? '';
const rowAt = (element) => element?.closest?.('#listbox .row');
const current = () => rowAt(document.activeElement) ?? document.querySelector('#listbox .row[aria-selected="true"]') ?? rows()[0];

const template = document.getElementById('bulk-template');
const bar = template.content.firstElementChild.cloneNode(true);
const words = bar.querySelector('.bulk__count');
const more = bar.querySelector('[data-bulk="all"]');
let shownFor = null; // the view that the selection belongs to, while there is one

// --- What is selected ----------------------------------------------------------------------------

function pick(row, on = !picked.has(row.dataset.id)) {
  picked[on ? 'add' : 'delete'](row.dataset.id);
  anchor = row.dataset.id;
  isAll = false;
}

function pickTo(row) {
  const all = rows();
  const from = Math.max(0, all.findIndex((one) => one.dataset.id === anchor));
  const to = all.indexOf(row);
  for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) picked.add(one.dataset.id);
  isAll = false;
}

function clear() {
  picked.clear();
  anchor = '';
  isAll = false;
  show();
}

function show() {
  const all = rows();
  if (shownFor !== null && query() !== shownFor) picked.clear(); // another view came
  shownFor = picked.size ? query() : null;
  const there = new Set(all.map((row) => row.dataset.id));
  for (const id of picked) if (!there.has(id)) picked.delete(id);
  if (!picked.size) isAll = false;
  for (const row of all) {
    const is = isAll || picked.has(row.dataset.id);
    if (row.classList.contains('is-picked') !== is) row.classList.toggle('is-picked', is);
    if (picked.size) row.setAttribute('aria-checked', String(is));
    else row.removeAttribute('aria-checked');
  }
  document.getElementById('listbox')?.toggleAttribute('data-selecting', picked.size > 0);
  if (!picked.size) return hide();
  if (bar.parentElement !== list()) {
    list().append(bar);
    htmx.process(bar);
    total = 0;
  }
  const { one, many, all: every } = words.dataset;
  const text = isAll ? every.replace('%s', total.toLocaleString()) : picked.size === 1 ? one : many.replace('%s', picked.size);
  if (words.textContent !== text) words.textContent = text;
  const isWhole = all.length && picked.size === all.length && document.getElementById('more');
  more.hidden = isAll || !isWhole;
  if (isWhole && !isAll) count();
}

function hide() {
  if (!bar.isConnected) return;
  const had = bar.contains(document.activeElement);
  for (const menu of bar.querySelectorAll('details[open]')) menu.open = false;
  bar.remove();
  if (had) (rowAt(document.querySelector('#listbox .row[tabindex="0"]')) ?? document.getElementById('rows'))?.focus({ preventScroll: true });
}

// How many the view holds: asked when all that is loaded is selected.
async function count() {
  more.textContent = more.dataset.words.replace('%s', total ? total.toLocaleString() : '…');
  if (total) return;
  total = -1;
  more.disabled = true;
  const answer = await desk.ask(`${bar.dataset.count}?${query()}`);
  total = answer.problem ? 0 : Number(answer.text) || 0;
  more.disabled = !total;
  more.textContent = more.dataset.words.replace('%s', total > 10000 ? '10,000+' : total.toLocaleString());
}

// --- By hand -------------------------------------------------------------------------------------

function go(row) {
  for (const one of rows()) one.tabIndex = one === row ? 0 : -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('desk:key', ({ detail: { name } }) => {
  if (!name.startsWith('select')) return;
  const row = current();
  if (!row) return;
  if (name === 'select') pick(row);
  else if (name === 'select-range') pickTo(row);
  else rows().forEach((one) => picked.add(one.dataset.id));
  if (name !== 'select-all' && document.activeElement !== row) go(row);
  show();
});

document.addEventListener('click', (event) => {
  const row = rowAt(event.target);
  if (row && !event.ctrlKey && !event.metaKey && (event.shiftKey || isMark(event, row) || (picked.size && event.pointerType === 'touch'))) {
    event.preventDefault();
    event.stopPropagation();
    if (event.shiftKey && anchor) pickTo(row);
    else pick(row);
    getSelection()?.removeAllRanges();
    go(row);
    show();
  }
  const { bulk } = event.target.closest?.('[data-bulk]:not(form)')?.dataset ?? {};
  if (bulk === 'clear') clear();
  if (bulk === 'dismiss') {
    document.getElementById('bulk-job')?.remove();
    keep();
  }
  if (bulk === 'close') event.target.closest('dialog').close();
  if (bulk === 'all') {
    isAll = true;
    show();
  }
}, true);

// The mark is where the picture is; for fingers its whole column is.
function isMark(event, row) {
  const face = row.querySelector('.face')?.getBoundingClientRect();
  return face && event.detail > 0 && event.clientX >= face.left - 4 && event.clientX <= face.right + 4;
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Enter' && bar.contains(event.target) && event.target.matches('input')) {
    event.preventDefault();
    return bar.requestSubmit(event.target.closest('.menu__body').querySelector('[data-enter]'));
  }
  if (event.key === 'Escape' && picked.size && !desk.isCaptured(event.target) && !event.target.matches('input, textarea, select, [contenteditable]')) {
    event.preventDefault();
    return clear();
  }
  const row = event.shiftKey && event.key.startsWith('Arrow') && rowAt(event.target);
  if (!row || desk.isCaptured(event.target)) return;
  const all = rows();
  const next = all[all.indexOf(row) + (event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0)];
  if (!next) return;
  event.preventDefault();
  if (!picked.has(row.dataset.id)) pick(row, true);
  picked.add(next.dataset.id);
  go(next);
  show();
});

// Rows come, go and are replaced: the selection stays with those that are there.
new MutationObserver((changes) => {
  if (picked.size && changes.some(({ target }) => target.id === 'listbox' || target.id === 'list' || target === document.body || target.id === 'desk')) show();
}).observe(document.body, { childList: true, subtree: true });

// --- Doing it ------------------------------------------------------------------------------------

const jobs = () => document.getElementById('bulk-jobs');
// The job that is shown, until it is dismissed: another page of the inbox shows it again.
const kept = `bulk-job ${location.pathname.split('/')[2]} ${document.getElementById('live')?.dataset.login}`;
const keep = (url) => (url ? localStorage.setItem(kept, url) : localStorage.removeItem(kept));

async function resume() {
  const url = localStorage.getItem(kept);
  if (!url || !jobs() || jobs().firstElementChild) return;
  const answer = await desk.ask(url);
  if (answer.problem === '404') return keep();
  const panel = answer.problem ? null : desk.parse(answer.text).getElementById('bulk-job');
  if (panel && localStorage.getItem(kept) === url && !jobs().firstElementChild) put(panel);
}

function put(panel) {
  jobs().replaceChildren(panel);
  htmx.process(panel);
}
addEventListener('pageshow', resume);
document.addEventListener('htmx:historyRestore', resume);
resume();

async function send(form, submitter) {
  if (isBusy) return;
  isBusy = true;
  const isBar = form === bar;
  const ids = [...picked];
  const data = new URLSearchParams(new FormData(form, submitter));
  if (isBar && isAll) data.set('all', '1');
  else if (isBar) for (const id of ids) data.append('id', id);
  // The same again, after an answer that was lost, is one job; anything else is another one.
  const own = data.get('send_id');
  data.delete('send_id');
  if (isBar && unanswered && unanswered !== data.toString()) bar.elements.send_id.value = desk.newId();
  const asked = data.toString();
  if (own) data.set('send_id', isBar ? bar.elements.send_id.value : own);
  const menu = submitter?.closest('details[open]');
  if (menu) menu.open = false;
  form.closest('[data-toast]')?.remove();
  const marked = isBar ? rows().filter((row) => isAll || picked.has(row.dataset.id)) : [];
  for (const row of marked) row.classList.add('is-changing');
  bar.setAttribute('aria-busy', 'true');
  const url = form.getAttribute('action').split('?')[0];
  const answer = await desk.ask(`${url}?${query()}`, { method: 'POST', body: data });
  isBusy = false;
  if (isBar) unanswered = answer.problem ? asked : '';
  bar.removeAttribute('aria-busy');
  for (const row of marked) row.classList.remove('is-changing');
  if (answer.problem === 'signed-out') return location.reload();
  if (answer.problem) return desk.say(desk.errorText(answer.problem), { bad: true });
  const page = desk.parse(answer.text);
  const isAsked = page.querySelector('dialog') !== null;
  take(page);
  if (answer.status < 400) form.closest('dialog')?.close();
  if (answer.status >= 400 || isAsked || !(isBar || form.matches('.merging'))) return;
  bar.reset();
  clear();
  for (const id of ids) desk.announce('event', { type: 'bulk', subject: 'conversation', id: Number(id) });
}

function take(page) {
  for (const toast of page.querySelectorAll('[data-toast]')) document.getElementById('toasts').append(toast);
  const next = page.querySelector('[data-next]')?.value;
  if (next) bar.elements.send_id.value = next;
  const dialog = page.querySelector('dialog');
  if (dialog) {
    document.body.append(dialog);
    dialog.addEventListener('close', () => dialog.remove());
    dialog.showModal();
  }
  const panel = page.getElementById('bulk-job');
  if (panel) {
    put(panel);
    tell(panel);
    keep(panel.dataset.url);
  } else if (next && !page.querySelector('.toast--bad')) {
    jobs().replaceChildren();
    keep();
  }
}

// Screen readers are told of its beginning and its end, not of every step.
function tell(panel) {
  document.getElementById('bulk-said').textContent = [...panel.querySelectorAll('p')].map((part) => part.textContent.trim()).join(': ');
}
document.addEventListener('htmx:afterSettle', () => {
  const panel = jobs()?.querySelector('.job:not([data-at-work]):not([data-told])');
  if (panel) tell(panel);
  panel?.toggleAttribute('data-told', true);
});

document.addEventListener('submit', (event) => {
  if (event.defaultPrevented || (event.target !== bar && !event.target.matches('form[data-bulk]'))) return;
  event.preventDefault();
  send(event.target, event.submitter);
});
