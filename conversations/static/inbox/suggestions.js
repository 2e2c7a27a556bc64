// The search's listbox of suggestions (ARIA combobox): the field keeps the focus, arrows move through the options, Enter or Tab
// takes one, Escape closes it. Answers that come late, for what is not typed any more, are dropped.

const { desk } = globalThis;
const WAIT = 120; // ms after the last letter
const LAST = /(?:^|\s)(-?(?:[a-z]+:)?(?:"[^"]*|[^\s"]*))$/i; // the word that is being typed

const list = () => document.getElementById('suggestions');
const options = () => [...list().querySelectorAll('[role=option]')];
let field = null;
let timer = 0;
let asking = null; // the request that is on its way
let chosen = -1;

export function begin(input) {
  if (field === input) return;
  field = input;
  input.addEventListener('input', (event) => event.isComposing || later());
  input.addEventListener('compositionend', later);
  input.addEventListener('click', later);
  input.addEventListener('keydown', key);
  input.addEventListener('blur', () => setTimeout(close, 150));
  input.form.addEventListener('submit', close);
  list().addEventListener('pointerdown', (event) => {
    const option = event.target.closest('[role=option]');
    event.preventDefault(); // the field keeps the focus
    if (option) take(option);
  });
  if (!input.value) later();
}

function later() {
  stop();
  timer = setTimeout(ask, WAIT);
}

function stop() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
}

async function ask() {
  stop();
  const mine = (asking = new AbortController());
  const typed = field.value.slice(0, field.selectionStart);
  const answer = await desk.ask(`${field.dataset.suggestions}?q=${encodeURIComponent(typed)}`, { signal: mine.signal });
  if (mine !== asking) return;
  if (answer.problem === 'signed-out') return location.reload(); // to sign in, and back
  if (document.activeElement !== field || typed !== field.value.slice(0, field.selectionStart)) return;
  if (answer.problem) close(); // searching works without suggestions
  else show(answer.text, typed);
}

function show(html, typed) {
  list().innerHTML = html;
  const word = LAST.exec(typed)?.[1] ?? '';
  const all = options();
  if (all.length === 1 && all[0].dataset.value === word) return close(); // it is typed already
  choose(-1);
  list().hidden = all.length === 0;
  field.setAttribute('aria-expanded', String(all.length > 0));
  document.getElementById('suggestions-count').textContent = all.length ? field.dataset.some.replace('%s', all.length) : field.dataset.none;
}

function close() {
  stop();
  if (!list()) return;
  list().hidden = true;
  list().replaceChildren();
  choose(-1);
  field?.setAttribute('aria-expanded', 'false');
}

function choose(index) {
  const all = options();
  chosen = index;
  all.forEach((option, n) => option.setAttribute('aria-selected', String(n === index)));
  if (all[index]) {
    field.setAttribute('aria-activedescendant', all[index].id);
    all[index].scrollIntoView({ block: 'nearest' });
  } else field?.removeAttribute('aria-activedescendant');
}

function take(option) {
  const at = field.selectionStart;
  const before = field.value.slice(0, at);
  const start = at - (LAST.exec(before)?.[1].length ?? 0);
  const isOpen = 'open' in option.dataset;
  const made = `${field.value.slice(0, start)}${option.dataset.value}${isOpen ? '' : ' '}`;
  field.value = made + field.value.slice(at).replace(/^[^\s]*\s?/, '');
  field.setSelectionRange(made.length, made.length);
  close();
  field.focus();
  if (isOpen) later();
  else field.dispatchEvent(new Event('input', { bubbles: true }));
}

function key(event) {
  if (event.isComposing) return;
  const all = options();
  if (list().hidden || !all.length) {
    if (event.key !== 'ArrowDown' || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    return void ask(); // opens it again, as a combobox does
  }
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    const step = event.key === 'ArrowDown' ? 1 : -1;
    choose(chosen < 0 && step < 0 ? all.length - 1 : (chosen + step + all.length) % all.length);
  } else if ((event.key === 'Enter' || event.key === 'Tab') && all[chosen]) {
    event.preventDefault();
    take(all[chosen]);
  } else if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation(); // the first Escape closes the suggestions, the next clears the search
    close();
  }
}
