// The keyboard. The table is the help dialog itself: each line carries its keys and the name of what it does. A name
// clicks, opens or focuses the element that carries it as data-shortcut; moving through the list is list.js's own. What
// changes a conversation is done to the row that has the focus, else to the open conversation.

const { desk } = globalThis;
const help = document.getElementById('help');
const table = new Map();
const WRITES = new Set(); // what changes a conversation
for (const line of help.querySelectorAll('[data-keys]')) {
  for (const keys of line.dataset.keys.split('|')) if (keys) table.set(keys, line.dataset.keyName);
  if ('writes' in line.dataset) WRITES.add(line.dataset.keyName);
}
const OWN = new Set(['next', 'previous', 'open', 'open-next', 'open-previous', 'select', 'select-range', 'select-all']);
// Shortcuts after which people type: until the field is open, their letters must not count as keys.
const TYPED_AFTER = new Set(['reply', 'note', 'macro', 'assign', 'snooze', 'priority', 'tags']);
const NEW = new Set(['new', 'new-ticket']); // of no row
const COMPOSE = new Set(['reply', 'note']);
const MENUS = new Set(['assign', 'snooze', 'priority', 'tags']); // of a row: the palette has them
const SEQUENCE = 1200; // ms between two keys that belong together
const TYPING = 1000; // ms between two letters of such a text

let first = null;
let since = 0;
let typedAt = -TYPING; // when the last of such letters was typed
let meant = null; // a shortcut whose conversation is on its way, and what was typed after it: { name, typed }

const isTyping = (element) => element.isContentEditable || element.matches?.('textarea, select, input:not([type=radio], [type=checkbox], [type=button])');
const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

// What the table calls a key. Where the keyboard writes another script, the letter at the same place of the keyboard counts.
function named(event) {
  let { key } = event;
  if (/^[^\p{ASCII}]$/u.test(key) && !table.has(key)) {
    const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(event.code) ?? [];
    key = letter ? letter.toLowerCase() : digit ?? key;
  }
  // Shift decides, whatever caps lock says.
  return /^[a-z]$/i.test(key) ? (event.shiftKey ? key.toUpperCase() : key.toLowerCase()) : key;
}

// Ctrl, ⌘ or Alt belong to the browser, unless they are how a keyboard writes a sign: AltGr, or ⌥ on a Mac.
const isHeld = (event) => {
  if (event.getModifierState('AltGraph')) return false;
  if (event.altKey && isMac && !event.ctrlKey && !event.metaKey) return !/^[\p{P}\p{S}]$/u.test(event.key);
  return event.ctrlKey || event.metaKey || event.altKey;
};

const isCommand = (event, letter) => (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && (event.key.toLowerCase() === letter || (event.code === `Key${letter.toUpperCase()}` && !/^[a-z]$/i.test(event.key)));

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const target = event.target;
  if (isCommand(event, 'k')) {
    event.preventDefault();
    if (!event.repeat) palette();
    return;
  }
  if (isCommand(event, 'z') && (!isTyping(target) || isJustSent(target))) return undo(event);
  if (isHeld(event)) return;
  if (isTyping(target)) {
    if (event.key === 'Escape') {
      target.blur();
      document.getElementById('subject')?.focus({ preventScroll: true });
    }
    return;
  }
  if (help.dataset.shortcuts !== 'on' || desk.isCaptured(target)) return void (first = null);
  if (meant && holds(event)) return;
  // Arrows move rows where the list has the focus, and scroll everywhere else; Enter belongs to what has the focus.
  if (event.key.startsWith('Arrow') && !target.closest('#rows, #tickets [data-row]')) return;
  if (event.key === 'Enter' && target !== document.body) return; // a row is a link: it opens by itself
  if (/^[\p{L}\p{N}]$/u.test(event.key) && Date.now() - typedAt < TYPING) {
    typedAt = Date.now();
    return event.preventDefault();
  }
  const key = named(event);
  const pair = first && Date.now() - since < SEQUENCE ? `${first} ${key}` : null;
  const name = table.get(pair ?? key);
  first = !name && [...table.keys()].some((keys) => keys.startsWith(`${key} `)) ? key : null;
  since = Date.now();
  if (!name) return;
  event.preventDefault();
  if (event.repeat && !OWN.has(name)) return; // held down: it is meant once
  if (isWorking && (queue.length || !OWN.has(name))) queue.push({ name, key: event.key });
  else perform(name);
});

