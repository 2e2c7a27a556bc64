// The list and the page of tickets: keys that move, fields that save at once, and live updates of what is not in use.

const { desk } = globalThis;
const rows = () => [...document.querySelectorAll('#tickets [data-row]')];

document.addEventListener('desk:key', ({ detail: { name } }) => {
  const all = rows();
  const step = { next: 1, previous: -1 }[name];
  const at = all.indexOf(document.activeElement);
  if (step) {
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  }
  if (name === 'open' && at >= 0) all[at].click();
});

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-at-once]')) event.target.form.requestSubmit();
});
document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (button?.matches('[data-once]')) setTimeout(() => (button.disabled = true));
});

// What is being typed stays: the page is renewed when nothing of it is in use.
const typed = (field) => field.matches('textarea, input:not([type=hidden], [type=checkbox])') && field.value !== field.defaultValue;
const isUsed = (part) =>
  part.matches('.htmx-request') || part.querySelector('.htmx-request, details[open], .is-picked, .is-dragged') !== null ||
  [...part.querySelectorAll('input, textarea')].some(typed) || (part.contains(document.activeElement) && document.activeElement.matches('input, select, textarea'));

let isStale = false;
let isAsking = false;

async function renew() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    await new Promise((done) => setTimeout(done, 250)); // a burst becomes one request
    const part = document.querySelector('#ticket, #tickets');
    if (!part?.dataset.reload) break;
    if (isUsed(part)) {
      await new Promise((done) => setTimeout(done, 1000));
      continue;
    }
    isStale = false;
    const held = document.activeElement?.getAttribute?.('href');
    const page = await desk.fragment(part.dataset.reload, () => part.isConnected, { headers: { 'HX-Request': 'true', 'HX-Target': part.id } });
    const fresh = page?.getElementById(part.id);
    if (!fresh || !part.isConnected) continue;
    if (isUsed(part)) {
      isStale = true;
      continue;
    }
    part.replaceWith(fresh);
    htmx.process(fresh);
    if (held) fresh.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }
  isAsking = false;
}

document.addEventListener('desk:event', ({ detail }) => {
  const open = document.getElementById('ticket')?.dataset.ticket;
  const isMine = detail.type === 'resync' || (detail.subject === 'ticket' && (!open || open === String(detail.id))) || (open && detail.subject === 'conversation');
  if (isMine) renew();
});
desk.renewTickets = renew;
