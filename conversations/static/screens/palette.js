// The palette: every command that can be done here, customers and conversations, found by typing. Its commands are the lines
// of the help dialog, or, for a row of the list, the forms that the server sent for it.

const { desk } = globalThis;
const help = document.getElementById('help');
const dialog = document.getElementById('palette');
const input = dialog.querySelector('[role=combobox]');
const list = dialog.querySelector('[role=listbox]');
const said = dialog.querySelector('[role=status]');
const about = dialog.querySelector('[data-about]');
const store = dialog.querySelector('[data-forms]');
const PAUSE = 150; // ms after the last letter until the server is asked
const MOST = 60;

let shown = []; // the options, in their order
let chosen = -1;
let menu = ''; // the commands of one menu alone
let returnTo = null; // what has the focus when the palette closes
let soon = 0;
let round = 0; // answers to earlier letters are dropped
let found = []; // what the server found
let macros = []; // what the composer can insert
let awaits = false; // the commands of a row are on their way
let opening = 0;
let asking = null; // the request for what was typed

// Opens it, or goes on where it `isBegun`. Where the commands of a row are on their way (`awaits`), what is done to a conversation
// is not offered before they are there: the function that is returned adds them.
export function open({ page = null, menu: only = '', focus = null, isBegun: goesOn = false, awaits: are = false } = {}) {
  if (goesOn && !dialog.open) return () => {}; // closed before it was ready
  const mine = ++opening;
  menu = only;
  returnTo = focus;
  found = [];
  macros = [];
  awaits = are;
  dialog.removeAttribute('data-begun');
  if (!goesOn) input.value = '';
  fill(page);
  if (!dialog.open) dialog.showModal();
  if (input.value) typedOn();
  if (hasEntered() && !awaits) shown[chosen]?.run();
  return (late) => {
    if (mine !== opening || !dialog.open) return;
    awaits = false;
    const isTomorrow = menu === 'snooze' && input.value === 'z'; // typed before the menu was here
    if (isTomorrow) input.value = '';
    if (input.value) chosen = -1; // the best of all of them
    fill(late);
    const command = menu && store.querySelector(`[data-command="${menu}"]`); // as where a snoozed one is to wake
    if (command && !store.querySelector(`[data-menu="${menu}"]`)) pressed(command);
    else if (isTomorrow) tomorrow();
    else if (hasEntered()) shown[chosen]?.run();
  };
}

const tomorrow = () => shown.find((one) => one.keys === 'z')?.run();

function fill(page) {
  store.replaceChildren(...(page ? [...page.body.children] : []));
  const title = store.querySelector('[data-title]')?.dataset.title ?? '';
  about.textContent = title;
  about.hidden = !title;
  input.placeholder = menu ? store.querySelector(`[data-menu="${menu}"]`)?.getAttribute('aria-label') ?? '' : input.dataset.placeholder;
  look();
}

// Presses a button of the forms that the server sent.
export function run(button) {
  store.replaceChildren(document.adoptNode(button.closest('form')));
  const form = store.firstElementChild;
  form.requestSubmit(button);
}

const isBegun = () => dialog.hasAttribute('data-begun');
const hasEntered = () => dialog.hasAttribute('data-entered');

dialog.addEventListener('close', () => {
  if (dialog.open) return; // opened again since
  round += 1;
  clearTimeout(soon);
  asking?.abort();
  if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
});
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close(); // beside it
});

// --- What there is -------------------------------------------------------------------------------

const plain = desk.plain;

function* ofRow() {
  for (const section of store.querySelectorAll(menu ? `[data-menu="${menu}"]` : 'section:not([hidden])')) {
    for (const button of section.querySelectorAll('button, a')) {
      const keys = button.querySelector('kbd')?.textContent ?? button.dataset.letter ?? '';
      const about = button.querySelector('.menu__end')?.textContent ?? '';
      const text = [...button.childNodes].filter((node) => !node.matches?.('kbd, .menu__end')).map((node) => node.textContent).join('').trim();
      yield { text, about, keys, group: section.getAttribute('aria-label'), run: () => pressed(button) };
    }
  }
}

// What is done next has the focus, from the moment on in which the dialog has gone.
function leave() {
  returnTo = null;
  dialog.close();
}

