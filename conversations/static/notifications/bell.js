// The bell: it is fetched again when the stream says so, which all tabs share, and when the page is shown; and the one page that has
// the focus says so once a minute. The count is in the title and in the icon as well. What is new is said in a toast, unless its
// conversation is open, which reads it.

const EVERY = 60_000; // ms; a member who has not been at a page for longer gets mails
const WITHIN = 10_000; // ms for an answer
const bell = () => document.getElementById('bell');
const token = () => document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
const icon = document.querySelector('link[rel=icon]');
const plain = icon?.href;
let known = bell()?.dataset.newest;
let isAsking = false;
let again = false;
let asked = 0;

async function post(url, fields = {}) {
  const headers = { 'HX-Request': 'true', 'X-CSRFToken': token(), 'Desk-Login': bell().dataset.login };
  const signal = AbortSignal.timeout(WITHIN);
  const answer = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields), signal }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const text = await answer.text().catch(() => '');
  const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('bell');
  if (fresh && bell()) take(fresh);
}

function take(fresh) {
  const old = bell();
  const hadFocus = old === document.activeElement;
  old.replaceWith(fresh);
  if (hadFocus) fresh.focus();
  const { newest, text, url, open, sound } = fresh.dataset;
  const isNew = newest && newest !== known && Number(fresh.dataset.count) > 0 && newer(newest, known);
  known = newest || known;
  show();
  if (isNew && !read()) {
    say(text, url, open);
    if (sound !== undefined) chime();
  }
}

const newer = (one, other) => !other || Number(one.split('-')[1]) > Number(other.split('-')[1]);

function show() {
  const count = Number(bell()?.dataset.count ?? 0);
  const title = document.title.replace(/^\(\d+\+?\) /, '');
  const wanted = count ? `(${count > 99 ? '99+' : count}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
  if (icon) icon.href = count ? bell().dataset.icon : plain;
}

const isCounted = (id) => bell()?.dataset.conversations.split(' ').includes(String(id)) ?? false;

// The open conversation is read: its notification with it.
function read() {
  const id = document.querySelector('#open.is-open')?.dataset.id;
  if (!id || document.hidden || !isCounted(id)) return false;
  post(bell().dataset.mark, { conversation: id });
  return true;
}

function say(text, url, label) {
  const toast = document.createElement('div');
  toast.className = 'toast';
  toast.dataset.toast = '';
  const words = document.createElement('span');
  words.textContent = text;
  words.dir = 'auto';
  const link = document.createElement('a');
  Object.assign(link, { href: url, textContent: label, className: 'toast__undo' });
  toast.append(words, link);
  if (!document.hidden) document.getElementById('toasts')?.append(toast);
}

// Two short tones; browsers let no page sound before it was clicked.
function chime() {
  const audio = new AudioContext();
  for (const [at, tone] of [[0, 660], [0.12, 880]]) {
    const [wave, gain] = [audio.createOscillator(), audio.createGain()];
    wave.frequency.value = tone;
    gain.gain.setValueAtTime(0.08, audio.currentTime + at);
    gain.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.25);
    wave.connect(gain).connect(audio.destination);
    wave.start(audio.currentTime + at);
    wave.stop(audio.currentTime + at + 0.3);
  }
  setTimeout(() => audio.close(), 1000);
}

async function ask() {
  if (!bell() || document.hidden) return;
  if (isAsking) return void (again = true);
  isAsking = true;
  do {
    again = false;
    asked = Date.now();
    await post(bell().dataset.here).catch(() => {});
  } while (again);
  isAsking = false;
}

document.addEventListener('desk:notification', ask);
// Some may have been missed; and what is in the Trash, or somebody else's, is not counted.
document.addEventListener('desk:heard', ({ detail: { type, id } }) => {
  if (type === 'resync' || type === 'conversation.restored') ask();
  else if (/^conversation\.(trashed|assigned)$/.test(type) && isCounted(id)) ask();
});
document.addEventListener('visibilitychange', () => document.hidden || ask());
document.addEventListener('htmx:afterSettle', ({ detail: { target } }) => ['open', 'desk'].includes(target?.id) && read());
navigator.serviceWorker?.addEventListener('message', ({ data }) => data?.type === 'notification' && ask());
setInterval(() => document.hasFocus() && Date.now() - asked > EVERY / 2 && ask(), EVERY);
const head = document.querySelector('title');
if (head) new MutationObserver(show).observe(head, { childList: true, characterData: true, subtree: true });
show();
read() || (document.hidden || ask());
const push = document.querySelector('[data-push]');
if (bell() && (push || localStorage.getItem('push'))) import(bell().dataset.script).then((module) => module.begin(push));
