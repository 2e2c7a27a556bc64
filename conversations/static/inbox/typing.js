// Who is typing in a chat: the customer, as the stream says, and the member, as the desk is told while they write a reply.

const { desk } = globalThis;
const SHOWN_FOR = 6000; // ms
const EVERY = 3000; // ms between two signals of one who goes on typing

// --- The customer --------------------------------------------------------------------------------

const timers = new Map(); // id → when it is no longer shown
const row = (id) => document.getElementById(`row-${id}`);
const place = (id) => (desk.pane()?.dataset.id === id ? document.getElementById('typing') : null);

function show(id) {
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(hide, SHOWN_FOR, id));
  row(id)?.classList.add('is-typing');
  row(id)?.querySelector('.row__text').setAttribute('data-typing', document.getElementById('inbox-words').dataset.writes);
  const text = place(id);
  if (!text || text.firstChild) return; // said once, however long it lasts
  const name = document.createElement('bdi');
  name.textContent = desk.pane().dataset.customer;
  const dots = Object.assign(document.createElement('span'), { className: 'typing__dots' });
  dots.setAttribute('aria-hidden', 'true');
  dots.append(...[1, 2, 3].map(() => document.createElement('i')));
  const words = document.createElement('span');
  const [before, after] = document.getElementById('inbox-words').dataset.isTyping.split('{}');
  words.append(before, name, after);
  text.append(dots, words);
}

function hide(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  row(id)?.classList.remove('is-typing');
  place(id)?.replaceChildren();
}

document.addEventListener('desk:typing', ({ detail: { id } }) => show(String(id)));
document.addEventListener('desk:event', ({ detail: { type, id } }) => type === 'message.received' && hide(String(id)));
document.addEventListener('desk:inbound', () => hide(desk.pane()?.dataset.id));

// --- The member ----------------------------------------------------------------------------------

const last = new Map(); // conversation → when the desk was told last

document.addEventListener('input', (event) => {
  const url = desk.pane()?.dataset.typing;
  if (!url || !event.isTrusted || event.target.id !== 'reply-body' || !event.target.value.trim()) return;
  const now = performance.now();
  if (now - (last.get(url) ?? -EVERY) < EVERY) return;
  last.set(url, now);
  const token = document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
  // A signal that is lost is none: the next one follows.
  fetch(url, { method: 'POST', headers: { 'X-CSRFToken': token, ...desk.headers }, signal: AbortSignal.timeout(EVERY * 2) }).catch(() => {});
});
