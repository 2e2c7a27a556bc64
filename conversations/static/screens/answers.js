// Answers of the server, and changes of a conversation. Every answer about a conversation names it; where another one is
// open by now, only its toasts are shown. No answer moves the focus, closes a menu, or changes text that someone is typing:
// it replaces parts that are not in use. The answer to a change has all that changed, so that nothing is fetched for its
// live event.

const { desk } = globalThis;

desk.pane = () => document.querySelector('#open.is-open');
desk.isOpen = (number) => desk.pane()?.dataset.number === String(number);
desk.announce = (name, detail) => document.dispatchEvent(new CustomEvent(`desk:${name}`, { detail }));
desk.say = (text, more = {}) => desk.announce('say', { text, ...more });

const words = (desk.words = document.getElementById('words').dataset); // in the language of the page
const ERROR_TEXTS = { 'signed-out': words.signedOut, redirected: words.redirected, ...words };
desk.errorText = (problem) => ERROR_TEXTS[problem] ?? words.failed;

// What is true of every other request of the page too.
const ENDS = new Set(['signed-out', 'not_a_member', 'second_factor']);
desk.ended = (problem) => ENDS.has(problem) && desk.announce('ended', { why: problem });

const isSignIn = (url) => new URL(url || location.href, location.href).pathname.startsWith('/accounts/login');

// Fetches, and never throws. `problem` is empty where the server's own message can be shown.
desk.ask = async (url, options) => {
  const answer = await asked(url, options);
  desk.ended(answer.problem);
  return answer;
};

async function asked(url, options = {}) {
  const nothing = { status: 0, text: '', number: '', askedAt: performance.now(), problem: 'offline' };
  try {
    const response = await fetch(url, { ...options, headers: { 'HX-Request': 'true', ...desk.headers, ...options.headers } });
    if (response.redirected) return { ...nothing, problem: isSignIn(response.url) ? 'signed-out' : 'redirected' };
    const isShown = response.ok || response.status === 409 || response.status === 422;
    return {
      ...nothing,
      status: response.status,
      text: await response.text(),
      number: response.headers.get('Desk-Conversation') ?? '',
      to: response.headers.get('HX-Redirect') ?? '',
      problem: isShown ? '' : response.headers.get('Desk-Problem') ?? String(response.status),
    };
  } catch {
    return nothing;
  }
}

// The URL with what is on screen: the list, of which the answer has the rows and counts, and the last entry of the thread.
desk.since = (url) => {
  const query = new URLSearchParams((document.getElementById('rows')?.dataset.list ?? url).split('?')[1]);
  const seen = document.getElementById('entries')?.dataset;
  if (seen) query.set('message', seen.message);
  if (seen) query.set('event', seen.event);
  return `${url.split('?')[0]}?${query}`;
};

desk.parse = (text) => new DOMParser().parseFromString(text, 'text/html');

// Shows an answer. Returns whether it was for the open conversation.
desk.take = (answer) => {
  const page = desk.parse(answer.text);
  for (const toast of page.querySelectorAll('[data-toast]')) document.getElementById('toasts').append(toast);
  desk.list(page, answer.askedAt);
  desk.announce('taken', { page });
  if (!desk.isOpen(answer.number)) return false;
  if (answer.to) location.assign(answer.to); // the change has taken the conversation out of the member's sight
  desk.announce('fresh', { page });
  return true;
};

// Updates the list from the answer to a request that was sent at `askedAt`.
desk.list = (page, askedAt) => {
  const part = page.querySelector('[data-listed]');
  if (!part) return;
  desk.cover(part);
  desk.announce('listed', { id: part.dataset.listed, part, askedAt });
};

// --- Parts of the open conversation --------------------------------------------------------------

const stale = new Set(); // parts that were in use when a newer version came

// A form whose change was refused holds typed text, which is copied into the part that replaces it.
function keepTyped(old, fresh) {
  for (const form of old.querySelectorAll('form[data-unsaved]')) {
    for (const field of [...form.elements].filter((one) => desk.isTyped(one) && !one.matches('[type=checkbox], [type=radio]'))) {
      const same = [...fresh.querySelectorAll(`[name="${field.name}"]`)].find((one) => one.form?.getAttribute('action') === form.getAttribute('action'));
      if (!same) continue;
      same.value = field.value;
      same.form.toggleAttribute('data-unsaved', true);
    }
  }
}

const isUsed = (part) =>
  part.querySelector('details[open], [aria-busy=true]') !== null ||
  (part.contains(document.activeElement) && document.activeElement.matches('input, textarea, select'));

// An answer that was overtaken by another one is older than what is shown.
const isOlder = (fresh, shown) => Number(fresh.dataset.at ?? 0) < Number(shown.dataset.at ?? 0);

