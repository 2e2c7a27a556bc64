// The list, the board and the page of tickets: keys that move, and renewal of what has changed. What is in use stays: what is
// being typed, open menus, the focus, the rows that "Show more" has added, and how far everything is scrolled.

const { desk } = globalThis;
const rows = () => [...document.querySelectorAll('#tickets [data-row]')];

document.addEventListener('desk:key', ({ detail: { name } }) => {
  const all = rows();
  const step = { next: 1, previous: -1 }[name];
  const at = all.indexOf(document.activeElement);
  if (step) {
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  }
  if (name === 'open' && at >= 0) all[at].click();
});
document.addEventListener('desk:compose', ({ detail: { mode } }) => mode === 'note' && document.getElementById('note')?.focus());
document.addEventListener('focusin', ({ target }) => target.matches('form[data-picks] textarea[name=body]') && import(document.getElementById('ticket-pick').dataset.script).catch(() => {}));
if (location.hash === '#note') document.getElementById('note')?.focus();

// The row that had the focus before the palette may have been replaced meanwhile.
let lastHref = '';
document.addEventListener('focusin', ({ target }) => target.matches('#tickets [data-row]') && (lastHref = target.getAttribute('href')));
document.addEventListener('close', () => setTimeout(() => {
  if (document.activeElement === document.body) rows().find((row) => row.getAttribute('href') === lastHref)?.focus({ preventScroll: true });
}), true);

// What the palette changes is shown as on its way in the row or card until its answer is here.
const changing = new Map(); // form → row or card
document.addEventListener('submit', ({ target: form }) => {
  const row = form.closest('#palette') && rows().find((one) => form.getAttribute('action').startsWith(`${one.pathname}/`))?.parentElement;
  if (!row) return;
  changing.set(form, row);
  row.classList.add('is-moving');
});

// Back to the list or the board from which one came, as it was.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.ticket__bar [data-back]');
  if (!link || !document.referrer || event.ctrlKey || event.metaKey || event.shiftKey || history.length < 2) return;
  const from = new URL(document.referrer);
  if (from.origin !== location.origin || ![link.pathname, `${link.pathname}/board`].includes(from.pathname)) return;
  event.preventDefault();
  history.back();
});

// --- Swapping parts ------------------------------------------------------------------------------

// Parts are the children of `data-parts`, found by their ids; each is swapped when it differs and is not in use.

const MOST = 300; // rows of a list, or cards of a column, that are renewed; further ones stay as they are
let isBehind = false; // a part that was in use has a newer version
let answered = null; // the form whose change was just made: nothing of it is being typed

const textOf = (part) => part.outerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, '$1').replace(/ class=""/g, '');
const isUsed = (part) =>
  part.matches('.htmx-request, [aria-busy=true]') || part.querySelector('.htmx-request, [aria-busy=true], details[open]') !== null ||
  [...part.querySelectorAll('input, textarea, select')].some(desk.isTyped) ||
  (part !== answered && part.contains(document.activeElement) && document.activeElement.matches('input, textarea, select'));

// What has the focus has it afterwards too, or what is in its place.
function keepingFocus(part, work) {
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  const href = held?.getAttribute('href');
  const { selectionStart: start, selectionEnd: end } = held?.matches('textarea, input:not([type=datetime-local], [type=date])') ? held : {};
  const fresh = work();
  if (!held || held === document.activeElement) return;
  const same = held.isConnected ? held : (held.id && document.getElementById(held.id)) || (href && fresh?.querySelector(`a[href="${CSS.escape(href)}"]`));
  same?.focus({ preventScroll: true });
  if (same && start != null) same.setSelectionRange(start, end);
}

function swap(old, fresh) {
  if (textOf(old) === textOf(fresh)) return;
  if ('parts' in old.dataset && 'parts' in fresh.dataset) {
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    return swapParts(old, fresh);
  }
  if (isUsed(old)) return void (isBehind = true);
  keepingFocus(old, () => (old.replaceWith(fresh), htmx.process(fresh), fresh));
}

function remove(part) {
  if (isUsed(part)) return void (isBehind = true);
  const other = part.nextElementSibling ?? part.previousElementSibling;
  const next = !part.contains(document.activeElement) ? null : other?.querySelector('a, button, summary') ?? part.closest('section')?.querySelector('textarea');
  part.remove();
  next?.focus({ preventScroll: true });
}

