// A change of a conversation is shown when it is sent, in its header and in its row, and taken back when it is refused or
// lost (answers.js). What is written here is the browser's guess; the answer replaces it.

const { desk } = globalThis;
const place = () => document.getElementById('rows');
const clone = (node) => node?.cloneNode(true);

// Each way of changing the page, with what takes it back.
const put = (undo, node, ...nodes) => {
  if (!node) return;
  const was = [...node.childNodes];
  node.replaceChildren(...nodes);
  undo.push(() => node.replaceChildren(...was));
};
const set = (undo, node, name, value) => {
  if (!node) return;
  const was = node.getAttribute(name);
  node.setAttribute(name, value);
  undo.push(() => (was === null ? node.removeAttribute(name) : node.setAttribute(name, was)));
};

function chip(text, look = '') {
  const made = document.createElement('span');
  made.className = `chip ${look}`;
  made.append(Object.assign(document.createElement('bdi'), { textContent: text }));
  return made;
}

function meta(undo, row) {
  const shown = row.querySelector('.row__meta');
  if (shown) return shown;
  const made = Object.assign(document.createElement('span'), { className: 'row__meta' });
  row.append(made);
  undo.push(() => made.remove());
  return made;
}

// Chips of the row that match are replaced by these, or these come first.
function rechip(undo, row, match, chips) {
  if (!row) return;
  const line = meta(undo, row);
  const was = [...line.childNodes];
  const old = match ? [...line.querySelectorAll(match)] : [];
  const before = old[0] ?? (match === '.chip--tag' ? line.querySelector('.row__owner') : line.firstChild);
  for (const one of chips) line.insertBefore(one, before);
  for (const one of old) one.remove();
  undo.push(() => line.replaceChildren(...was));
}

const leaves = (undo, row) => row && undo.push(desk.rows.leave(row));

// --- What the verbs do ---------------------------------------------------------------------------

function pill(undo, status, text) {
  const shown = document.getElementById('summary-status');
  if (!shown) return;
  set(undo, shown, 'class', `pill status--${status}`);
  put(undo, shown.querySelector('span'), text);
}

function status({ data, submitter, undo }, row, isOpen) {
  const value = data.get('status');
  const isDone = value === 'resolved' || value === 'closed';
  const text = document.querySelector(`#menu-status [name=status][value="${value}"]`)?.textContent.trim() ?? submitter?.textContent.trim() ?? '';
  if (isOpen) {
    pill(undo, value, text);
    const done = document.getElementById('done');
    if (done && isDone !== (done.value === 'open')) {
      set(undo, done, 'value', isDone ? 'open' : 'resolved');
      set(undo, done, 'class', isDone ? 'btn' : 'btn btn--main');
      put(undo, done.querySelector('.btn__text'), done.dataset.other);
    }
  }
  const { statuses, search } = place().dataset;
  if (row && statuses && search === undefined && !statuses.split(' ').includes(value)) leaves(undo, row);
  else if (row) desk.rows.back(row.dataset.number);
  rechip(undo, row, '.chip--status', isDone ? [chip(text, 'chip--status')] : []);
}

function snooze({ data, submitter, undo }, row, isOpen) {
  const text = submitter?.querySelector('.menu__end')?.textContent ?? data.get('until')?.replace('T', ' ') ?? '';
  if (isOpen) pill(undo, 'snoozed', document.getElementById('summary-status')?.dataset.snoozed ?? '');
  if (!row) return;
  const { snoozed, statuses, search } = place().dataset;
  if (statuses && snoozed === undefined && search === undefined) leaves(undo, row);
  rechip(undo, row, '.chip--snoozed', text ? [chip(text, 'chip--snoozed')] : []);
}

function wake({ undo }, row, isOpen) {
  const pressed = document.querySelector('#menu-status [aria-current]');
  if (isOpen && pressed) pill(undo, pressed.value, pressed.textContent.trim());
  if (!row) return;
  rechip(undo, row, '.chip--snoozed', []);
  if (place().dataset.snoozed !== undefined && place().dataset.search === undefined) leaves(undo, row);
}

function assign({ data, submitter, undo }, row, isOpen) {
  const to = data.get('to');
  const team = data.get('team');
  const me = document.getElementById('assign-me');
  const { name } = me?.dataset ?? {};
  const text = to && to === me?.value && name ? name : submitter?.querySelector('span:not(.face, .menu__end)')?.textContent.trim() ?? '';
  const face = submitter?.querySelector('.face');
  const summary = document.getElementById('summary-assign');
  if (isOpen && summary) {
    put(undo, summary.querySelector('.btn__text'), to || team ? text : summary.dataset.none);
    const picture = summary.querySelector(':scope > .face, :scope > .icon');
    const fresh = clone(to ? face : submitter?.querySelector('.icon') ?? face);
    if (picture && fresh) {
      picture.replaceWith(fresh);
      undo.push(() => fresh.replaceWith(picture));
    }
  }
  if (!row) return;
  const owner = Object.assign(document.createElement('span'), { className: 'row__owner' });
  if (to && face) owner.append(clone(face));
  else if (team) Object.assign(owner, { className: 'chip row__owner', textContent: text });
  rechip(undo, row, '.row__owner', []);
  if (to || team) row.querySelector('.row__meta').append(owner);
  const { view, search } = place().dataset;
  const stays = search !== undefined || (view === 'mine' ? to && to === me?.value : view === 'unassigned' ? !to : true);
  if (!stays) leaves(undo, row);
}

function priority({ data, undo }, row) {
  const value = data.get('priority');
  const text = document.querySelector(`#priority [value="${CSS.escape(value)}"]`)?.textContent ?? value.charAt(0).toUpperCase() + value.slice(1);
  const look = { high: 'warn', urgent: 'bad' }[value];
  rechip(undo, row, '.chip--priority', look ? [chip(text, `chip--priority chip--${look}`)] : []);
}

function tags({ data, undo }, row, isOpen) {
  const line = data.get('tags');
  if (line.includes('"')) return; // the server reads it
  const names = [...new Set(line.split(',').map((one) => one.trim()).filter(Boolean))];
  const known = new Map([...document.querySelectorAll('.chip--tag')].map((one) => [one.textContent.trim(), one.className]));
  const made = names.map((one) => chip(one, (known.get(one) ?? 'chip--tag hue--260').replace('chip ', '')));
  const summary = isOpen && document.getElementById('summary-tags');
  if (summary) put(undo, summary, ...made.map(clone), clone(summary.querySelector('.tags__pen')));
  rechip(undo, row, '.chip--tag', made.slice(0, 2));
}

function undone({ number }) {
  desk.rows.back(number);
}

const spam = ({ undo }, row) => place().dataset.view !== 'spam' && leaves(undo, row);

function unread({ undo }, row) {
  if (!row) return;
  set(undo, row, 'class', row.className.replace(/ ?is-read/, ''));
}

// By the last part of the address that a change is sent to.
const VERBS = { status, snooze, wake, assign, priority, tags, undo: undone, spam, trash: spam, unread };
VERBS['not-spam'] = ({ undo }, row) => leaves(undo, row);

document.addEventListener('desk:changing', ({ detail }) => {
  if (!place()) return;
  VERBS[detail.verb]?.(detail, desk.rows.of(detail.number), desk.isOpen(detail.number));
});