function pressed(button) {
  if (button.dataset.opens) return open({ page: { body: store.cloneNode(true) }, menu: button.dataset.opens, focus: returnTo });
  leave();
  if (button.href) location.assign(button.href);
  else run(button);
}

function* ofPage() {
  for (const section of help.querySelectorAll('section')) {
    const group = section.querySelector('h3').textContent;
    for (const line of section.querySelectorAll('[data-keys]')) {
      const name = line.dataset.keyName;
      if (['palette', 'open', 'next', 'previous'].includes(name) || ((store.childElementCount || awaits) && 'writes' in line.dataset && !/^new/.test(name))) continue;
      if (!isHere(name)) continue;
      const view = name.startsWith('saved-') && desk.holder(name).querySelector('span'); // goes by its own name
      yield { text: view ? words(view) : line.querySelector('dt').textContent, keys: line.querySelector('kbd')?.textContent ?? '', group, run: () => (leave(), desk.act(name)) };
    }
    if (!store.childElementCount && !awaits) yield* ofMenus(group);
  }
  for (const link of document.querySelectorAll('.rail a.rail__link:not([data-shortcut])')) {
    yield { text: link.getAttribute('aria-label'), keys: '', group: help.dataset.places, run: () => link.click() };
  }
}

// What the menus of the open conversation have beside what has a key.
function* ofMenus(group) {
  for (const box of document.querySelectorAll('[data-commands]')) {
    if (box.dataset.commands !== group) continue;
    for (const item of box.matches('a') ? [box] : box.querySelectorAll('.menu__item:not([data-shortcut], [aria-current])')) {
      yield { text: words(item), keys: '', group, run: () => (leave(), item.click()) };
    }
  }
}

const LIST_ONLY = new Set(['open-next', 'open-previous']);
const THREAD_ONLY = new Set(['reply', 'note', 'copy', 'done-next']);
function isHere(name) {
  if (name === 'help') return true;
  if (name === 'undo') return document.querySelector('#toasts [data-undo]') !== null;
  if (LIST_ONLY.has(name)) return document.querySelector('#listbox .row') !== null;
  const ticket = document.getElementById('ticket');
  if (name === 'note' && ticket) return ticket.querySelector('#note') !== null;
  if (THREAD_ONLY.has(name)) return name === 'copy' ? (desk.pane() ?? ticket) !== null : (name !== 'done-next' || !ticket) && desk.holder(name === 'done-next' ? 'done' : name) !== undefined;
  return desk.holder(name) !== undefined;
}

