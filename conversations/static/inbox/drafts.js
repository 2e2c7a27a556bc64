// Drafts: what is in a box of the composer is kept by the server, for the team and for the writer's other pages, and in this
// browser for as long as the server may not have it. Files are uploaded once, as soon as they are chosen.

const { desk } = globalThis;
const EVERY = 2000; // ms between two saves of one who goes on writing
const PAUSES = [2000, 30_000]; // ms between attempts: the first and the longest
const LATE = 20_000; // ms that an answer may take
const KEEPALIVE = 60_000; // bytes that a page may still send while it is left

desk.forms = () => document.querySelectorAll('form[data-compose]');
desk.form = (mode) => document.querySelector(`form[data-compose=${mode}]`);
desk.place = (form) => `${form.closest('[data-draft]').dataset.draft}:${form.dataset.compose}`;
desk.me = () => document.querySelector('[data-me]')?.dataset.me;
const formOf = (place) => [...desk.forms()].find((form) => desk.place(form) === place);

// Version 4, also on pages without https, where crypto.randomUUID is missing.
desk.newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

// A full storage loses the copy, never the sending.
desk.store = (key, value, storage = sessionStorage) => {
  try {
    if (value) storage.setItem(key, value);
    else storage.removeItem(key);
  } catch {
    storage.removeItem(key);
  }
};

// The name of this tab, which a reload keeps and a copy of the tab does not: two pages never save as one.
const named = () => (desk.store('tab', (desk.tab = desk.newId())), desk.tab);
desk.tab = (navigator.locks && sessionStorage.getItem('tab')) || named();
navigator.locks?.request(`tab ${desk.tab}`, { ifAvailable: true }, (lock) => (lock ? new Promise(() => {}) : void named()));

// --- What is known of each box -------------------------------------------------------------------

const states = new Map(); // place → text, version that the server has, whether the text is newer, files

function stateOf(place) {
  if (!states.has(place)) {
    const base = sessionStorage.getItem(`base:${place}`);
    const mirror = JSON.parse(localStorage.getItem(`unsaved:${place}`) ?? 'null');
    const own = sessionStorage.getItem(`draft:${place}`);
    const isOfTab = base !== null || own !== null;
    const text = isOfTab ? (own ?? '') : (mirror?.text ?? '');
    const version = parseInt(base ?? (isOfTab ? 0 : mirror?.base) ?? 0, 10);
    // A text of an earlier version of this page has no base: nobody but this browser knows it. An emptied one may be unsaved too.
    const dirty = base?.endsWith('*') ?? text !== '';
    states.set(place, { place, text, version, dirty, files: [], removed: [], pause: PAUSES[0] });
  }
  return states.get(place);
}

function remember(state) {
  desk.store(`draft:${state.place}`, state.text);
  desk.store(`base:${state.place}`, state.text || state.version || state.dirty ? `${state.version}${state.dirty ? '*' : ''}` : '');
  if (!state.dirty) desk.store(`unsaved:${state.place}`, '', localStorage);
  // A mail is more than its text, and its address names its draft: a reload shows it again.
  const form = isMail(state) && formOf(state.place);
  if (!form) return;
  desk.store(`along:${state.place}`, state.dirty && JSON.stringify(desk.along(form)));
  const url = new URL(location);
  if (!state.dirty || url.searchParams.get('draft') === form.elements.send_id.value) return;
  url.searchParams.set('draft', form.elements.send_id.value);
  history.replaceState(history.state, '', url);
}

const isMail = (state) => state.place.endsWith(':mail');

// Until the server has it, it outlives the tab.
const mirror = (state) => desk.store(`unsaved:${state.place}`, state.text && JSON.stringify({ text: state.text, base: state.version }), localStorage);

desk.hasDraft = (place) => stateOf(place).text !== '' || stateOf(place).files.length > 0;
desk.draftOf = (place) => ({ draft_version: stateOf(place).version, draft_tab: desk.tab });

desk.setText = (form, text) => {
  form.elements.body.value = text;
  changed(stateOf(desk.place(form)), text);
};
desk.keepText = (place, text) => changed(stateOf(place), text);

function changed(state, text) {
  if (text && !state.text) state.began = Number(document.getElementById('entries')?.dataset.message ?? 0);
  state.text = text;
  state.dirty = true;
  state.fault = '';
  remember(state);
  state.timer ??= setTimeout(save, EVERY, state);
}

// What this writer could not have seen when they began.
desk.began = (form) => stateOf(desk.place(form)).began ?? Infinity;

