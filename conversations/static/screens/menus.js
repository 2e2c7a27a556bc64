// Menus, toasts and preferences. Menus are <details>: this adds what people expect beside opening them: Escape, a click
// elsewhere, arrow keys, letters that move to the match, and only one open at a time.

const { desk } = globalThis;
const menus = () => document.querySelectorAll('details.menu[open]');
const items = (menu) => [...menu.querySelectorAll('.menu__body :is(button, a, input)')].filter((item) => item.offsetParent);
const isField = (element) => element.matches?.('input, textarea, select') || element.isContentEditable;

// Whether keys belong to something that is open: a dialog, a menu, or a disclosure that has the focus.
desk.isCaptured = (target) => document.querySelector('dialog[open], details.menu[open]') !== null || target.closest?.('details[open]') !== null;

function close(menu, { refocus = false } = {}) {
  menu.open = false;
  if (refocus) menu.querySelector('summary').focus();
}

document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) close(menu);
  if (event.target.closest('[data-close]')) event.target.closest('[data-toast]').remove();
  if (event.target.closest('[data-help]')) globalThis.desk.act('help');
});
document.addEventListener('focusin', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) close(menu);
});

document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('details.menu') || !event.target.open) return;
  for (const menu of menus()) if (menu !== event.target) close(menu);
}, true);

document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('details.menu[open]') ?? menus()[0];
  if (event.isComposing) return;
  if (event.key === 'Enter' && typed && menu && isFilling(menu)) return event.preventDefault(); // it must not close the menu
  const isLetter = menu && [...event.key].length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !isField(event.target);
  if (isLetter) return letter(menu, event);
  if (event.key !== 'Shift') typed = '';
  if (!menu) return;
  if (event.key === 'Escape') {
    if (event.target.matches('[role=combobox][aria-expanded=true]')) return; // it closes its own list first
    event.preventDefault();
    close(menu, { refocus: true });
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (event.target.matches('input:not([type=search])')) return;
    const all = items(menu);
    const step = event.key === 'ArrowDown' ? 1 : -1;
    event.preventDefault();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  }
}, true);

// Escape closes a form that was opened in its place and takes back what was typed; the first one its suggestions.
document.addEventListener('keydown', (event) => {
  const place = event.key === 'Escape' && !event.isComposing && event.target.closest?.('details.tags[open]');
  if (!place || event.target.getAttribute('aria-expanded') === 'true') return;
  event.preventDefault();
  for (const form of place.querySelectorAll('form')) form.reset();
  close(place, { refocus: true });
}, true);

// --- Letters in an open menu ---------------------------------------------------------------------

const PAUSE = 900; // ms between two letters of one word
let typed = '';
let typedAt = 0;

// As search compares: without case and accents.
const plain = (desk.plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase());

// An item's words as people read them: without the initials on its picture and the keys beside it.
function label(item) {
  const copy = item.cloneNode(true);
  for (const part of copy.querySelectorAll('.face, kbd, [aria-hidden=true]')) part.remove();
  return plain(copy.textContent).trim();
}

// What a menu holds may be on its way: letters wait for it, however long it takes.
const ofLetter = (menu, key) => menu.querySelector(`[data-letter="${CSS.escape(key)}"]`);
const isFilling = (menu) => menu.hasAttribute('data-filling');

function letter(menu, event) {
  fill(menu);
  const isFresh = Date.now() - typedAt > PAUSE && !isFilling(menu);
  if (event.key === ' ' && (isFresh || !typed)) return; // it presses what has the focus
  const filter = menu.querySelector('input[type=search]');
  if (filter) return filter.focus(); // the letter is typed there
  event.preventDefault();
  const own = isFresh && ofLetter(menu, event.key);
  if (own) return own.click();
  typed = (isFresh ? '' : typed) + plain(event.key);
  typedAt = Date.now();
  if (isFilling(menu)) menu.querySelector('summary').focus();
  else seek(menu);
}

function seek(menu) {
  const all = items(menu).filter((item) => !isField(item));
  const at = all.indexOf(document.activeElement);
  // One letter goes on to the next match; more of the word may stay where it is.
  const isOne = new Set(typed).size === 1;
  const start = Math.max(0, isOne ? at + 1 : at);
  const order = [...all.slice(start), ...all.slice(0, start)];
  const find = (word) => order.find((item) => label(item).startsWith(word)) ?? order.find((item) => label(item).split(/\s+/).some((one) => one.startsWith(word)));
  const match = find(typed) ?? (isOne ? find(typed[0]) : null);
  // Where nothing matches, Enter must not choose what happened to have the focus.
  (match ?? menu.querySelector('summary')).focus();
}

