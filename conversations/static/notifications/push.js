// Web Push in this browser: asked for by a click. It ends when its person signs out, and begins again when they have signed in anew:
// the desk pushes to sessions that live.

const WITHIN = 10_000; // ms for an answer
const LEAVE_WITHIN = 1500; // ms for which signing out waits for the push service and the desk

const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
const key = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const canPush = () => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

async function send(url, fields) {
  const [headers, signal] = [{ 'X-CSRFToken': token() }, AbortSignal.timeout(WITHIN)];
  const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields), signal });
  if (!answer.ok) throw new Error(String(answer.status));
}

async function keep(url, subscription) {
  const fields = { endpoint: subscription.endpoint };
  for (const name of ['p256dh', 'auth']) fields[name] = base64url(subscription.getKey(name));
  await send(url, fields);
}

export async function subscribe({ push: url, worker, remove }) {
  const registration = await navigator.serviceWorker.register(worker, { scope: '/' });
  const { key: own } = await (await fetch(url, { signal: AbortSignal.timeout(WITHIN) })).json();
  await navigator.serviceWorker.ready;
  const known = await registration.pushManager.getSubscription();
  const isOurs = known && base64url(known.options.applicationServerKey ?? new ArrayBuffer(0)) === own;
  if (known && !isOurs) await known.unsubscribe();
  const subscription = isOurs ? known : await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key(own) });
  await keep(url, subscription);
  localStorage.setItem('push', JSON.stringify({ url, worker, remove, person: person(), login: login() }));
}

// The browser takes nothing any more, whether or not the desk can be reached: it forgets what its push service no longer knows.
async function end(remove) {
  const registration = await navigator.serviceWorker.getRegistration('/');
  const known = await registration?.pushManager.getSubscription();
  if (!known) return;
  const { endpoint } = known;
  const sent = remove ? send(remove, { endpoint }) : null;
  await Promise.allSettled([known.unsubscribe(), sent]);
}

async function unsubscribe(place) {
  localStorage.removeItem('push');
  await end(place.dataset.remove);
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

document.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-sign-out]');
  const kept = JSON.parse(localStorage.getItem('push') ?? 'null');
  if (!form || !kept || !canPush()) return;
  event.preventDefault();
  Promise.race([end(kept.remove).catch(() => {}), pause(LEAVE_WITHIN)]).then(() => form.submit());
});

const person = () => document.getElementById('bell')?.dataset.person;
const login = () => document.getElementById('bell')?.dataset.login;
// Whether who is signed in has switched it on here: somebody else who used this browser may have.
const isMine = () => JSON.parse(localStorage.getItem('push') ?? 'null')?.person === person();

// After signing in again, the same person's browser is theirs again; another person's is not.
async function renew() {
  const kept = JSON.parse(localStorage.getItem('push') ?? 'null');
  if (!kept || kept.person !== person() || kept.login === login() || Notification.permission !== 'granted') return;
  if (kept.worker) return subscribe({ push: kept.url, worker: kept.worker, remove: kept.remove });
  const registration = await navigator.serviceWorker.getRegistration('/');
  const known = await registration?.pushManager.getSubscription();
  if (!known) return localStorage.removeItem('push');
  await keep(kept.url, known);
  localStorage.setItem('push', JSON.stringify({ ...kept, login: login() }));
}

// Where it is looked at: the desk forgets browsers that have failed for days.
async function again({ dataset }) {
  const known = isMine() && canPush() && (await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription());
  if (known) await keep(dataset.push, known);
}

async function show(place, state) {
  const known = canPush() ? await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription() : null;
  const isOn = Boolean(known && isMine());
  const now = state ?? (!canPush() ? 'none' : Notification.permission === 'denied' ? 'denied' : isOn ? 'on' : 'off');
  place.querySelector('[data-state]').textContent = place.dataset[now];
  for (const button of place.querySelectorAll('[data-switch]')) {
    button.hidden = now === 'none' || (button.dataset.switch === 'on' ? isOn : !isOn);
    button.disabled = false;
  }
}

export async function begin(place) {
  if (canPush()) await renew().catch(() => {});
  if (!place) return;
  await again(place).catch(() => {});
  place.addEventListener('click', async ({ target }) => {
    const button = target.closest('[data-switch]');
    if (!button || button.disabled) return;
    button.disabled = true;
    try {
      if (button.dataset.switch === 'off') await unsubscribe(place);
      else if ((await Notification.requestPermission()) === 'granted') await subscribe(place.dataset);
      await show(place);
    } catch {
      await show(place, 'failed');
    }
    place.querySelector('[data-switch]:not([hidden])')?.focus();
  });
  await show(place);
}