// The draft as the server had it at `since`; what was uploaded here afterwards, or is on its way, stays.
function take(state, { version, body, along, files }, since = 0) {
  Object.assign(state, { version, text: body, dirty: false, clash: null });
  state.files = together(state, files, since);
  remember(state);
  const form = formOf(state.place);
  if (!form) return;
  if (form.elements.body.value !== body) form.elements.body.value = body;
  if (Object.keys(along ?? {}).length) desk.putAlong?.(form, along);
  draw(state);
}

function together(state, files, since) {
  const ids = new Set(files.map((file) => file.id));
  const known = (file) => state.files.find((one) => one.id === file.id) ?? { ...file, done: true };
  const here = state.files.filter((one) => !ids.has(one.id) && (!one.done || one.doneAt > since));
  return [...files.filter((file) => !state.removed.includes(file.id)).map(known), ...here];
}

// --- Saving --------------------------------------------------------------------------------------

const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';

function told(state, words) {
  const shown = formOf(state.place)?.querySelector('.composer__saved');
  if (shown) shown.textContent = words ? (shown.dataset[words] ?? words) : '';
}

async function save(state, { isFinal = false, isLeaving = false } = {}) {
  clearTimeout(state.timer);
  state.timer = null;
  if (!state.dirty || state.clash || state.fault || desk.isBusy(state.place)) return;
  if (state.saving && !isLeaving) return void (state.again = true);
  const { text, removed, place } = state;
  const form = formOf(place);
  state.url = form?.dataset.save ?? state.url;
  if (!state.url) return;
  if (form) Object.assign(state, { along: desk.along(form), forwards: form.elements.forwards?.value });
  if (form) state.sendId = form.elements.send_id.value;
  const body = new FormData();
  const fields = { ...state.along, csrfmiddlewaretoken: token(), mode: place.split(':').at(-1), body: text, base: state.version, tab: desk.tab, seq: Date.now(), send_id: state.sendId, ...(state.forwards && { forwards: state.forwards }) };
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (removed.length) body.set('removed', removed.join(' '));
  if (isFinal || isLeaving) body.set('final', '1');
  if (isLeaving) mirror(state);
  state.saving = true;
  const signal = AbortSignal.timeout(LATE);
  const answer = await desk.ask(state.url, { method: 'POST', body, signal, keepalive: isLeaving && text.length * 3 < KEEPALIVE });
  state.saving = false;
  const given = parsed(answer);
  if (!answer.problem && answer.status === 200) {
    state.version = given.version;
    state.dirty = state.text !== text || removed.length < state.removed.length;
    state.removed = state.removed.filter((id) => !removed.includes(id));
    state.pause = PAUSES[0];
    remember(state);
    told(state, state.dirty || !state.text ? '' : 'saved');
  } else if (answer.status === 409 && given.version) {
    if (given.body === state.text) return take(state, given);
    state.clash = given;
    showClash(state);
    return;
  } else if (!answer.problem || ['403', '404', '413', 'not_a_member', 'second_factor'].includes(answer.problem)) {
    state.fault = given.fault ?? desk.errorText(answer.problem);
    mirror(state);
    return told(state, state.fault);
  } else {
    mirror(state);
    told(state, 'unsaved');
    state.timer = setTimeout(save, state.pause, state);
    state.pause = Math.min(state.pause * 2, PAUSES[1]);
    return;
  }
  if (state.dirty) state.timer ??= setTimeout(save, state.again ? 0 : EVERY, state);
  state.again = false;
}

function parsed(answer) {
  try {
    return JSON.parse(answer.text);
  } catch {
    return {};
  }
}

const dirty = () => [...states.values()].filter((state) => state.dirty);
const flush = () => dirty().forEach((state) => save(state, { isLeaving: true }));
addEventListener('pagehide', flush);
document.addEventListener('visibilitychange', () => document.hidden && flush());
addEventListener('online', () => {
  dirty().forEach((state) => save(state));
  for (const state of states.values()) state.files.filter((one) => one.failed).forEach((one) => upload(state, one));
});

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-compose]');
  if (!form || !(event.target.name === 'body' || (form.matches('[data-new]') && event.target.matches('[data-along]')))) return;
  desk.stay(); // who writes here stays here
  told(stateOf(desk.place(form)), '');
  changed(stateOf(desk.place(form)), form.elements.body.value);
});
document.addEventListener('change', (event) => {
  const form = event.target.matches('[data-along]') && event.target.form;
  if (form && desk.hasDraft(desk.place(form))) changed(stateOf(desk.place(form)), form.elements.body.value);
});
document.addEventListener('focusout', (event) => {
  const form = event.target.name === 'body' && event.target.closest('form[data-compose]');
  if (form) save(stateOf(desk.place(form)), { isFinal: true });
});