desk.renew = (page) => {
  const number = desk.pane()?.dataset.number;
  const head = page.getElementById('head');
  const shown = document.getElementById('head');
  if (head && shown && isOlder(head, shown)) return;
  for (const id of ['head', 'aside', 'side', 'assistant', 'draft']) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (!fresh || !old) continue;
    if (isUsed(old) || desk.isChanging(number)) {
      stale.add(id);
      continue;
    }
    stale.delete(id);
    const held = old.contains(document.activeElement) ? document.activeElement.id : '';
    keepTyped(old, fresh);
    old.replaceWith(fresh);
    htmx.process(fresh);
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
  }
};

// It is no longer in use: now it may be replaced.
const finished = () => setTimeout(() => stale.size && !desk.isChanging(desk.pane()?.dataset.number) && ![...stale].some((id) => isUsed(document.getElementById(id) ?? document.head)) && desk.announce('stale'));
document.addEventListener('toggle', (event) => event.target.open === false && finished(), true);
document.addEventListener('focusout', (event) => event.target.closest?.('.thread, .side') && finished());

// --- Changes -------------------------------------------------------------------------------------

const turns = new Map(); // a conversation's changes go out one after the other, so that they are made in that order

desk.inTurn = (key, work) => {
  const next = (turns.get(key) ?? Promise.resolve()).then(work);
  turns.set(key, next);
  return next;
};

// --- One's own events ----------------------------------------------------------------------------

const PATIENCE = 5000; // ms that an event waits for an answer that may have it
const covered = new Set(); // ids of events whose changes answers have shown
const expected = new Set(); // changes whose answers are on their way

desk.cover = (part) => {
  for (const event of part.dataset.events.split(' ')) covered.add(Number(event));
};

desk.expect = (answer) => {
  const taken = answer.then(() => new Promise((done) => setTimeout(done))).finally(() => expected.delete(taken));
  expected.add(taken);
};

// Waits for the answers that are on their way, unless they take too long or what is waited for is there.
desk.settle = async (isThere = () => false) => {
  const isLate = new Promise((done) => setTimeout(done, PATIENCE, true));
  while (!isThere() && expected.size && !(await Promise.race([isLate, ...expected])));
};

// Whether an answer has shown the event's change already. The event may come first, and replaces an answer that is lost.
desk.isCovered = async (id) => {
  await desk.settle(() => covered.has(id));
  return covered.has(id);
};

const saving = new WeakMap(); // form → what of it is on its way
const busy = new WeakSet(); // buttons and forms whose change is on its way: pressed again, they do nothing

// The menu closes at once when something is chosen in it.
function leave(form) {
  const menu = form.closest('details[open]');
  if (!menu) return;
  const held = menu.contains(document.activeElement);
  menu.open = false;
  if (held) menu.querySelector('summary').focus({ preventScroll: true });
}

const pending = new Map(); // number → how many changes are on their way; what they change is shown already

// Whether answers that were asked for meanwhile may be older than what is shown.
desk.isChanging = (number) => pending.has(String(number));
const undoable = []; // the numbers of those changes that are no undoing themselves, in their order
desk.lastChanging = () => undoable.at(-1);

function count(number, by) {
  const left = (pending.get(number) ?? 0) + by;
  if (left > 0) pending.set(number, left);
  else pending.delete(number);
}

// A change is shown at once by those who listen to `desk:changing`; what they put into `undo` is called when it is refused or lost.
async function change(form, submitter, data = new FormData(form, submitter)) {
  const cause = submitter ?? form;
  const isAtOnce = form.dataset.change === 'at-once'; // the last choice counts, also while another is on its way
  if (busy.has(cause) && !isAtOnce) return;
  const body = new URLSearchParams(data);
  if (isAtOnce && saving.get(form) === String(body)) return;
  saving.set(form, String(body));
  busy.add(cause);
  const url = submitter?.getAttribute('formaction') ?? form.getAttribute('action');
  const number = /\/inbox\/(\d+)\//.exec(url)?.[1];
  const undo = [];
  leave(form);
  form.closest('[data-toast]')?.remove();
  form.setAttribute('aria-busy', 'true');
  const isDraft = form.dataset.change === 'draft'; // it may take long: nothing waits for it
  const ownTurn = isDraft || form.dataset.change === 'outbox'; // taking something back does not wait for what is being sent
  const isShown = number && !ownTurn;
  const verb = url.split('?')[0].split('/').at(-1);
  const isUndoable = isShown && verb !== 'undo';
  if (isShown) count(number, 1);
  if (isUndoable) undoable.push(number);
  if (isShown) desk.announce('changing', { form, submitter, data, number, undo, verb });
  const sent = desk.inTurn(ownTurn ? `${number} ${form.dataset.change}` : number, () => desk.ask(desk.since(url), { method: 'POST', body, keepalive: isAtOnce }));
  if (!isDraft) desk.expect(sent);
  const answer = await sent;
  form.removeAttribute('aria-busy');
  busy.delete(cause);
  if (saving.get(form) === String(body)) saving.delete(form);
  if (isShown) count(number, -1);
  if (isUndoable) undoable.splice(undoable.indexOf(number), 1);
  const isRefused = answer.problem !== '' || answer.status >= 400;
  if (isRefused) for (const revert of undo.reverse()) revert();
  const isAsSent = [...data].every(([name, value]) => (form.elements[name]?.value ?? value) === value);
  if (isRefused && isAtOnce && isAsSent) desk.unchoose(form); // shows what is kept, not what was chosen
  form.toggleAttribute('data-unsaved', isRefused && [...form.elements].some(desk.isTyped));
  if (answer.problem === 'signed-out' && !form.hasAttribute('data-unsaved')) return location.reload();
  desk.announce('answered', { form, data, isRefused, to: answer.to });
  if (answer.problem) {
    const lost = (desk.isOpen(number) ? desk.pane() : desk.rows?.of(number))?.dataset.id ?? '';
    const again = { act: words.again, then: () => change(form, submitter, isAtOnce ? data : undefined), lost };
    const mayRepeat = answer.problem === 'offline' && !form.hasAttribute('data-emptied'); // what it adds may be there already
    desk.say(desk.errorText(answer.problem), { bad: true, ...(mayRepeat ? again : {}) });
  } else desk.take(answer);
  if (!isShown || pending.has(number)) return;
  desk.announce('settled', { number });
  finished();
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.hasAttribute('data-change')) return;
  event.preventDefault();
  change(form, event.submitter);
});