// What a row is asked to do is known to the server: keys that are pressed meanwhile follow in their order.
const queue = [];
let isWorking = false;

async function perform(name) {
  const writes = WRITES.has(name) && !OWN.has(name);
  const row = focusedRow();
  // Another conversation is on its way: this one is not meant any more, and it is done once that one is here.
  if (writes && desk.isOpening() && (!row || row.matches('.is-opening'))) return later(name);
  // While rows are selected, keys act on all of them, as far as the bar has their buttons.
  if (!row || !writes || NEW.has(name) || inBar(name)) {
    if (COMPOSE.has(name) && !document.getElementById('composer')) typedAt = Date.now();
    return act(name);
  }
  isWorking = true;
  await onRow(name, row).finally(() => (isWorking = false));
  while (queue.length && !isWorking) {
    const next = queue.shift();
    if (desk.isCaptured(document.activeElement)) type(next.key);
    else perform(next.name);
  }
}

function later(name) {
  meant = { name, typed: '' };
  if (TYPED_AFTER.has(name)) typedAt = Date.now();
}

// What is typed after a shortcut that people type after is kept until its field is there, however long that takes.
function holds(event) {
  const { key } = event;
  if (!TYPED_AFTER.has(meant.name)) return false;
  const letters = [...meant.typed];
  if (key === 'Escape') meant = null;
  else if (key === 'Backspace') meant.typed = letters.slice(0, -1).join('');
  else if (key === 'Enter' && COMPOSE.has(meant.name)) meant.typed += '\n';
  else if ([...key].length === 1) meant.typed += key;
  else return false;
  typedAt = Date.now();
  event.preventDefault();
  return true;
}

document.addEventListener('htmx:afterSettle', ({ detail: { target } }) => {
  if (meant === null || desk.isOpening() || !['open', 'desk'].includes(target?.id)) return;
  const { name, typed } = meant;
  meant = null;
  typedAt = -TYPING;
  act(name);
  type(typed);
});

document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (!detail.successful) meant = null;
});

// Types into the field or the menu that has just been opened.
function type(text) {
  if (!text) return;
  document.querySelector('details.menu[open] input[type=search]')?.focus();
  const field = document.activeElement;
  if (isTyping(field)) return document.execCommand('insertText', false, text);
  if (!desk.isCaptured(field)) return; // nothing has opened
  for (const key of text) field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}

const shownAt = new WeakMap(); // when the toast of a change came
let sentAt = 0; // when the newest reply was sent, and whether nothing was typed since
let isEmptied = false;
let takenBack = ''; // a reply that is on its way, and is taken back as soon as it waits

document.addEventListener('desk:taken', () => {
  for (const one of document.querySelectorAll('#toasts [data-undo]')) if (!shownAt.has(one)) shownAt.set(one, performance.now());
});
document.addEventListener('desk:sending', () => {
  sentAt = performance.now();
  isEmptied = true;
});
document.addEventListener('input', ({ isTrusted }) => isTrusted && (isEmptied = false));
const isJustSent = (field) => isEmptied && field.value === '' && field.closest('form[data-compose]') !== null;

const undoOf = (id) => document.querySelector(`#later-${id}.later--sending button`);
document.addEventListener('desk:sent', ({ detail: { id } }) => {
  if (id !== takenBack) return;
  takenBack = '';
  undoOf(id)?.click();
});

// The newest of one's own replies that can be taken back, unless a change was made since.
function newestReply(toasts) {
  if (toasts.length && (shownAt.get(toasts.at(-1)) ?? 0) > sentAt) return null;
  const id = desk.sendingReply?.() ?? [...document.querySelectorAll('#outgoing .later--sending')].filter(({ dataset: { by } }) => by === desk.me()).at(-1)?.dataset.sent;
  return id && { id, button: undoOf(id) };
}

