// Sending: the form's content at that moment, once. The box is cleared at once, the text is shown below the thread until it is
// part of it, and what could not be sent returns to its box, or stays in view.

const { desk } = globalThis;
const words = document.getElementById('inbox-words').dataset;
const items = new Map(); // id → what is on its way, or came back

const isOn = (item) => item.state === 'sending';
const isBusy = (desk.isBusy = (place) => [...items.values()].some((item) => item.place === place && isOn(item)));
desk.sendingReply = () => [...items.values()].filter((item) => isOn(item) && item.place.endsWith(':reply')).at(-1)?.id;

function keep(item) {
  items.set(item.id, item);
  const { id, place, url, then, later, laterAt, text, names, along } = item;
  const files = item.files.filter((one) => one.done).map((one) => ({ id: one.id, name: one.name, size: one.size, done: true }));
  desk.store(`sending:${id}`, JSON.stringify({ id, place, url, then, later, laterAt, text, names, along, files }));
}

function drop(item) {
  items.delete(item.id);
  desk.store(`sending:${item.id}`, '');
}

const unreached = new WeakMap(); // form → what it could not send, for its text is in the box again

function refuse(form, why, item = null) {
  const banner = form.querySelector('.banner');
  banner.hidden = !why;
  banner.querySelector('span').textContent = why;
  if (item) unreached.set(form, item);
  else unreached.delete(form);
  const retry = banner.querySelector('[data-retry]');
  if (retry) retry.hidden = !item;
}

// With the button that was pressed: what is in the box may have been changed since.
document.addEventListener('click', ({ target }) => {
  const form = target.closest('[data-retry]')?.form;
  const item = form && unreached.get(form);
  if (!item) return;
  const name = item.then ? 'then' : item.later ? 'later' : '';
  form.requestSubmit(name ? form.querySelector(`button[name=${name}][value="${CSS.escape(item[name])}"]`) : null);
});

// The server can be reached again.
document.addEventListener('desk:live', () => {
  for (const form of desk.forms()) if (unreached.has(form)) refuse(form, words.backOnline, unreached.get(form));
  for (const item of items.values()) if (item.isUnreached && !isOn(item)) item.why = words.backOnline;
  render();
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches('form[data-compose]:not([data-new])')) return;
  event.preventDefault();
  const place = desk.place(form);
  if (isBusy(place)) return;
  const text = form.elements.body.value;
  const files = desk.files(form);
  if (!text.trim() && !files.length) return refuse(form, form.dataset.blank);
  // The writing goes on in the same form, whichever button was pressed. Not on a touch screen, whose keyboard would open.
  if (matchMedia('(pointer: fine)').matches) form.elements.body.focus({ preventScroll: true });
  const id = form.elements.send_id.value;
  const pressed = (name) => (event.submitter?.name === name ? event.submitter.value : '');
  const item = { id, place, url: form.getAttribute('action'), text, files, names: files.map((file) => file.name) };
  Object.assign(item, { then: pressed('then'), later: pressed('later'), laterAt: form.elements.later_at?.value });
  if (item.later === 'at' && !item.laterAt) return refuse(form, words.past);
  event.submitter?.closest('details')?.removeAttribute('open');
  item.expected = form.elements.expected_last?.value;
  item.along = desk.along(form);
  const warning = desk.collision?.(form);
  if (warning) return refuse(form, warning);
  item.waiting = seenWaiting(form);
  refuse(form, '');
  item.draft = desk.draftOf(place);
  items.set(id, Object.assign(item, { state: 'sending' })); // from here on nothing is saved as a draft
  desk.setText(form, '');
  desk.clearAlong(form);
  desk.setFiles(form, []);
  desk.store(`returned:${place}`, '');
  form.elements.send_id.value = desk.newId();
  send(item);
  desk.announce('sending');
});

// The replies of this conversation that wait to be sent: their writer was warned of those that are new.
function seenWaiting(form) {
  const field = form.elements.waiting;
  if (field) field.value = [...document.querySelectorAll('#outgoing [data-sent]')].map((one) => one.dataset.sent).join(' ');
  return field?.value;
}

