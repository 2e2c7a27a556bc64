// Presence: this page says that its conversation is open and being written in, and shows who else is there in the thread; list.js
// shows it in the rows (`desk:presence`). Nobody has to say goodbye: who has not been heard of for a while is gone.

const { desk } = globalThis;
const { people: url } = document.getElementById('live').dataset;
const EVERY = 15_000; // ms between two signs of life
const GONE_AFTER = 28_000; // ms without one after which somebody is gone
const TYPING_FOR = 12_000; // ms for which somebody is shown as writing
const TELL_TYPING = 5_000; // ms between two signs of one who goes on typing

const inside = new Map(); // conversation → person → {name, state, at, typedAt}
const drafted = new Map(); // conversation → person → name
const personsOf = (map, id) => map.get(String(id)) ?? map.set(String(id), new Map()).get(String(id));
const rows = () => [...document.querySelectorAll('#listbox .row')];

// --- What this page says -------------------------------------------------------------------------

let said = ''; // where it was said last
let typed = ''; // the kind that was said to be typed, and when
let typedAt = 0;

function say(address, values = {}, more = {}) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '', ...values });
  // The next one follows; one without an answer does not keep a connection.
  fetch(address, { method: 'POST', body, headers: desk.headers, signal: AbortSignal.timeout(10_000), ...more }).catch(() => {});
}

function beat() {
  const address = document.hidden ? '' : (desk.pane()?.dataset.sign ?? '');
  if (said && said !== address) say(said, { state: 'gone' });
  if (said !== address) typed = '';
  said = address;
  if (address) say(address);
}

function leave() {
  if (said) say(said, { state: 'gone' }, { keepalive: true, signal: null });
  said = typed = '';
}

document.addEventListener('input', (event) => {
  const form = event.target.name === 'body' && event.target.closest('form[data-compose]');
  const address = desk.pane()?.dataset.sign;
  if (!form || !address || !event.isTrusted) return;
  const now = performance.now();
  if (!event.target.value.trim()) return stop();
  if (typed === form.dataset.compose && now - typedAt < TELL_TYPING) return;
  typed = form.dataset.compose;
  typedAt = now;
  said = address;
  say(address, { writes: typed });
});

function stop() {
  if (typed && said) say(said, { state: 'still' });
  typed = '';
}

document.addEventListener('desk:sending', stop);
document.addEventListener('visibilitychange', () => document.hidden || beat());
addEventListener('pagehide', leave);
addEventListener('pageshow', (event) => event.persisted && beat());
setInterval(beat, EVERY);

// --- What others say -----------------------------------------------------------------------------

let asked = new Set();
let asking = null;

function ask(ids) {
  for (const id of ids) asked.add(String(id));
  if (!asked.size || document.hidden) return;
  asking ??= setTimeout(fetchPeople, 150);
}

async function fetchPeople() {
  const ids = [...asked].slice(0, 200);
  asked = new Set([...asked].slice(200));
  asking = null;
  const answer = await desk.ask(`${url}?${ids.map((id) => `id=${id}`).join('&')}`, { signal: AbortSignal.timeout(20_000) });
  if (answer.problem || answer.status !== 200) return;
  const found = JSON.parse(answer.text);
  for (const id of ids) {
    inside.set(id, new Map((found[id]?.people ?? []).map(({ user, name, state }) => [user, entry(name, state)])));
    drafted.set(id, new Map((found[id]?.drafts ?? []).map(({ user, name }) => [user, name])));
  }
  show();
}

const entry = (name, state) => ({ name, writes: state === 'viewing' ? '' : state, at: performance.now(), typedAt: state === 'viewing' ? 0 : performance.now() });

document.addEventListener('desk:signal', ({ detail }) => {
  const { id, user, name, state, draft, version } = detail;
  if (String(user) === desk.me()) {
    // Another page of one's own has left what is open here.
    if (state === 'gone' && String(id) === desk.pane()?.dataset.id && said) beat();
    return;
  }
  if (draft) {
    if (version) personsOf(drafted, id).set(user, name);
    else if (String(id) === desk.pane()?.dataset.id || document.getElementById(`row-${id}`)) ask([id]);
    if (String(id) === desk.pane()?.dataset.id) renewDrafts();
  } else if (state === 'gone') personsOf(inside, id).delete(user);
  else {
    const old = personsOf(inside, id).get(user);
    const now = entry(name, state);
    // A page that only shows it says nothing of the typing in another one; one who has stopped says so by itself.
    if (state === 'viewing' && old?.writes && performance.now() - old.typedAt < TYPING_FOR && !detail.still) Object.assign(now, { writes: old.writes, typedAt: old.typedAt });
    personsOf(inside, id).set(user, now);
  }
  show();
});

function present(id) {
  const now = performance.now();
  const found = [];
  for (const [user, { name, writes, at, typedAt }] of inside.get(String(id)) ?? []) {
    if (now - at < GONE_AFTER) found.push({ user, name, state: writes && now - typedAt < TYPING_FOR ? writes : 'viewing' });
  }
  return found;
}