// The newest change that can be undone. One that is on its way is the newest: its Undo comes with its answer.
function undo(event) {
  const all = () => [...document.querySelectorAll('#toasts [data-undo]')];
  const [known, number] = [all(), desk.lastChanging()];
  const reply = number ? null : newestReply(known);
  if (!known.length && !number && !reply) return;
  event.preventDefault();
  if (event.repeat) return;
  if (reply?.button) return reply.button.click();
  if (reply) return void (takenBack = reply.id);
  if (!number) return known.at(-1).click();
  document.addEventListener('desk:settled', function settled({ detail }) {
    if (detail.number !== number) return;
    document.removeEventListener('desk:settled', settled);
    all().filter((one) => !known.includes(one) && one.form.action.includes(`/inbox/${number}/`)).at(-1)?.click();
  });
}

function act(name) {
  if (OWN.has(name)) return document.dispatchEvent(new CustomEvent('desk:key', { detail: { name } }));
  if (name === 'help') return showHelp();
  if (name === 'palette') return palette();
  if (COMPOSE.has(name)) return document.dispatchEvent(new CustomEvent('desk:compose', { detail: { mode: name } }));
  if (name === 'back') return back();
  if (name === 'copy') return copy();
  if (name === 'done-next') return doneNext();
  const element = holder(name);
  if (!element) return;
  const side = element.closest('.side');
  if (side && !element.offsetParent) {
    if (document.getElementById('open').classList.contains('is-side-closed')) document.querySelector('[data-side-toggle]').click();
    else location.hash = 'side';
  }
  if (element.matches('label')) element.control?.focus();
  else if (element.matches('select, input, textarea')) choose(element);
  else if (element.matches('summary')) {
    const details = element.parentElement;
    details.open = true;
    details.querySelector(':scope > :not(summary) :is(input, button, textarea):not([type=hidden])')?.focus();
  } else element.click();
}

// A closed list takes each letter and arrow for a choice: it opens, where browsers let it.
function choose(field) {
  field.focus();
  try {
    if (field.matches('select')) field.showPicker();
  } catch {} // it has the focus
}

// What a selection's bar, which is in the page while there is one, does with all that is selected.
const inBar = (name) => document.querySelector(`#bulk [data-shortcut="${name}"]`);

// The element that a shortcut clicks or focuses: the bar's, else one that is shown, if there is one.
function holder(name) {
  const own = inBar(name);
  if (own) return own;
  const all = [...document.querySelectorAll(`[data-shortcut="${name}"]`)];
  return all.find((one) => one.checkVisibility?.() ?? one.offsetParent) ?? all[0];
}

// Without the keys of saved views that do not exist; the others go by their names.
function showHelp() {
  for (const line of help.querySelectorAll('[data-key-name^="saved-"]')) {
    const view = holder(line.dataset.keyName);
    line.hidden = !view;
    line.querySelector('dt').textContent = view?.querySelector('span')?.textContent ?? '';
  }
  help.showModal();
}

desk.act = act;
desk.holder = holder;

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

const wordsOf = (name) => help.dataset[name];

let copied = { number: '', at: 0, times: 0 };

// The number; pressed again, the number with the subject, and then the address.
async function copy() {
  const row = focusedRow();
  const number = row ? numberOf(row) : desk.pane()?.dataset.number ?? /\/tickets\/(\d+)$/.exec(location.pathname)?.[1];
  if (!number) return;
  const isAgain = copied.number === number && Date.now() - copied.at < SEQUENCE;
  copied = { number, at: Date.now(), times: isAgain ? copied.times + 1 : 0 };
  const subject = (row?.querySelector('.row__text b') ?? (row ? null : document.getElementById('subject')))?.textContent.trim() ?? '';
  const path = new URL(row ? hrefOf(row) : location.href).pathname;
  const text = [`#${number}`, `#${number} ${subject}`.trim(), location.origin + path][copied.times % 3];
  await navigator.clipboard?.writeText(text).then(() => desk.say(wordsOf('copied').replace('%s', text)), () => desk.say(wordsOf('notCopied').replace('%s', text), { bad: true }));
}

// --- The row that has the focus ------------------------------------------------------------------

const hrefOf = (row) => row.href ?? row.querySelector('a')?.href ?? '';
const numberOf = (row) => /\/(?:inbox|tickets)\/(\d+)/.exec(hrefOf(row))?.[1];
const isTicket = (row) => row.matches('#tickets *');