async function send(item) {
  item.state = 'sending';
  keep(item);
  render();
  const data = new FormData();
  data.set('csrfmiddlewaretoken', document.querySelector('[name=csrfmiddlewaretoken]').value);
  data.set('send_id', item.id);
  data.set('body', item.text);
  if (item.then) data.set('then', item.then);
  if (item.later) data.set('later', item.later);
  if (item.later === 'at') data.set('later_at', item.laterAt);
  if (item.expected) data.set('expected_last', item.expected);
  if (item.waiting !== undefined) data.set('waiting', item.waiting);
  for (const [name, value] of Object.entries(item.along ?? {})) data.set(name, value);
  for (const [name, value] of Object.entries(item.draft ?? {})) data.set(name, value);
  for (const one of item.files) {
    one.request?.abort(); // what is not uploaded yet goes along
    if (one.done) data.append('draft_file', one.id);
    else data.append('uploads', one.file, one.name);
  }
  const number = /\/inbox\/(\d+)\//.exec(item.url)[1];
  const sent = desk.inTurn(number, () => desk.ask(desk.since(item.url), { method: 'POST', body: data }));
  desk.expect(sent);
  const answer = await sent;
  if (!answer.problem && answer.status < 400) {
    drop(item);
    desk.wasSent(item.place);
    desk.take(answer);
    render();
  } else {
    giveBack(item, number, answer);
    desk.take(answer);
  }
  if (answer.problem === 'signed-out') location.reload();
}

// Not sent. Where nothing was written since, it is in its box again; else it stays in view beside what was written.
function giveBack(item, number, answer) {
  const page = desk.parse(answer.text);
  const refused = page.querySelector('[data-refused]')?.dataset;
  const why = page.querySelector('[role=alert] span')?.textContent || desk.errorText(answer.problem);
  item.isUnreached = answer.problem === 'offline';
  drop(item);
  // What the server has refused for certain may have another id; else a repeat must be known as one.
  if (refused) item.id = refused.sendId;
  // New recipients of whom the refusal tells: sent again, it goes to them.
  if (refused?.announced) item.along = { ...item.along, announced: refused.announced };
  const form = [...desk.forms()].find((one) => desk.place(one) === item.place);
  if (refused && form?.elements.expected_last) form.elements.expected_last.value = refused.expectedLast;
  if (refused && form?.elements.waiting) form.elements.waiting.value = refused.waiting;
  if (form ? isEmpty(form) : !desk.hasDraft(item.place)) {
    putBack(item, form, why);
  } else {
    Object.assign(item, { state: 'failed', why });
    keep(item);
  }
  desk.wasNotSent(item.place);
  const lost = item.place.endsWith(':note') ? words.noteNotAdded : words.replyNotSent;
  if (!form) desk.say(lost.replace('{number}', number).replace('{}', () => why), { bad: true });
  render();
}

const isEmpty = (form) => !form.elements.body.value && !desk.files(form).length;

function putBack(item, form, why) {
  desk.store(`returned:${item.place}`, JSON.stringify({ id: item.id, text: item.text }));
  if (!form) {
    desk.keepText(item.place, item.text);
    desk.keepFiles(item.place, item.files);
    return;
  }
  desk.setText(form, item.text);
  desk.setFiles(form, item.files);
  if (isLost(item)) desk.forgetFiles(form, item.names);
  if (item.along) desk.putAlong(form, item.along);
  form.elements.send_id.value = item.id;
  refuse(form, why, why && item.isUnreached ? item : null);
}

// --- What is on its way, or came back, below the thread ------------------------------------------

function render() {
  const outbox = document.getElementById('outbox');
  for (const form of desk.forms()) for (const button of form.querySelectorAll('[data-send], [data-later]')) button.disabled = isBusy(desk.place(form));
  if (!outbox) return;
  const places = new Set([...desk.forms()].map(desk.place));
  const shown = [...items.values()].filter((item) => places.has(item.place));
  outbox.replaceChildren(...shown.map(bubble));
}

function bubble(item) {
  const shown = document.getElementById('outbox-item').content.cloneNode(true).firstElementChild;
  const why = shown.querySelector('.unsent__why');
  shown.dataset.item = item.id;
  shown.classList.toggle('unsent--note', item.place.endsWith(':note'));
  shown.querySelector('.bubble').textContent = item.text;
  shown.querySelector('.unsent__files').textContent = item.names.join(', ');
  shown.querySelector('[data-state]').hidden = !isOn(item);
  for (const part of [why, shown.querySelector('.unsent__tools')]) part.hidden = isOn(item);
  shown.querySelector('[data-unsent=again]').hidden = isLost(item);
  if (!isOn(item)) why.querySelector('span').textContent = item.why === words.backOnline ? item.why : words.notSent.replace('{}', () => item.why);
  return shown;
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-unsent]');
  const item = button && items.get(button.closest('[data-item]').dataset.item);
  if (!item || isOn(item)) return;
  const form = [...desk.forms()].find((one) => desk.place(one) === item.place);
  if (button.dataset.unsent === 'again') {
    if (isBusy(item.place)) return;
    item.expected = form.elements.expected_last?.value;
    item.waiting = seenWaiting(form);
    return void send(item);
  }
  drop(item);
  if (button.dataset.unsent === 'edit') edit(item, form);
  else desk.dropFiles(item.place, item.files);
  render();
});