// It was sent: what was written since is a draft of its own.
desk.wasSent = (place) => {
  const state = stateOf(place);
  const other = state.clash; // the text of another page was not sent: it stays a draft
  state.version = 0;
  state.clash = null;
  state.dirty = state.text !== '';
  remember(state);
  told(state, '');
  showClash(state);
  if (other && !state.dirty) refresh(state);
  if (state.dirty) state.timer ??= setTimeout(save, EVERY, state);
};

// Nothing was sent: what the server keeps stays until it is saved again.
desk.wasNotSent = (place) => stateOf(place).dirty && (stateOf(place).timer ??= setTimeout(save, EVERY, stateOf(place)));

// --- Another page of the same person -------------------------------------------------------------

async function refresh(state) {
  const form = formOf(state.place);
  if (!form) return;
  const since = performance.now();
  const answer = await desk.ask(`${form.dataset.own}?mode=${form.dataset.compose}`);
  if (answer.problem || state.dirty || desk.isBusy(state.place)) return;
  take(state, parsed(answer), since);
}

document.addEventListener('desk:signal', ({ detail }) => {
  if (!detail.draft || String(detail.user) !== desk.me() || detail.tab === desk.tab) return;
  if (String(detail.id) !== desk.pane()?.dataset.id) return;
  const form = desk.form(detail.draft);
  const state = form && stateOf(desk.place(form));
  if (state && !state.dirty && !desk.isBusy(state.place) && state.version !== detail.version) refresh(state);
});

function showClash(state) {
  const shown = formOf(state.place)?.querySelector('.clash');
  if (!shown) return;
  shown.hidden = !state.clash;
  if (state.clash) told(state, '');
  shown.querySelector('.clash__other').textContent = state.clash?.body ?? '';
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-clash]');
  if (!button) return;
  const form = button.form;
  const state = stateOf(desk.place(form));
  const { version, body } = state.clash;
  const mine = state.text;
  if (button.dataset.clash === 'theirs') take(state, state.clash);
  state.clash = null;
  state.version = version;
  if (button.dataset.clash === 'both') form.elements.body.value = `${body}\n\n${mine}`;
  if (button.dataset.clash !== 'theirs') changed(state, form.elements.body.value);
  showClash(state);
  save(state, { isFinal: true });
  form.elements.body.focus({ preventScroll: true });
});

// --- A page that was just shown ------------------------------------------------------------------

// Somebody began to write before this script ran: it goes on from what the page showed, below what was not saved before.
function typedBefore(state, box, version, files) {
  const older = state.dirty && box.value !== state.text ? state.text : '';
  if (!state.dirty) state.version = version;
  state.files = together(state, files, 0);
  if (older && !box.value.includes(older)) box.value = `${older}\n\n${box.value}`;
  changed(state, box.value);
}

desk.restore = () => {
  for (const form of desk.forms()) {
    const state = stateOf(desk.place(form));
    const version = Number(form.dataset.version);
    const box = form.elements.body;
    const files = [...form.querySelectorAll('[data-file]')].map((one) => ({ id: one.dataset.file, name: one.dataset.name, size: Number(one.dataset.size), done: true }));
    state.url = form.dataset.save;
    const isTyped = [box, ...form.querySelectorAll('input[data-along]')].some((field) => field.value !== field.defaultValue);
    if ('given' in form.dataset) changed(state, box.value); // put there by the page itself, as without script
    else if (isTyped && (box.value !== state.text || isMail(state))) typedBefore(state, box, version, files);
    else if (state.dirty || (state.version > version && state.text)) {
      box.value = state.text;
      const along = isMail(state) && JSON.parse(sessionStorage.getItem(`along:${state.place}`) ?? 'null');
      if (along) desk.putAlong(form, along);
      state.files = together(state, files, 0);
      if (state.dirty) state.timer ??= setTimeout(save, EVERY, state);
      else refresh(state);
    } else take(state, { version, body: box.value, along: {}, files });
    if (state.text) state.began ??= Number(document.getElementById('entries')?.dataset.message ?? 0);
    draw(state);
    const lost = JSON.parse(sessionStorage.getItem(`files:${state.place}`) ?? '[]').filter((name) => !state.files.some((one) => one.name === name));
    desk.forgetFiles(form, lost);
    if (state.clash) showClash(state);
  }
};