// The focused row, unless its conversation is the open one; a ticket is open on a page of its own.
function focusedRow() {
  const row = document.activeElement?.closest?.('#listbox .row, #tickets [data-row]');
  if (!row || isTicket(row)) return row ?? null;
  return !row.classList.contains('is-gone') && row.dataset.id !== desk.pane()?.dataset.id ? row : null;
}

function doneNext() {
  const rows = [...document.querySelectorAll('#listbox .row:not(.is-gone)')];
  const at = rows.findIndex((row) => row.dataset.id === desk.pane()?.dataset.id);
  const next = rows[at + 1] ?? rows[at - 1];
  const done = holder('done');
  if (done?.value === 'resolved') done.click();
  (next ?? document.querySelector('.thread__back'))?.click();
}

// What can be done to a conversation that is not open: asked for when its row gets the focus, so that a key finds it there.
const KEPT = 12;
const commands = new Map(); // number → the page that was asked for

function commandsOf(row) {
  const number = numberOf(row);
  const known = commands.get(number);
  if (known) return known;
  const url = isTicket(row) ? new URL(hrefOf(row)).pathname : `${document.getElementById('desk')?.dataset.inbox}/${number}`;
  const asked = desk.ask(desk.since(`${url}/commands`)).then((answer) => {
    if (answer.problem) commands.delete(number);
    return answer;
  });
  commands.set(number, asked);
  if (commands.size > KEPT) commands.delete(commands.keys().next().value);
  return asked;
}
const forget = ({ detail }) => detail.type === 'resync' || detail.subject === 'ticket' ? commands.clear() : commands.delete(document.getElementById(`row-${detail.id}`) ? numberOf(document.getElementById(`row-${detail.id}`)) : '');
document.addEventListener('desk:event', forget);
document.addEventListener('desk:listed', forget);
document.addEventListener('desk:taken', ({ detail: { page } }) => page.getElementById('ticket') && commands.clear());

let soon = 0;
document.addEventListener('focusin', () => {
  clearTimeout(soon);
  const row = focusedRow();
  if (row && WRITES.size && help.dataset.shortcuts === 'on') soon = setTimeout(() => commandsOf(row), 150);
});

// What needs the conversation itself opens it first.
function openFor(name, row) {
  later(name);
  row.click();
}

async function onRow(name, row) {
  const number = numberOf(row);
  if (name === 'note' && isTicket(row)) return location.assign(`${hrefOf(row)}#note`);
  if (!isTicket(row) && (COMPOSE.has(name) || name === 'macro' || name === 'suggest')) return openFor(name, row);
  if (MENUS.has(name)) return void palette(name);
  const answer = await commandsOf(row);
  commands.delete(number);
  if (answer.problem) return desk.say(desk.errorText(answer.problem), { bad: true });
  const { run } = await import(help.dataset.palette);
  const page = desk.parse(answer.text);
  const wanted = name === 'done-next' ? 'done' : name;
  const button = page.querySelector(`[data-command="${wanted}"]`);
  if (name === 'done-next' && button?.value !== 'resolved') return act('next');
  if (button) run(button);
  else if (desk.rows?.of(number)) return openFor(name, desk.rows.of(number)); // the row may have been renewed meanwhile
  if (button && name === 'done-next' && document.activeElement === row) act('next');
}

// --- The palette ---------------------------------------------------------------------------------

// With all commands, or with one menu of the row that has the focus.
async function palette(menu = '') {
  const dialog = document.getElementById('palette');
  if (dialog.open) return dialog.close();
  const [focus, row] = [document.activeElement, focusedRow()];
  dialog.querySelector('[role=combobox]').value = '';
  dialog.toggleAttribute('data-begun', true); // until it knows what it is opened for
  dialog.removeAttribute('data-entered');
  dialog.showModal(); // at once: what is typed on belongs to it
  try {
    const { open } = await import(help.dataset.palette);
    const add = open({ menu, focus, isBegun: true, awaits: row !== null });
    const answer = row ? await commandsOf(row) : null;
    if (answer?.problem && menu) throw answer;
    add(answer && !answer.problem ? desk.parse(answer.text) : null);
  } catch ({ problem = 'offline' }) {
    dialog.close();
    desk.say(desk.errorText(problem), { bad: true });
  }
}
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-palette-open]')) palette();
});
