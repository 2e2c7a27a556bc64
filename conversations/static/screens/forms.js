// Forms that lead to another page. The browser would leave this one, with all that was typed, even where the server is away:
// they are sent from here, and the page is left only when the next one is known. One form is sent once, however often its
// button is pressed; sent again after an answer was lost, it is the same form for the desk.

const { desk } = globalThis;
const words = document.getElementById('words').dataset;
const SLOW = 1500; // ms after which the page says that it waits
const SHOWN = new Set([409, 422]); // refused with a page that says why
const AWAY = new Set([502, 503, 504, 408]);
const busy = new WeakSet(); // forms on their way
const tried = new WeakMap(); // form → what was sent last, and its id
const unsent = new Set(); // forms that hold what was not saved

const login = () => document.getElementById('live')?.dataset.login ?? '';
const isFilled = (form) => form.querySelector('[aria-invalid]') !== null || [...form.elements].some(desk.isTyped);

addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  const given = (name) => submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (event.defaultPrevented || (given('method') ?? '').toLowerCase() !== 'post' || (given('target') ?? '_self') !== '_self') return;
  event.preventDefault();
  send(form, submitter);
});

async function send(form, submitter, { isRepeated = false } = {}) {
  if (busy.has(form)) return;
  busy.add(form);
  unsent.delete(form);
  clear();
  form.setAttribute('aria-busy', 'true');
  const waiting = setTimeout(() => show(words.saving), SLOW);
  const url = submitter?.getAttribute('formaction') || form.getAttribute('action') || location.href;
  const answer = await post(url, body(form, submitter), form);
  clearTimeout(waiting);
  if (!answer.to && answer.page === undefined) {
    free(form);
    if (answer.problem === 'outdated' && !isRepeated && (await renew())) return send(form, submitter, { isRepeated: true });
    return refuse(form, submitter, answer);
  }
  tried.delete(form);
  document.dispatchEvent(new CustomEvent('desk:done', { detail: { form } }));
  if (answer.to) return leave(answer.to, new URL(url, location.href));
  free(form);
  clear();
  await shown(answer.page, url);
}

function free(form) {
  busy.delete(form);
  form.removeAttribute('aria-busy');
}

function body(form, submitter) {
  const data = new FormData(form, submitter);
  return [...data.values()].some((value) => value instanceof File) ? data : new URLSearchParams(data);
}

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const textOf = (data) => JSON.stringify([...data].filter(([name]) => name !== 'csrfmiddlewaretoken').map(([name, value]) => [name, value instanceof File ? [value.name, value.size, value.lastModified] : value]));

// {to} or {page}; else {problem}, and where to go for it.
async function post(url, data, form) {
  const text = `${url} ${textOf(data)}`;
  const before = tried.get(form);
  const isAgain = before?.text === text;
  const id = isAgain ? before.id : newId();
  tried.set(form, { text, id });
  const headers = { 'Desk-Form': id, ...(isAgain && { 'Desk-Form-Again': 'yes' }), ...(login() && { 'Desk-Login': login() }) };
  try {
    const response = await fetch(url, { method: 'POST', body: data, headers, redirect: 'manual' });
    const to = response.headers.get('Desk-Location');
    if (to) return isSignIn(to) ? { problem: 'signed-out', link: to } : { to: new URL(to, new URL(url, location.href)) };
    const { status } = response;
    if (status === 204) return { to: new URL(location.href) };
    const problem = response.headers.get('Desk-Problem');
    if (!problem && (response.ok || SHOWN.has(status))) return (await isFile(response)) ? { to: null, page: null } : { page: await response.text() };
    if (!AWAY.has(status)) tried.delete(form); // it was refused, and not done: sent again, it is another one
    return { problem: problem ?? (AWAY.has(status) ? 'offline' : status >= 500 ? 'serverFault' : String(status)) };
  } catch {
    return { problem: 'offline' };
  }
}

// Where somebody has to sign in for what was sent; who signs out is led there as well, and not back.
function isSignIn(to) {
  const { pathname, searchParams } = new URL(to, location.href);
  return !location.pathname.startsWith('/accounts/') && pathname.startsWith('/accounts/login') && searchParams.has('next');
}

async function isFile(response) {
  if (response.headers.get('Content-Type')?.startsWith('text/html')) return false;
  const name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition'))?.[1] ?? '';
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(await response.blob()), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}