// --- Files: chosen, pasted, dropped --------------------------------------------------------------

desk.files = (form) => [...stateOf(desk.place(form)).files];
desk.setFiles = (form, files) => desk.keepFiles(desk.place(form), files);
desk.keepFiles = (place, files) => {
  const state = stateOf(place);
  const before = new Set(state.files);
  state.files = files.map((file) => (file instanceof File ? { id: desk.newId(), name: file.name, size: file.size, file } : file));
  for (const one of state.files) if (!before.has(one) && !one.done && one.file) upload(state, one);
  draw(state);
};
// They are sent with no message: the server need not keep them.
desk.dropFiles = (place, files) => {
  const state = stateOf(place);
  state.removed.push(...files.filter((one) => one.done).map((one) => one.id));
  state.dirty = true;
  state.timer ??= setTimeout(save, EVERY, state);
};

// Of files that are not uploaded only the names are known after the page was left.
function draw(state) {
  const waiting = state.files.filter((one) => !one.done).map((one) => one.name);
  desk.store(`files:${state.place}`, waiting.length ? JSON.stringify(waiting) : '');
  const shown = formOf(state.place)?.querySelector('.composer__files');
  if (!shown || (!state.files.length && shown.dataset.lost)) return;
  delete shown.dataset.lost;
  shown.replaceChildren(...state.files.map(chip));
}

function chip(one, index) {
  const shown = document.getElementById('attached').content.cloneNode(true).firstElementChild;
  const [name, bar, again, remove] = ['span', 'progress', '[data-again]', '[data-detach]'].map((part) => shown.querySelector(part));
  name.textContent = name.title = one.name;
  bar.hidden = one.done || one.failed || !one.file;
  if (one.progress) bar.value = one.progress;
  again.hidden = !one.failed;
  again.dataset.again = remove.dataset.detach = index;
  remove.title = `${remove.getAttribute('aria-label')} ${one.name}`;
  remove.setAttribute('aria-label', remove.title);
  shown.classList.toggle('attached--failed', Boolean(one.failed));
  one.shown = bar;
  return shown;
}

desk.forgetFiles = (form, names) => {
  if (!names.length) return;
  desk.store(`files:${desk.place(form)}`, JSON.stringify(names));
  const shown = form.querySelector('.composer__files');
  const words = Object.assign(document.createElement('span'), { textContent: `${form.dataset.lost} ${names.join(', ')}` });
  shown.dataset.lost = 'yes';
  shown.append(words);
};

let line = Promise.resolve(); // one file at a time
desk.uploaded = () => line;

// A mail was sent or discarded: what this page still holds of it is no draft.
desk.forget = (place) => {
  const state = stateOf(place);
  clearTimeout(state.timer);
  Object.assign(state, { dirty: false, text: '', timer: null });
  for (const name of ['draft', 'base', 'along', 'files']) desk.store(`${name}:${place}`, '');
  desk.store(`unsaved:${place}`, '', localStorage);
};

function upload(state, one) {
  one.failed = false;
  const form = formOf(state.place);
  state.upload = form?.dataset.upload ?? state.upload;
  state.forwards = form?.elements.forwards?.value ?? state.forwards;
  line = line.then(() => state.files.includes(one) && send(state, one));
}

const send = (state, one) =>
  new Promise((done) => {
    const request = (one.request = new XMLHttpRequest());
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token(), mode: state.place.split(':').at(-1), id: one.id, tab: desk.tab, ...(state.forwards && { forwards: state.forwards }) })) body.set(name, value);
    body.set('file', one.file, one.name);
    request.open('POST', state.upload);
    for (const [name, value] of Object.entries({ 'HX-Request': 'true', ...desk.headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      one.progress = event.loaded / event.total;
      if (one.shown) one.shown.value = one.progress;
    };
    request.onloadend = () => {
      one.request = null;
      if (request.status === 200) {
        one.done = true;
        one.doneAt = performance.now();
        state.version ||= JSON.parse(request.responseText).version;
        remember(state);
      } else if (request.status === 422 || request.status === 413) {
        state.files = state.files.filter((other) => other !== one);
        const fault = parsed({ text: request.responseText }).fault ?? desk.errorText('413');
        desk.say(`${one.name}: ${fault}`, { bad: true });
      } else if (state.files.includes(one)) one.failed = true;
      draw(state);
      done();
    };
    request.send(body);
  });