// Better the earlier and the more whole words match: 0 is best, null is no match.
function rank(name, words) {
  const text = plain(name);
  let sum = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return null;
    sum += at === 0 ? 0 : /[\s(“#-]/u.test(text[at - 1]) ? 1 : 5;
  }
  return sum;
}

const WEAK = 5; // the rank of what holds the words within its own

function look() {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  const all = menu ? [...ofRow()] : [...ofRow(), ...ofPage(), ...(words.length ? macros : [])];
  const ranked = all.map((one, at) => ({ ...one, rank: rank(one.text, words), at })).filter((one) => one.rank !== null);
  if (words.length) ranked.sort((one, other) => one.rank - other.rank || one.at - other.at);
  const weak = words.length ? ranked.findIndex((one) => one.rank >= WEAK) : -1;
  const first = weak < 0 ? ranked : ranked.slice(0, weak);
  show([...first, ...found, ...ranked.slice(first.length)].slice(0, MOST));
}

function show(items) {
  const held = shown[chosen]?.text;
  shown = items;
  let group = null;
  const nodes = [];
  items.forEach((one, at) => {
    if (one.group !== group) {
      group = one.group;
      const head = Object.assign(document.createElement('li'), { className: 'palette__group', textContent: group, role: 'presentation' });
      nodes.push(head);
    }
    const option = Object.assign(document.createElement('li'), { id: `palette-${at}`, className: 'palette__item', role: 'option' });
    option.dataset.at = at;
    option.append(Object.assign(document.createElement('span'), { textContent: one.text, dir: 'auto' }));
    if (one.about) option.append(Object.assign(document.createElement('small'), { textContent: one.about, dir: 'auto' }));
    if (one.keys) option.append(Object.assign(document.createElement('kbd'), { textContent: one.keys }));
    nodes.push(option);
  });
  list.replaceChildren(...nodes);
  const same = items.findIndex((one) => one.text === held);
  choose(input.value && same < 0 ? 0 : Math.max(same, 0));
  input.setAttribute('aria-expanded', String(items.length > 0));
  const isNone = !items.length && !(menu && awaits);
  said.textContent = isNone ? dialog.dataset.nothing : '';
  dialog.classList.toggle('is-empty', isNone);
}

function choose(at) {
  chosen = shown.length ? (at + shown.length) % shown.length : -1;
  for (const option of list.querySelectorAll('[role=option]')) {
    const is = Number(option.dataset.at) === chosen;
    option.setAttribute('aria-selected', String(is));
    if (is) option.scrollIntoView({ block: 'nearest' });
  }
  if (chosen >= 0) input.setAttribute('aria-activedescendant', `palette-${chosen}`);
  else input.removeAttribute('aria-activedescendant');
}

// --- Everything else that has a name ----------------------------------------------------------------

input.addEventListener('input', () => {
  dialog.removeAttribute('data-entered'); // more is typed: it is not chosen yet
  typedOn();
});

function typedOn() {
  if (isBegun()) return; // it is looked at then
  clearTimeout(soon);
  asking?.abort();
  const mine = ++round;
  const typed = input.value.trim();
  if (!typed || menu) found = [];
  look();
  if (typed && !menu && dialog.dataset.find) soon = setTimeout(() => ask(typed, mine), PAUSE);
}

async function ask(typed, mine) {
  const inserting = insertable(mine);
  asking = new AbortController();
  const answer = await desk.ask(`${dialog.dataset.find}?${new URLSearchParams({ q: typed })}`, { signal: asking.signal });
  if (mine !== round) return;
  if (answer.problem === 'signed-out') return location.reload(); // to sign in, and back
  if (answer.problem) return;
  const canInsert = await inserting;
  if (mine !== round) return;
  const page = desk.parse(answer.text);
  const own = canInsert ? ':not([data-kind=macro])' : '';
  found = [...page.querySelectorAll(`[data-kind]${own} a[href]`)].map((link) => ({
    text: words(link.querySelector('b')),
    about: words(link.querySelector('span')),
    keys: '',
    group: link.closest('[data-kind]').getAttribute('aria-label') ?? '',
    run: () => location.assign(link.href),
  }));
  look();
}

const words = (element) => element?.textContent.replace(/\s+/g, ' ').trim() ?? '';

// Whether there is a composer: then its macros are inserted there, as its own menu has them.
async function insertable(mine) {
  const box = desk.holder('macro')?.closest('.macros');
  if (!box) return false;
  const held = box.querySelector('.macros__list');
  if (!held.querySelector('[data-macro]')) {
    const answer = await desk.ask(box.getAttribute('hx-get'));
    if (answer.problem || mine !== round) return !answer.problem;
    if (!held.querySelector('[data-macro]')) held.innerHTML = answer.text;
  }
  macros = [...held.querySelectorAll('[data-macro]')].map((button) => ({
    text: words(button.querySelector('b')),
    about: words(button.querySelector('span')),
    keys: '',
    group: dialog.dataset.macros,
    run: () => {
      leave();
      button.click();
    },
  }));
  return true;
}

// --- Keys ----------------------------------------------------------------------------------------

input.addEventListener('keydown', (event) => {
  if (event.isComposing || (isBegun() && event.key !== 'Enter')) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? (event.ctrlKey && { n: 1, p: -1 }[event.key]);
  if (step) choose(chosen + step);
  else if (event.key === 'Enter' && (awaits || isBegun())) dialog.toggleAttribute('data-entered', true); // chosen once all of it is here
  else if (event.key === 'Enter') shown[chosen]?.run();
  else if (event.key === 'z' && menu === 'snooze' && !input.value && shown.length && !event.ctrlKey && !event.metaKey && !event.altKey) tomorrow(); // z z
  else return;
  event.preventDefault();
});
list.addEventListener('click', (event) => {
  const option = event.target.closest('[role=option]');
  if (option) shown[Number(option.dataset.at)]?.run();
});
list.addEventListener('mousemove', (event) => {
  const option = event.target.closest('[role=option]');
  if (option && Number(option.dataset.at) !== chosen) choose(Number(option.dataset.at));
});