function leave(to, { hash }) {
  to.hash ||= hash; // as a browser does
  const isHere = to.href.split('#')[0] === location.href.split('#')[0];
  if (!isHere || !to.hash) return location.assign(to);
  history.replaceState(history.state, '', to);
  location.reload();
}
// Back to a page that the browser has kept as it was.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) for (const form of document.forms) free(form);
});

// After signing in again, in another tab, as the same person: the page goes on with the new session.
async function renew() {
  const person = document.getElementById('bell')?.dataset.person;
  const response = await fetch(location.href).catch(() => null);
  if (!person || !response?.ok || response.redirected) return false;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const token = page.querySelector('[name=csrfmiddlewaretoken]')?.value;
  if (!token || page.getElementById('bell')?.dataset.person !== person) return false;
  for (const field of document.querySelectorAll('[name=csrfmiddlewaretoken]')) field.value = token;
  const live = document.getElementById('live').dataset;
  live.login = page.getElementById('live').dataset.login;
  if (desk.headers) desk.headers['Desk-Login'] = live.login;
  return true;
}

// --- A page as the answer: what was entered is not right, or something is shown once -------------------

async function shown(text, url) {
  if (text === null) return;
  const page = new DOMParser().parseFromString(text, 'text/html');
  const [fresh, old] = [page.querySelector('main'), document.querySelector('main')];
  if (!fresh || !old) return location.reload();
  for (const form of fresh.querySelectorAll('form:not([action])')) form.setAttribute('action', url);
  const added = (kind, source) => [...page.querySelectorAll(kind)].filter((one) => !document.querySelector(`${kind}[${source}="${CSS.escape(one.getAttribute(source))}"]`));
  const sheets = added('link[rel=stylesheet]', 'href').map((sheet) => new Promise((done) => {
    sheet.onload = sheet.onerror = done;
    document.head.append(sheet);
  }));
  await Promise.all(sheets);
  document.title = page.title;
  old.replaceWith(fresh);
  globalThis.htmx?.process(fresh);
  document.getElementById('toasts')?.append(...page.querySelectorAll('#toasts > *'));
  for (const { src } of added('head script[src]', 'src')) await import(src);
  document.dispatchEvent(new CustomEvent('desk:shown', { detail: { page: fresh } }));
  for (const script of fresh.querySelectorAll('script[data-allauth-onload]')) {
    const begin = script.dataset.allauthOnload.split('.').reduce((found, name) => found?.[name], globalThis);
    begin?.(JSON.parse(script.textContent));
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  else scrollTo(0, 0);
  (fresh.querySelector('[aria-invalid=true]') ?? fresh.querySelector('[autofocus]') ?? fresh).focus();
}

// --- Not sent ------------------------------------------------------------------------------------

let bar = null;

function clear() {
  bar?.remove();
  bar = null;
}

function show(text, ...acts) {
  clear();
  bar = document.createElement('div');
  bar.className = 'unsaved';
  bar.setAttribute('role', acts.length ? 'alert' : 'status');
  bar.append(Object.assign(document.createElement('span'), { textContent: text }), ...acts);
  document.body.append(bar);
}

function act(text, then) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
  button.addEventListener('click', then);
  return button;
}

function refuse(form, submitter, { problem, link }) {
  const isSaving = isFilled(form);
  if (isSaving) unsent.add(form);
  if (problem !== 'signed-out') desk.ended?.(problem);
  document.dispatchEvent(new CustomEvent('desk:unsent', { detail: { form } }));
  const why = words[{ 'signed-out': 'signedOut', outdated: 'outdatedForm' }[problem] ?? problem] ?? words.failed;
  const acts = [act(words.again, () => form.isConnected && send(form, submitter))];
  const where = link ?? (problem === 'second_factor' ? document.querySelector('[data-state=second_factor] a')?.href : '');
  // In another tab: this one keeps what was entered.
  if (where) acts.unshift(Object.assign(document.createElement('a'), { href: where, target: '_blank', textContent: link ? words.signIn : words.setItUp }));
  const close = act('×', () => clear());
  close.setAttribute('aria-label', words.dismiss);
  show(`${isSaving ? words.notSaved : words.notDone} ${why}`, ...acts, close);
  // Who types on meanwhile is not disturbed.
  if (!document.activeElement?.matches('input, textarea, select')) acts[0].focus({ preventScroll: true });
}

addEventListener('beforeunload', (event) => [...unsent].some((form) => form.isConnected && !busy.has(form) && isFilled(form)) && event.preventDefault());
