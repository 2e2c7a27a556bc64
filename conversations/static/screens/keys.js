// The keyboard. The table is the help dialog itself: each line carries its keys and the name of what it does. A name
// clicks, opens or focuses the element that carries it as data-shortcut; moving through the list is list.js's own.

const { desk } = globalThis;
const help = document.getElementById('help');
const table = new Map();
const WRITES = new Set(); // what changes the open conversation
for (const line of help.querySelectorAll('[data-keys]')) {
  for (const keys of line.dataset.keys.split('|')) table.set(keys, line.dataset.keyName);
  if ('writes' in line.dataset) WRITES.add(line.dataset.keyName);
}
const OWN = new Set(['next', 'previous', 'open', 'open-next', 'open-previous', 'select', 'select-range', 'select-all']);
// Shortcuts after which people type: until the field is open, their letters must not count as keys.
const TYPED_AFTER = new Set(['reply', 'note', 'macro', 'assign', 'snooze', 'priority', 'tags']);
const SEQUENCE = 1200; // ms between two keys that belong together
const TYPING = 1000; // ms between two letters of such a text

let first = null;
let since = 0;
let typedAt = -TYPING; // when the last of such letters was typed
let mode = null; // reply or note, pressed while the conversation that it is meant for was on its way

const isTyping = (element) => element.isContentEditable || element.matches?.('textarea, select, input:not([type=radio], [type=checkbox])');

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (isTyping(target)) {
    if (event.key === 'Escape') {
      target.blur();
      document.getElementById('subject')?.focus({ preventScroll: true });
    }
    return;
  }
  if (help.dataset.shortcuts !== 'on' || desk.isCaptured(target)) return void (first = null);
  // Arrows move rows where the list has the focus, and scroll everywhere else; Enter belongs to what has the focus.
  if (event.key.startsWith('Arrow') && !target.closest('#rows')) return;
  if (event.key === 'Enter' && target !== document.body && !target.closest('.row')) return;
  if (event.key === 'Enter' && target.closest('.row')) return; // a link: it opens by itself
  if (/^[\p{L}\p{N}]$/u.test(event.key) && Date.now() - typedAt < TYPING) {
    typedAt = Date.now();
    return event.preventDefault();
  }
  const pair = first && Date.now() - since < SEQUENCE ? `${first} ${event.key}` : null;
  const name = table.get(pair ?? event.key);
  first = !name && [...table.keys()].some((keys) => keys.startsWith(`${event.key} `)) ? event.key : null;
  since = Date.now();
  if (!name) return;
  event.preventDefault();
  if (event.repeat && !OWN.has(name)) return; // held down: it is meant once
  const isCompose = name === 'reply' || name === 'note';
  // Another conversation is on its way: this one is not meant any more, and that one is not here yet.
  if (WRITES.has(name) && !OWN.has(name) && desk.isOpening()) {
    mode = isCompose ? name : null;
    if (TYPED_AFTER.has(name)) typedAt = Date.now();
    return;
  }
  if (isCompose && !document.getElementById('composer')) typedAt = Date.now();
  act(name);
});

document.addEventListener('htmx:afterSettle', ({ detail: { target } }) => {
  if (mode === null || desk.isOpening() || !['open', 'desk'].includes(target?.id)) return;
  typedAt = -TYPING;
  document.dispatchEvent(new CustomEvent('desk:compose', { detail: { mode } }));
  mode = null;
});
document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (!detail.successful) mode = null;
});

function act(name) {
  if (OWN.has(name)) return document.dispatchEvent(new CustomEvent('desk:key', { detail: { name } }));
  if (name === 'help') return help.showModal();
  if (name === 'reply' || name === 'note') return document.dispatchEvent(new CustomEvent('desk:compose', { detail: { mode: name } }));
  if (name === 'back') return back();
  const all = [...document.querySelectorAll(`[data-shortcut="${name}"]`)];
  const element = all.find((one) => one.checkVisibility?.() ?? one.offsetParent) ?? all[0];
  if (!element) return;
  const side = element.closest('.side');
  if (side && !element.offsetParent) {
    if (document.getElementById('open').classList.contains('is-side-closed')) document.querySelector('[data-side-toggle]').click();
    else location.hash = 'side';
  }
  if (element.matches('label')) element.control?.focus();
  else if (element.matches('select, input, textarea')) element.focus();
  else if (element.matches('summary')) {
    const details = element.parentElement;
    details.open = true;
    details.querySelector(':scope > :not(summary) :is(input, button):not([type=hidden])')?.focus();
  } else element.click();
}

function back() {
  if (location.hash === '#side') return history.back();
  const link = document.querySelector('.is-open .thread__back, [data-back]') ?? document.querySelector('#rows[data-search] .empty a');
  if (link) return link.click();
  const search = document.getElementById('search');
  if (search?.value) {
    search.value = '';
    search.form.requestSubmit();
  }
}