// A choice is made at once, and what was typed is saved when its field is left. Keys step through a closed list: where they
// stop is chosen, not what they pass. A date that is typed is whole when its field is left.
const STEP = 700; // ms
const DATES = '[type=date], [type=datetime-local]';
let isStepping = false;
let stepped = null; // {form, timer}: the choice that they have stopped at

function choose() {
  const { form, timer } = stepped ?? {};
  clearTimeout(timer);
  stepped = null;
  form?.requestSubmit();
}

function left(field) {
  choose();
  const { form } = field;
  if (form?.dataset.change !== 'at-once' || !form.isConnected || field.matches('select, button') || !desk.isTyped(field)) return;
  const bad = [...form.elements].find((one) => one.validity?.badInput);
  if (bad) desk.say(bad.validationMessage, { bad: true });
  else form.requestSubmit();
}

document.addEventListener('keydown', ({ key, target }) => (isStepping = target.matches?.(`select, ${DATES}`) && (key.length === 1 || /^(Arrow|Page|Home|End|Backspace|Delete)/.test(key))), true);
document.addEventListener('pointerdown', () => (isStepping = false), true);
document.addEventListener('focusout', ({ target }) => left(target));
addEventListener('pagehide', () => left(document.activeElement ?? document.body));
document.addEventListener('change', ({ target }) => {
  const { form } = target;
  const isDate = target.matches(DATES);
  if (form?.dataset.change !== 'at-once' || !(isDate ? !isStepping : target.matches('select'))) return;
  if (stepped && stepped.form !== form) choose();
  clearTimeout(stepped?.timer);
  stepped = { form, timer: setTimeout(choose, STEP) };
  if (!isStepping && !isDate) choose();
});

// --- Moving on: the answers that htmx swaps in ---------------------------------------------------

const places = new Set(['open', 'desk']);
let opening = null; // the element whose page is on its way

desk.isOpening = () => opening?.isConnected ?? false;
desk.stay = () => desk.isOpening() && htmx.trigger('#desk', 'htmx:abort'); // where hx-sync keeps it

document.addEventListener('htmx:configRequest', ({ detail }) => Object.assign(detail.headers, desk.headers));
document.addEventListener('htmx:beforeRequest', ({ detail }) => {
  if (!places.has(detail.target?.id)) return;
  opening = detail.elt;
  opening.classList.add('is-opening');
});
document.addEventListener('htmx:afterRequest', ({ detail: { requestConfig } }) => {
  requestConfig.elt.classList.remove('is-opening');
  if (opening === requestConfig.elt) opening = null;
});
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  const number = detail.xhr.getResponseHeader('Desk-Conversation');
  if (number && !places.has(detail.target.id) && !desk.isOpen(number)) detail.shouldSwap = false;
});
document.addEventListener('htmx:beforeOnLoad', (event) => {
  // A session that has ended answers with the sign-in page: that belongs in the window, not in a fragment.
  if (!isSignIn(event.detail.xhr.responseURL)) return;
  event.preventDefault();
  location.reload();
});
document.addEventListener('htmx:responseError', ({ detail }) => {
  const problem = detail.xhr.getResponseHeader('Desk-Problem') ?? detail.xhr.status;
  desk.ended(problem);
  if (!desk.covers?.(detail)) desk.say(desk.errorText(problem), { bad: true });
});
document.addEventListener('htmx:sendError', ({ detail }) => desk.covers?.(detail) || desk.say(desk.errorText('offline'), { bad: true }));