// --- Showing it ----------------------------------------------------------------------------------

const plain = (state) => (state === 'viewing' ? 'viewing' : 'typing');
let announced = '';

function sentence(place, state, names) {
  const many = names.length > 1 && place.dataset[`${state}Many`];
  return (many || place.dataset[state]).replace('{}', new Intl.ListFormat(document.documentElement.lang).format(names));
}

function show() {
  const place = document.getElementById('presence');
  const id = desk.pane()?.dataset.id;
  if (place && id) {
    const here = present(id);
    const parts = ['reply', 'note', 'viewing'].map((state) => [state, here.filter((one) => one.state === state).map((one) => one.name)]);
    const shown = parts.filter(([, names]) => names.length);
    const text = shown.map(([state, names]) => sentence(place, state, names)).join(' · ');
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
    place.classList.toggle('here--writes', here.some((one) => one.state === 'reply'));
    // Said aloud is only what matters to one who writes.
    const [, writers] = parts[0];
    const aloud = writers.length ? sentence(place, 'reply', writers) : '';
    if (aloud !== announced) document.getElementById('presence-said').textContent = aloud;
    announced = aloud;
  }
  const words = document.getElementById('presence-words');
  const one = (name, state) => ({ name, state, text: words.getAttribute(`data-text-${state}`).replace('{}', name) });
  const all = {};
  for (const row of rows()) {
    const here = present(row.dataset.id).map(({ name, state }) => one(name, plain(state)));
    const drafts = [...(drafted.get(row.dataset.id) ?? [])].filter(([user]) => !inside.get(row.dataset.id)?.get(user)?.writes);
    const found = [...here, ...drafts.map(([, name]) => one(name, 'draft'))];
    if (found.length) all[row.dataset.id] = found;
  }
  desk.announce('presence', all);
}

setInterval(show, 2000);

let renewing = null;

function renewDrafts() {
  renewing ??= setTimeout(async () => {
    renewing = null;
    const open = desk.pane();
    const page = open && (await desk.fragment(open.dataset.drafts, () => open === desk.pane()));
    const [old, fresh] = [document.getElementById('colleague-drafts'), page?.getElementById('colleague-drafts')];
    if (!old || !fresh) return;
    for (const part of old.querySelectorAll('details[open]')) fresh.querySelector(`#${part.id}`)?.setAttribute('open', '');
    const held = old.contains(document.activeElement) ? document.activeElement.closest('details')?.id : '';
    old.replaceWith(fresh);
    if (held) document.querySelector(`#${held} summary`)?.focus({ preventScroll: true });
  }, 300);
}

// --- Before two answer ---------------------------------------------------------------------------

const warned = new Map(); // form → the message ids and people of which its writer was told

// Why a reply should wait: nothing where its writer was told already, and presses again.
desk.collision = (form) => {
  const place = document.getElementById('presence');
  if (form.dataset.compose !== 'reply' || !place) return '';
  const writers = present(desk.pane().dataset.id).filter((one) => one.state === 'reply');
  const since = desk.began(form);
  const seen = form.elements.waiting?.value.split(' ') ?? [];
  const isNew = ({ dataset: { by, sent, message } }) => by && by !== desk.me() && !seen.includes(sent) && (!message || Number(message) > since);
  // What waits to be sent is a reply as well.
  const replied = [...document.querySelectorAll('#entries [data-kind=message][data-by], #outgoing :is(.later--sending, .later--scheduled)')].filter(isNew);
  const known = warned.get(desk.place(form)) ?? new Set();
  const news = [...writers.map((one) => `w${one.user}`), ...replied.map((one) => `m${one.dataset.sent}`)].filter((one) => !known.has(one));
  if (!news.length) {
    warned.delete(desk.place(form));
    return '';
  }
  warned.set(desk.place(form), new Set([...known, ...news]));
  if (replied.some((one) => news.includes(`m${one.dataset.sent}`))) return sentence(place, 'replied', [...new Set(replied.map((one) => one.dataset.writer ?? one.querySelector('header b').textContent))]);
  return sentence(place, 'collision', writers.map((one) => one.name));
};

// --- The page ------------------------------------------------------------------------------------

const look = () => ask([...rows().map((row) => row.dataset.id), ...(desk.pane() ? [desk.pane().dataset.id] : [])]);

document.addEventListener('htmx:afterSettle', (event) => {
  const id = event.detail.target?.id;
  if (['open', 'desk'].includes(id)) {
    beat();
    show();
  }
  if (['open', 'desk', 'rows', 'listbox'].includes(id)) look();
});
document.addEventListener('htmx:historyRestore', () => (beat(), look()));
document.addEventListener('desk:event', ({ detail }) => detail.type === 'resync' && look());
document.addEventListener('visibilitychange', () => document.hidden || look());
beat();
look();