// --- Menus that are filled when they are opened ----------------------------------------------------

const FRESH = 600_000; // ms that a filled menu stays as it is: times and members may be others after that
const asked = new WeakMap(); // menu → when it was filled

// That a menu was opened is an event of a moment later, when the first letter may be there already.
function fill(menu) {
  if (!menu.open || !menu.matches('[data-fill]') || Date.now() - asked.get(menu) < FRESH) return;
  asked.set(menu, Date.now());
  typed = '';
  menu.toggleAttribute('data-filling', true);
  menu.dispatchEvent(new Event('fill'));
}

// One whose request failed is asked for again when it is opened again.
const failed = new WeakSet();

document.addEventListener('toggle', ({ target }) => {
  if (!target.matches?.('[data-fill]')) return;
  if (failed.delete(target)) asked.delete(target);
  fill(target);
}, true);
document.addEventListener('htmx:afterRequest', ({ detail: { elt, successful } }) => {
  if (!elt.matches?.('[data-fill]')) return;
  elt.removeAttribute('data-filling');
  if (!successful) {
    typed = '';
    return void failed.add(elt);
  }
  // What had the focus may have been replaced.
  const { activeElement: active, body } = document;
  if (!elt.open || (active !== body && !elt.contains(active))) return;
  const own = ofLetter(elt, typed);
  if (own) own.click();
  else if (typed) seek(elt);
  else if (active === body) elt.querySelector('summary').focus();
});

// --- Toasts --------------------------------------------------------------------------------------

const region = document.getElementById('toasts');

function say(text, { bad = false, act = '', then = null, isUndo = false, lost = '' } = {}) {
  const toast = document.createElement('div');
  toast.className = bad ? 'toast toast--bad' : 'toast';
  toast.dataset.toast = '';
  if (lost) toast.dataset.lost = lost; // the conversation whose change has no answer
  toast.append(Object.assign(document.createElement('span'), { textContent: text }));
  if (act) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'toast__undo', textContent: act });
    button.toggleAttribute('data-undo', isUndo);
    button.addEventListener('click', () => (toast.remove(), then()));
    toast.append(button);
  }
  region.append(toast);
}

function expire(toast) {
  const life = toast.querySelector('.toast__undo') ? 10_000 : 5_000;
  // A toast that is being used or pointed at stays.
  const end = () => (toast.matches(':hover, :focus-within') ? setTimeout(end, 1500) : toast.remove());
  setTimeout(end, life);
}

for (const toast of region.children) expire(toast);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.matches?.('[data-toast]')) expire(node);
  while (region.children.length > 3) region.firstElementChild.remove();
}).observe(region, { childList: true });
// One's own change that is heard of was made, whatever became of its answer.
document.addEventListener('desk:event', ({ detail }) => detail.own && region.querySelector(`[data-lost="${detail.id}"]`)?.remove());
document.addEventListener('desk:say', (event) => say(event.detail.text, event.detail));

// --- Preferences and the context panel -----------------------------------------------------------

document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (!event.target.matches('[data-preferences]') || !button) return;
  for (const other of button.parentElement.children) other.setAttribute('aria-pressed', String(other === button));
  if (button.name === 'theme') document.documentElement.dataset.theme = button.value;
  if (button.name === 'shortcuts') document.getElementById('help').dataset.shortcuts = button.value;
});

const isWide = matchMedia('(min-width: 1241px)');

document.addEventListener('click', (event) => {
  const toggle = event.target.closest('[data-side-toggle]');
  const open = document.querySelector('#open.is-open');
  if (!toggle || !open) return;
  if (!isWide.matches) {
    if (location.hash !== '#side') return;
    event.preventDefault();
    history.back();
    return;
  }
  event.preventDefault();
  const isClosed = open.classList.toggle('is-side-closed');
  const form = document.querySelector('[data-preferences]');
  htmx.ajax('POST', form.action, { source: toggle, swap: 'none', values: {
    side: isClosed ? 'closed' : 'open',
    csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
  } });
});

// --- Relative times ------------------------------------------------------------------------------

setInterval(() => {
  for (const time of document.querySelectorAll('time.when')) {
    const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60_000);
    // After half a day the server's text (a time, a weekday, a date) stays correct.
    if (minutes < 1) time.textContent = desk.words.now;
    else if (minutes < 60) time.textContent = desk.words.minutes.replace('{}', minutes);
    else if (minutes < 720) time.textContent = desk.words.hours.replace('{}', Math.floor(minutes / 60));
  }
}, 30_000);
