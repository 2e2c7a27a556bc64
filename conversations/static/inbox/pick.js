// What the composer offers while somebody types: macros after "/" or "::", colleagues and teams after "@" in notes,
// conversations after "#", emoji after ":". One list for all of them: the focus stays in the text, which names the option that
// Enter takes.

const { desk } = globalThis;
const MOST = 8;
const FORMS = 'form[data-compose]:not([data-new]), form[data-picks]'; // of the composer, and of a ticket's notes
const WAIT = 150; // ms after the last letter before the desk is asked
const composer = () => document.getElementById('composer');
const part = (name) => document.getElementById(`pick${name}`);

const EMOJI = `😀 grin|😄 smile happy|😂 joy laugh|🙂 slight_smile|😉 wink|😊 blush|😍 heart_eyes|🤔 thinking|😅 sweat|😎 cool|🥳 party|🤗 hug|😕 confused|😢 cry sad|😭 sob|😡 angry|😱 scream|👍 thumbsup yes|👎 thumbsdown no|👌 ok|👏 clap|🙏 pray thanks please|💪 strong muscle|👋 wave hello|🤝 handshake|✌️ peace|🤞 fingers_crossed|👀 eyes|❤️ heart|✨ sparkles|🎉 tada|🔥 fire|💡 bulb idea|✅ check done|❌ cross no|⚠️ warning|❓ question|❗ exclamation|💯 hundred|☀️ sun|🌧️ rain|☕ coffee|🍀 luck|🚀 rocket|🐛 bug|💻 computer|📱 phone|📷 photo|📦 package|💳 card|⏰ alarm`
  .split('|')
  .map((one) => one.split(/ (.*)/))
  .map(([text, names]) => ({ text, about: names, plain: names }));

// --- Where the choices come from: each gives items {text, about, insert or choose} ------------------

const FRESH = 60_000; // ms for which an answer is used again: macros and colleagues come and go
const kept = new Map(); // address → what it answered, and when

const shown = new WeakMap(); // list of macros → what it was filled with

async function ask(url) {
  const known = kept.get(url);
  if (known && performance.now() - known.at < FRESH) return known.text;
  const answer = await desk.ask(url, { signal: AbortSignal.timeout(20_000) });
  if (answer.problem === 'signed-out') location.reload(); // to sign in, and back: what is written is kept
  if (answer.problem || answer.status !== 200) throw new Error(answer.problem);
  for (const [key, { at }] of kept) if (performance.now() - at >= FRESH) kept.delete(key);
  kept.set(url, { text: answer.text, at: performance.now() });
  return answer.text;
}

async function macros(form) {
  const menu = form.querySelector('.macros');
  const list = menu.querySelector('.macros__list');
  const text = await ask(menu.getAttribute('hx-get'));
  if (!menu.open && shown.get(list) !== text) {
    shown.set(list, text);
    list.innerHTML = text;
  }
  return [...list.querySelectorAll('[data-macro]')].map((button) => ({
    text: button.querySelector('b').textContent,
    about: button.querySelector('span')?.textContent ?? '',
    insert: '',
    choose: () => button.click(), // as in the menu, whatever it does there
  }));
}

const people = async (form) => JSON.parse(await ask(form.dataset.mentions)).map(({ text, about }) => ({ text, about, insert: `@${text} ` }));

async function conversations(form, words) {
  const url = `${composer().dataset.links}?q=${encodeURIComponent(words)}`;
  return JSON.parse(await ask(url)).map(({ text, about, who }) => ({ text: `${text} ${about}`, about: who, insert: `${text} `, isFound: true }));
}

const emoji = async () => EMOJI.map((one) => ({ ...one, text: `${one.text} ${one.plain.split(' ')[0]}`, insert: `${one.text} ` }));

