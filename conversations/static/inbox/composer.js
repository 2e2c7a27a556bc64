// The composer: drafts that outlive a page, the names of chosen files, macros, and sending from the keyboard.
// A draft is kept in this tab alone, per conversation and kind, until it is sent.

const key = (form) => `draft:${form.closest('[data-draft]').dataset.draft}:${form.dataset.compose}`;
const forms = (root) => root.querySelectorAll('form[data-compose]');

function restore() {
  for (const form of forms(document)) {
    const text = form.elements.body;
    const kept = sessionStorage.getItem(key(form));
    if (kept && !text.value) text.value = kept;
  }
}

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-compose]');
  if (!form || event.target.name !== 'body') return;
  if (event.target.value) sessionStorage.setItem(key(form), event.target.value);
  else sessionStorage.removeItem(key(form));
});

const body = (mode) => document.getElementById(`${mode}-body`);

document.addEventListener('change', (event) => {
  if (event.target.name === 'composer-mode') return body(event.target.value)?.focus();
  if (!event.target.matches('.attach input')) return;
  const names = [...event.target.files].map((file) => file.name);
  event.target.closest('form').querySelector('.composer__files').textContent = names.join(', ');
});

// Chosen with the keyboard's r or n, or with a click on the tab.
document.addEventListener('desk:compose', ({ detail: { mode } }) => {
  const tab = document.getElementById(`mode-${mode}`);
  if (!tab) return;
  tab.checked = true;
  body(mode).focus();
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing || event.target.matches('.macros__filter')) return;
  const form = event.target.closest?.('form[data-compose]');
  if (!form) return;
  event.preventDefault();
  const resolve = event.shiftKey && form.querySelector('[name=then]');
  form.requestSubmit(resolve || form.querySelector('.btn--main'));
});

// --- Drafts --------------------------------------------------------------------------------------

// The assistant's draft: Tab takes it into an empty reply, Esc turns it down; nothing is ever sent by itself.
const draft = () => document.querySelector('#draft[data-text]');

function use() {
  const text = body('reply');
  const drafted = draft().dataset.text;
  draft().remove();
  document.querySelector('[data-compose=reply] .banner')?.before(vacant()) ?? text.before(vacant());
  text.focus();
  put(text, drafted);
}

// By the browser's own insertion, where the caret is: Ctrl+Z takes it back, and what was typed stays.
function put(text, words) {
  if (document.execCommand('insertText', false, words)) return;
  text.setRangeText(words, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
}

function vacant() {
  const place = document.createElement('div');
  place.id = 'draft';
  place.hidden = true;
  return place;
}

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-draft-use]')) return;
  event.preventDefault();
  use();
});

document.addEventListener('keydown', (event) => {
  if (event.target.id !== 'reply-body' || event.target.value || !draft()) return;
  if (event.key === 'Tab' && !event.shiftKey) {
    event.preventDefault();
    use();
  } else if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    draft().querySelector('[data-draft-dismiss]').click();
  }
});

// --- Macros --------------------------------------------------------------------------------------

const macros = (menu) => [...menu.querySelectorAll('[data-macro]')];

function sift(menu) {
  const words = menu.querySelector('.macros__filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const macro of macros(menu)) {
    const text = macro.textContent.toLowerCase();
    macro.hidden = !words.every((word) => text.includes(word));
    if (!macro.hidden) found += 1;
  }
  menu.querySelector('[data-none]')?.toggleAttribute('hidden', found > 0);
}

function empty(menu) {
  menu.querySelector('.macros__filter').value = '';
  sift(menu);
}

async function insert(macro) {
  const menu = macro.closest('.macros');
  const text = menu.closest('form').elements.body;
  menu.open = false;
  text.focus({ preventScroll: true });
  const response = await fetch(macro.dataset.macro).catch(() => null);
  if (!response?.ok || response.redirected) {
    document.dispatchEvent(new CustomEvent('desk:say', { detail: { text: 'That macro cannot be fetched.', bad: true } }));
    return;
  }
  const body = await response.text();
  if (!text.isConnected) return;
  text.focus({ preventScroll: true });
  put(text, body);
}

document.addEventListener('input', (event) => event.target.matches('.macros__filter') && sift(event.target.closest('.macros')));
document.addEventListener('htmx:afterSwap', (event) => event.detail.target?.matches?.('.macros__list') && sift(event.detail.target.closest('.macros')));
document.addEventListener('click', (event) => {
  const macro = event.target.closest('[data-macro]');
  if (macro) insert(macro);
});
document.addEventListener('keydown', (event) => {
  if (event.isComposing || !event.target.matches?.('.macros__filter')) return;
  const menu = event.target.closest('.macros');
  if (event.key === 'Escape') empty(menu);
  if (event.key !== 'Enter') return;
  event.preventDefault();
  const first = macros(menu).find((macro) => !macro.hidden);
  if (first) insert(first);
});
document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('.macros')) return;
  const filter = event.target.querySelector('.macros__filter');
  // This is told late: someone may be typing or choosing already.
  if (event.target.open) return void (filter.parentElement.contains(document.activeElement) || filter.focus());
  empty(event.target);
}, true);

// --- Sending -------------------------------------------------------------------------------------

let wasSent = false;
let wasDrafted = false;

document.addEventListener('htmx:beforeSwap', (event) => {
  const form = event.detail.requestConfig?.elt;
  wasDrafted = form?.id === 'draft-form';
  if (!form?.matches?.('form[data-compose]') || event.detail.xhr.status !== 200) return;
  sessionStorage.removeItem(key(form));
  wasSent = true;
});

document.addEventListener('htmx:afterSettle', () => {
  restore();
  if (wasSent) body(document.querySelector('[name=composer-mode]:checked')?.value)?.focus({ preventScroll: true });
  wasSent = false;
  if (wasDrafted) show();
  wasDrafted = false;
});

// A draft has come or gone: the reply is in view and has the focus, so that Tab and Esc mean the draft. Not on a touch
// screen, whose keyboard would cover it.
function show() {
  document.getElementById('mode-reply').checked = true;
  if (matchMedia('(pointer: fine)').matches) body('reply').focus({ preventScroll: true });
}

restore();