// Refused at once where the server would refuse it.
function add(form, files) {
  const { tooLarge, tooMany, emptyFile, most, largest } = form.dataset;
  const place = desk.place(form);
  const refused = (file) => (!file.size ? emptyFile : file.size > Number(largest) ? tooLarge : '');
  const good = files.filter((file) => !refused(file));
  for (const file of files) if (refused(file)) desk.say(`${file.name}: ${refused(file)}`, { bad: true });
  const room = Number(most) - stateOf(place).files.length;
  if (good.length > room) desk.say(tooMany, { bad: true });
  if (good.length && room > 0) desk.keepFiles(place, [...stateOf(place).files, ...good.slice(0, room)]);
}

document.addEventListener('change', (event) => {
  if (!event.target.matches('form[data-compose] .attach input')) return;
  add(event.target.form, [...event.target.files]);
  event.target.value = ''; // the same one can be chosen again
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-detach], [data-again]');
  const form = button?.closest('form[data-compose]');
  if (!form) return;
  const state = stateOf(desk.place(form));
  const one = state.files[Number(button.dataset.detach ?? button.dataset.again)];
  if ('again' in button.dataset) {
    upload(state, one);
    return draw(state);
  }
  one.request?.abort();
  state.files = state.files.filter((other) => other !== one);
  draw(state);
  state.removed.push(one.id);
  state.dirty = true;
  save(state);
  form.elements.body.focus({ preventScroll: true });
});

// Pictures from the clipboard are all called the same.
const pasted = (form, file, index) => {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const stamp = new Date().toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
  return new File([file], `${form.dataset.pasted} ${stamp}${index ? ` ${index + 1}` : ''}.${file.name.split('.').at(-1)}`, { type: file.type });
};

document.addEventListener('paste', (event) => {
  const form = event.target.closest?.('form[data-compose]');
  const data = event.clipboardData;
  // Text copied from a document comes with a picture of it: the text is meant.
  if (!form || event.target.name !== 'body' || !data.files.length || (data.getData('text/html') && data.getData('text/plain'))) return;
  event.preventDefault();
  add(form, [...data.files].map((file, index) => pasted(form, file, index)));
});

const isFiles = (event) => event.dataTransfer?.types.includes('Files');
const shownForm = () => [...desk.forms()].find((form) => form.checkVisibility());
const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;

// A file that is dropped beside the composer must not replace the page.
document.addEventListener('dragover', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  const here = shownForm() && event.target.closest?.('.thread');
  event.dataTransfer.dropEffect = here ? 'copy' : 'none';
  document.getElementById('composer')?.classList.toggle('is-dropping', Boolean(here));
});
for (const name of ['dragleave', 'drop']) document.addEventListener(name, () => document.getElementById('composer')?.classList.remove('is-dropping'));
document.addEventListener('drop', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  const form = shownForm();
  if (!form || !event.target.closest?.('.thread')) return;
  const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
  add(form, items.filter((item) => !isFolder(item)).map((item) => item.getAsFile()));
  if (items.some(isFolder)) desk.say(form.dataset.folder, { bad: true });
});

// --- Throwing it away ----------------------------------------------------------------------------

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-discard]');
  if (!button) return;
  event.preventDefault();
  const form = button.form;
  const state = stateOf(desk.place(form));
  const { text, files } = state;
  const body = () => {
    const data = new FormData();
    data.set('csrfmiddlewaretoken', token());
    data.set('mode', form.dataset.compose);
    return data;
  };
  const isUnsaved = state.dirty;
  for (const one of files) one.request?.abort();
  form.elements.body.value = ''; // what is typed from here on is another draft
  Object.assign(state, { text: '', dirty: false, files: [] });
  remember(state);
  draw(state);
  told(state, '');
  form.elements.body.focus({ preventScroll: true });
  const answer = await desk.ask(button.formAction, { method: 'POST', body: body() });
  const giveBack = () => {
    const place = formOf(state.place);
    if (place) desk.setText(place, [state.text, text].filter(Boolean).join('\n\n'));
  };
  if (answer.problem || answer.status >= 400) {
    state.files.push(...files.filter((one) => !one.request));
    draw(state);
    giveBack();
    return desk.say(desk.errorText(answer.problem), { bad: true });
  }
  const { restore, discarded, undo } = button.dataset;
  const back = async () => {
    const given = parsed(await desk.ask(restore, { method: 'POST', body: body() }));
    // The desk's copy may lack the last words.
    if (given.version && !state.text && !(isUnsaved && given.body !== text)) return take(state, given);
    giveBack();
  };
  desk.say(discarded, { act: undo, then: back, isUndo: true });
});