const KINDS = [
  { begins: /(?:^|\s)(\/|::)((?:[\p{L}\p{N}][^\n]{0,40})?)$/u, of: macros, isFor: (form) => form.querySelector('.macros') },
  { begins: /(?:^|[\s(])(@)((?:[^\s@][^\n@]{0,40})?)$/u, of: people, isFor: (form) => form.dataset.mentions },
  { begins: /(?:^|[\s(])(#)((?:[^\s#][^\n#]{0,40})?)$/u, of: conversations, isFor: composer, isAsked: true },
  { begins: /(?:^|\s)(:)([a-z_]{2,20})$/u, of: emoji },
];

// --- The list --------------------------------------------------------------------------------------

let open = null; // {box, form, start, end, kind, words, items, at, isLoading}
let dismissed = ''; // the beginning at which Escape closed it, or something was chosen: it stays closed until another begins
let wanted = false; // Enter was pressed while the choices were on their way
let latest = 0;

function close() {
  if (!open) return;
  const { box } = open;
  open = null;
  wanted = false;
  part('').hidden = true;
  if (!composer()) document.body.append(part('')); // its part of the page may be swapped
  part('-list').replaceChildren();
  part('-said').textContent = '';
  for (const name of ['aria-controls', 'aria-activedescendant', 'aria-autocomplete', 'aria-haspopup']) box.removeAttribute(name);
}

function begun(box) {
  const form = box.closest(FORMS);
  if (!form || box.selectionStart !== box.selectionEnd) return null;
  const end = box.selectionStart;
  const before = box.value.slice(Math.max(0, end - 60), end);
  const found = KINDS.filter((kind) => kind.isFor?.(form) ?? true)
    .map((kind) => [kind, kind.begins.exec(before)])
    .filter(([, match]) => match)
    .map(([kind, [, mark, words]]) => ({ box, form, kind, words, end, start: end - words.length - mark.length }));
  return found.sort((a, b) => b.start - a.start)[0] ?? null; // the one that was begun last
}

async function look(box) {
  const now = begun(box);
  const key = now && `${now.start} ${now.kind.begins}`;
  if (!now || key === dismissed) {
    if (!now) dismissed = '';
    return close();
  }
  dismissed = '';
  if (open && (open.kind !== now.kind || open.start !== now.start)) close();
  const mine = (latest += 1);
  open = { ...now, key, items: open?.items ?? [], at: 0, isLoading: true };
  const late = setTimeout(() => mine === latest && open?.isLoading && draw('loading'), 300);
  let items = [];
  let fault = '';
  try {
    if (now.kind.isAsked) await new Promise((done) => setTimeout(done, WAIT));
    if (mine !== latest) return;
    items = await now.kind.of(now.form, now.words);
  } catch {
    fault = 'failed';
  }
  clearTimeout(late);
  if (mine !== latest || !open) return;
  open.items = matching(items, now.words);
  open.isLoading = false;
  if (!open.items.length && !fault && /\s|^.{20}/.test(now.words)) return close(); // that was no beginning of a name
  draw(fault || (open.items.length ? '' : 'none'));
  if (wanted && open.items.length) choose(open.items[0]);
  wanted = false;
}

function matching(items, words) {
  const wantedWords = desk.plain(words).split(/\s+/).filter(Boolean);
  const rated = items.map((item) => ({ item, text: desk.plain(`${item.text} ${item.plain ?? ''}`), all: desk.plain(`${item.text} ${item.about}`) }));
  const found = rated.filter(({ item, all }) => item.isFound || wantedWords.every((word) => all.includes(word)));
  const first = ({ text }) => (wantedWords.every((word) => text.includes(word)) ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b)).slice(0, MOST).map(({ item }) => item);
}

function draw(state) {
  const { box, items } = open;
  const none = part('').querySelector('.pick__none');
  if (!composer()) box.after(part(''));
  part('').hidden = false;
  part('-list').hidden = !items.length || state !== '';
  none.hidden = state === '';
  none.textContent = none.dataset[state] ?? '';
  part('-list').replaceChildren(...(state ? [] : items.map(option)));
  box.setAttribute('aria-controls', 'pick-list');
  box.setAttribute('aria-autocomplete', 'list');
  box.setAttribute('aria-haspopup', 'listbox');
  mark();
  const said = part('-said').dataset;
  part('-said').textContent = state ? none.textContent : items.length === 1 ? said.one : said.many.replace('{}', items.length);
}

function option(item, index) {
  const shown = Object.assign(document.createElement('li'), { id: `pick-${index}`, className: 'pick__item' });
  shown.setAttribute('role', 'option');
  const name = Object.assign(document.createElement('b'), { textContent: item.text, dir: 'auto' });
  const about = Object.assign(document.createElement('span'), { textContent: item.about, dir: 'auto' });
  shown.append(name, about);
  return shown;
}

function mark() {
  for (const [index, shown] of [...part('-list').children].entries()) {
    shown.setAttribute('aria-selected', String(index === open.at));
    if (index === open.at) shown.scrollIntoView({ block: 'nearest' });
  }
  if (part('-list').children.length) open.box.setAttribute('aria-activedescendant', `pick-${open.at}`);
  else open.box.removeAttribute('aria-activedescendant');
}

function choose(item) {
  const { box, start, key } = open;
  const end = box.selectionStart;
  close();
  dismissed = key;
  box.focus({ preventScroll: true });
  box.setSelectionRange(start, end);
  if (item.insert) desk.insert(box, item.insert);
  else if (!document.execCommand('delete')) {
    box.setRangeText('', start, end, 'end');
    box.dispatchEvent(new Event('input', { bubbles: true }));
  }
  item.choose?.();
}

const isOffered = (box) => box.matches?.(':is(form[data-compose], form[data-picks]) textarea[name=body]');
document.addEventListener('input', (event) => isOffered(event.target) && !event.isComposing && look(event.target));
document.addEventListener('compositionend', (event) => isOffered(event.target) && look(event.target));
document.addEventListener('selectionchange', () => {
  const now = open && begun(open.box);
  if (open && (!now || now.start !== open.start)) close();
});
document.addEventListener('focusout', (event) => event.target === open?.box && close());
document.addEventListener('htmx:beforeSwap', close);

document.addEventListener('keydown', (event) => {
  if (!open || event.target !== open.box || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const isShown = !part('').hidden && part('-list').children.length > 0;
  const isTaken = ['Enter', 'Tab'].includes(event.key) && !event.shiftKey;
  if (event.key === 'Escape' && (isShown || !part('').hidden)) {
    dismissed = open.key;
    latest += 1;
    close();
  } else if (isTaken && isShown && !open.isLoading) choose(open.items[open.at]);
  else if (event.key === 'Enter' && isTaken && open.isLoading && open.words) wanted = true;
  else if (isShown && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    open.at = (open.at + (event.key === 'ArrowDown' ? 1 : -1) + open.items.length) % open.items.length;
    mark();
  } else {
    wanted = false;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener('mousedown', (event) => event.target.closest('#pick') && event.preventDefault());
document.addEventListener('click', (event) => {
  const shown = event.target.closest('.pick__item');
  if (shown && open) choose(open.items[Number(shown.id.slice(5))]);
});

if (document.activeElement?.matches('form[data-compose] textarea[name=body]')) look(document.activeElement);
