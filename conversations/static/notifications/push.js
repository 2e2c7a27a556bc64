// Web Push in this browser: asked for by a click. A browser that was switched on says so again after its person has signed in anew,
// since the desk pushes to sessions that live.

const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
const key = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const canPush = () => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

async function send(url, fields) {
  const answer = await fetch(url, { method: 'POST', headers: { 'X-CSRFToken': token() }, body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(String(answer.status));
}

async function keep(url, subscription) {
  const fields = { endpoint: subscription.endpoint };
  for (const name of ['p256dh', 'auth']) fields[name] = base64url(subscription.getKey(name));
  await send(url, fields);
}

export async function subscribe(place) {
  const { push: url, worker } = place.dataset;
  const registration = await navigator.serviceWorker.register(worker, { scope: '/' });
  const { key: own } = await (await fetch(url)).json();
  await navigator.serviceWorker.ready;
  const known = await registration.pushManager.getSubscription();
  const isOurs = known && base64url(known.options.applicationServerKey ?? new ArrayBuffer(0)) === own;
  if (known && !isOurs) await known.unsubscribe();
  const subscription = isOurs ? known : await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key(own) });
  await keep(url, subscription);
  localStorage.setItem('push', JSON.stringify({ url, person: person(), login: login() }));
}

async function unsubscribe(place) {
  const registration = await navigator.serviceWorker.getRegistration('/');
  const known = await registration?.pushManager.getSubscription();
  localStorage.removeItem('push');
  if (!known) return;
  await send(place.dataset.remove, { endpoint: known.endpoint });
  await known.unsubscribe();
}

const person = () => document.getElementById('bell')?.dataset.person;
const login = () => document.getElementById('bell')?.dataset.login;

// After signing in again, the same person's browser is theirs again.
async function renew() {
  const kept = JSON.parse(localStorage.getItem('push') ?? 'null');
  if (!kept || kept.person !== person() || kept.login === login() || Notification.permission !== 'granted') return;
  const registration = await navigator.serviceWorker.getRegistration('/');
  const known = await registration?.pushManager.getSubscription();
  if (!known) return localStorage.removeItem('push');
  await keep(kept.url, known);
  localStorage.setItem('push', JSON.stringify({ ...kept, login: login() }));
}

async function show(place, state) {
  const known = canPush() ? await (await navigator.serviceWorker.getRegistration('/'))?.pushManager.getSubscription() : null;
  const isOn = Boolean(known && localStorage.getItem('push'));
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
  place.addEventListener('click', async ({ target }) => {
    const button = target.closest('[data-switch]');
    if (!button || button.disabled) return;
    button.disabled = true;
    try {
      if (button.dataset.switch === 'off') await unsubscribe(place);
      else if ((await Notification.requestPermission()) === 'granted') await subscribe(place);
      await show(place);
    } catch {
      await show(place, 'failed');
    }
    place.querySelector('[data-switch]:not([hidden])')?.focus();
  });
  await show(place);
}
