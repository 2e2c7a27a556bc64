// A field's listbox of suggestions (ARIA combobox): the field keeps the focus, arrows move through the options, Enter or Tab
// takes one, Escape closes it. Answers that come late, for what is not typed any more, are dropped.

const { desk } = globalThis;
const WAIT = 120; // ms after the last letter
// The word that is being typed, what follows it once it is taken, and what of the text behind the cursor it replaces. Of tags
// one that exists is chosen at once, so that Enter makes no new one by a slip.
const KINDS = {
  search: { last: /(?:^|\s)(-?(?:[a-z]+:)?(?:"[^"]*|[^\s"]*))$/i, after: ' ', rest: /^[^\s]*\s?/ },
  tags: { last: /(?:^|,)\s*("(?:[^"]|"")*|[^,]*)$/, after: ', ', rest: /^[^,]*,?\s*/, isTags: true },
};
const begun = new WeakSet();
let made = 0;

export function begin(field) {
  if (!begun.has(field)) attach(field);
}

function listOf(field) {
  const known = document.getElementById(field.getAttribute('aria-controls'));
  if (known) return known;
  const list = Object.assign(document.createElement('div'), { id: `suggestions-${(made += 1)}`, className: 'suggestions', hidden: true });
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', field.dataset.title);
  const said = Object.assign(document.createElement('span'), { id: `${list.id}-count`, className: 'sr' });
  said.setAttribute('role', 'status');
  field.after(list, said);
  for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', list.id]]) field.setAttribute(name, value);
  return list;
}

function attach(field) {
  const kind = KINDS[field.dataset.suggest];
  const list = listOf(field);
  const options = () => [...list.querySelectorAll('[role=option]')];
  let timer = 0;
  let asking = null; // the request that is on its way
  let chosen = -1;
  let wanted = false; // Enter was pressed while the suggestions were on their way

  begun.add(field);
  field.addEventListener('input', (event) => event.isComposing || later());
  field.addEventListener('compositionend', later);
  field.addEventListener('click', later);
  if (kind.isTags) field.addEventListener('focus', later);
  field.addEventListener('keydown', key);
  field.addEventListener('blur', () => setTimeout(close, 150));
  field.form.addEventListener('submit', close);
  list.addEventListener('pointerdown', (event) => {
    const option = event.target.closest('[role=option]');
    event.preventDefault(); // the field keeps the focus
    if (option) take(option);
  });
  if (!field.value || kind.isTags) later();

  function later() {
    stop();
    timer = setTimeout(ask, WAIT);
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    wanted = false;
    asking?.abort();
    asking = null;
  }

  const word = (typed) => kind.last.exec(typed)?.[1] ?? '';

  async function ask() {
    clearTimeout(timer);
    timer = 0;
    asking?.abort();
    if (document.activeElement !== field) return; // it was left, or sent, before it had to be asked
    const mine = (asking = new AbortController());
    const typed = field.value.slice(0, field.selectionStart);
    const answer = await desk.ask(`${field.dataset.suggestions}?q=${encodeURIComponent(kind.isTags ? word(typed) : typed)}`, { signal: mine.signal });
    if (mine !== asking) return;
    asking = null;
    if (answer.problem === 'signed-out') return location.reload(); // to sign in, and back
    if (document.activeElement !== field || typed !== field.value.slice(0, field.selectionStart)) return;
    const isWanted = wanted;
    if (answer.problem) close(); // the field works without suggestions
    else show(answer.text, typed);
    if (!isWanted) return;
    if (options()[chosen]) take(options()[chosen]);
    else submit();
  }

  function show(html, typed) {
    list.innerHTML = html;
    const now = word(typed);
    if (kind.isTags) {
      const others = `${typed.slice(0, typed.length - now.length)},${field.value.slice(typed.length).replace(/^[^,]*/, '')}`;
      const there = new Set(others.split(',').map((one) => desk.plain(one.trim())));
      for (const option of options()) if (there.has(desk.plain(option.dataset.value))) option.remove();
    }
    const all = options();
    if (all.length === 1 && all[0].dataset.value === now && !('new' in all[0].dataset)) return close(); // it is typed already
    choose(kind.isTags && now.trim() && all.length && all[0].dataset.value !== now && !('new' in all[0].dataset) ? 0 : -1);
    list.hidden = all.length === 0;
    field.setAttribute('aria-expanded', String(all.length > 0));
    document.getElementById(`${list.id}-count`).textContent = all.length ? field.dataset.some.replace('%s', all.length) : field.dataset.none;
  }

  function close() {
    stop();
    list.hidden = true;
    list.replaceChildren();
    choose(-1);
    field.setAttribute('aria-expanded', 'false');
  }

  function choose(index) {
    const all = options();
    chosen = index;
    all.forEach((option, n) => option.setAttribute('aria-selected', String(n === index)));
    if (all[index]) {
      field.setAttribute('aria-activedescendant', all[index].id);
      all[index].scrollIntoView({ block: 'nearest' });
    } else field.removeAttribute('aria-activedescendant');
  }

  function take(option) {
    const at = field.selectionStart;
    const before = field.value.slice(0, at);
    const isOpen = 'open' in option.dataset;
    const text = `${field.value.slice(0, at - word(before).length)}${option.dataset.value}${isOpen ? '' : kind.after}`;
    field.value = text + field.value.slice(at).replace(kind.rest, '');
    field.setSelectionRange(text.length, text.length);
    close();
    field.focus();
    if (isOpen) later();
    else field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  const submit = () => field.form.requestSubmit(field.closest('.menu__body')?.querySelector('[data-enter]'));

  function key(event) {
    if (event.isComposing) return;
    const all = options();
    if (event.key === 'Enter' && kind.isTags && (timer || asking) && word(field.value.slice(0, field.selectionStart)).trim()) {
      event.preventDefault();
      if (timer) ask();
      wanted = true;
      return;
    }
    if (list.hidden || !all.length) {
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
      event.stopPropagation(); // the first Escape closes the suggestions, the next what the field is in
      close();
    }
  }
}