function swapParts(old, fresh) {
  const wanted = new Set([...fresh.children].map((part) => part.id));
  const isLonger = rowsOf(old) > MOST; // what follows the renewed rows was not asked for
  const seen = new Set();
  for (const part of [...old.children]) {
    const isTwice = seen.has(part.id);
    seen.add(part.id);
    if ((!wanted.has(part.id) && !(isLonger && seen.size > MOST)) || isTwice) remove(part);
  }
  let at = old.firstElementChild;
  for (const part of [...fresh.children]) {
    if (isLonger && part.matches('.ticket-more')) continue;
    // A card that has changed its column comes from there.
    const mine = document.getElementById(part.id);
    if (!mine) {
      old.insertBefore(part, at);
      htmx.process(part);
      continue;
    }
    if (mine === at) at = at.nextElementSibling;
    else keepingFocus(mine, () => old.insertBefore(mine, at));
    swap(mine, part);
  }
}

// What one is notified of in the ticket has been read when its page is looked at.
function noteRead() {
  const { notified, ticket } = document.getElementById('ticket')?.dataset ?? {};
  if (!notified || document.visibilityState !== 'visible') return;
  delete document.getElementById('ticket').dataset.notified;
  desk.ask(notified, { method: 'POST', body: new URLSearchParams({ csrfmiddlewaretoken: document.querySelector('[name=csrfmiddlewaretoken]').value, ticket }) });
}
noteRead();
document.addEventListener('visibilitychange', noteRead);

// --- One's own changes ---------------------------------------------------------------------------

document.addEventListener('desk:answered', ({ detail: { form, data, isRefused, to } }) => {
  changing.get(form)?.classList.remove('is-moving');
  changing.delete(form);
  if (to) return location.assign(to); // the change has taken the ticket out of the member's sight
  const note = form.closest('.note-line details');
  if (isRefused) return void (note && (note.open = true)); // with what was typed
  answered = form;
  const isEmptied = 'emptied' in form.dataset;
  for (const field of form.querySelectorAll('input:not([type=hidden]), textarea, select')) {
    const sent = data.get(field.name);
    if (isEmptied && sent && field.value.startsWith(sent)) field.value = field.value.slice(sent.length).trimStart(); // typed on
    else if (field.value !== sent) continue;
    else if (field.matches('select')) for (const one of field.options) one.defaultSelected = one.selected;
    else field.defaultValue = field.value;
  }
});
document.addEventListener('desk:taken', ({ detail: { page } }) => {
  const part = document.getElementById('ticket');
  const fresh = page.getElementById('ticket');
  if (part && fresh && part.dataset.ticket === fresh.dataset.ticket) {
    if (fresh.dataset.events) desk.cover(fresh);
    take(part, fresh);
  } else if (!part && fresh) {
    if (fresh.dataset.events) desk.cover(fresh);
    renew();
  }
  answered = null;
});

// --- Changes of others ---------------------------------------------------------------------------

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const rowsOf = (list) => list.querySelectorAll(':scope > :not(.ticket-more)').length;
const isMoving = () => document.querySelector('.is-picked, .is-dragged, .is-moving') !== null;
let isStale = false;
let isAsking = false;

function take(part, fresh) {
  // An answer that was overtaken by another one is older than what is shown.
  if (isMoving() || Number(fresh.dataset.at) < Number(part.dataset.at)) return void renew();
  isBehind = false;
  const href = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  swap(part, fresh);
  // The card that has the focus may have moved to another column.
  const same = href && part.querySelector(`a[href="${CSS.escape(href)}"]`);
  if (same && same !== document.activeElement) same.focus({ preventScroll: true });
}

// As many rows as are shown.
function address(part) {
  const url = new URL(part.dataset.reload, location.href);
  for (const list of part.querySelectorAll('[data-rows]')) url.searchParams.set(list.dataset.rows, Math.min(rowsOf(list), MOST));
  return url.href;
}

async function renew() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    await pause(Math.max(250, 4 * document.querySelectorAll('#tickets [data-row]').length - 350)); // a burst becomes one request
    const part = document.querySelector('#ticket, #tickets');
    if (!part?.dataset.reload) break;
    if (isMoving()) continue;
    isStale = false;
    const asked = address(part);
    const page = await desk.fragment(asked, () => part.isConnected, { headers: { 'HX-Request': 'true', 'HX-Target': part.id } });
    const fresh = page?.getElementById(part.id);
    if (!fresh || !part.isConnected) continue;
    if (address(part) === asked) take(part, fresh);
    else isStale = true; // more rows were added meanwhile
  }
  isAsking = false;
}

const catchUp = () => setTimeout(() => isBehind && renew());
document.addEventListener('focusout', catchUp);
document.addEventListener('toggle', (event) => event.target.open === false && catchUp(), true);

document.addEventListener('desk:event', ({ detail: { type, subject, id } }) => {
  const open = document.getElementById('ticket')?.dataset.ticket;
  const isShown = subject === 'ticket' ? !open || open === String(id) : open && subject === 'conversation' && document.getElementById(`linked-${id}`);
  if (type === 'resync' || isShown) renew();
});
desk.renewTickets = renew;