function edit(item, form) {
  desk.announce('compose', { mode: form.dataset.compose });
  if (isEmpty(form)) return putBack(item, form, '');
  const text = form.elements.body;
  text.setSelectionRange(text.value.length, text.value.length);
  desk.insert(text, `\n\n${item.text}`);
  desk.setFiles(form, [...desk.files(form), ...item.files]);
}

// A reply was taken back: it is in its box again, or beside what was written there since. Its files come from the server.
document.addEventListener('desk:taken', async ({ detail: { page } }) => {
  const back = page.querySelector('[data-restored]');
  if (!back) return;
  const links = [...back.querySelectorAll('a')];
  const names = links.map((link) => link.textContent);
  const item = { id: desk.newId(), place: back.dataset.restored, url: back.dataset.url.split('?')[0], then: '', text: back.querySelector('pre').textContent, files: [], names };
  const { to, cc, bcc } = back.dataset;
  if (to !== undefined) item.along = { to, cc, bcc };
  const form = () => [...desk.forms()].find((one) => desk.place(one) === item.place);
  const isFree = form() ? isEmpty(form()) : !desk.hasDraft(item.place);
  if (isFree) putBack(item, form(), '');
  else keep(Object.assign(item, { state: 'failed', why: words.takenBack }));
  render();
  const files = await Promise.all(links.map(fileOf));
  if (!files.length || files.includes(null)) return;
  item.files = files.map((file) => ({ id: desk.newId(), name: file.name, size: file.size, file }));
  if (!isFree) render();
  else if (!form()) desk.keepFiles(item.place, item.files);
  else if (form().elements.send_id.value === item.id) desk.setFiles(form(), [...desk.files(form()), ...item.files]); // not sent without them
});

async function fileOf(link) {
  const response = await fetch(link.getAttribute('href'), { headers: desk.headers }).catch(() => null);
  return response?.ok ? new File([await response.blob()], link.textContent, { type: link.type }) : null;
}

// After leaving the page, only the files' names are known.
const isLost = (item) => item.names.length > item.files.length;

// It is in the thread: nothing is left to do, even if its answer was lost.
function arrived(id) {
  if (items.has(id)) {
    desk.wasSent(items.get(id).place);
    drop(items.get(id));
  }
  for (const form of desk.forms()) {
    const key = `returned:${desk.place(form)}`;
    const returned = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    if (returned.id !== id) continue;
    desk.store(key, '');
    form.elements.send_id.value = desk.newId();
    if (form.elements.body.value !== returned.text) continue; // it was changed since: the rest stays
    desk.setText(form, '');
    desk.setFiles(form, []);
    desk.wasSent(desk.place(form));
    refuse(form, '');
  }
}

document.addEventListener('desk:sent', ({ detail: { id } }) => {
  arrived(id);
  render();
});

// A conversation was opened: what is written, on its way or came back in it.
function open() {
  desk.restore();
  for (const form of desk.forms()) {
    const returned = JSON.parse(sessionStorage.getItem(`returned:${desk.place(form)}`) ?? '{}');
    if (returned.id && form.elements.body.value) form.elements.send_id.value = returned.id;
  }
  for (const entry of document.querySelectorAll('[data-sent]')) arrived(entry.dataset.sent);
  render();
}

for (const key of Object.keys(sessionStorage)) {
  if (!key.startsWith('sending:')) continue;
  const item = JSON.parse(sessionStorage.getItem(key));
  items.set(item.id, { ...item, files: item.files ?? [], state: 'failed', why: words.left });
}
addEventListener('beforeunload', (event) => [...items.values()].some(isOn) && event.preventDefault());
document.addEventListener('htmx:afterSettle', (event) => ['open', 'desk'].includes(event.detail.target?.id) && open());
document.addEventListener('htmx:historyRestore', open);
open();
