// Replies that have not arrived, below the thread and in their messages: each answer about the open conversation has them all.

const { desk } = globalThis;
const words = document.getElementById('inbox-words').dataset;
const place = () => document.getElementById('outgoing');
const isUsed = (part) => part.querySelector('details[open]') !== null || [...part.querySelectorAll('textarea')].some(desk.isTyped);
const newest = new WeakMap(); // when what is shown was asked for, by the server's clock
const reviewed = new WeakSet(); // replies whose review was sent: once they are gone, so is what was typed

document.addEventListener('desk:fresh', ({ detail: { page } }) => {
  const shown = place();
  const fresh = page.getElementById('outgoing');
  // An answer that was overtaken by another one is older than what is shown.
  if (!shown || !fresh || Number(fresh.dataset.at) < (newest.get(shown) ?? Number(shown.dataset.at))) return;
  newest.set(shown, Number(fresh.dataset.at));
  renewReplies(shown, fresh);
  renewStates(page.querySelector('[data-states]'));
});

function renewReplies(shown, fresh) {
  for (const old of [...shown.children]) {
    if (!fresh.querySelector(`[id="${old.id}"]`) && (reviewed.has(old) || !isUsed(old))) old.remove();
  }
  for (const reply of [...fresh.children]) {
    const old = document.getElementById(reply.id);
    if (!old) shown.append(reply);
    else if (old.dataset.version !== reply.dataset.version) renew(old, reply);
    desk.announce('sent', { id: reply.dataset.sent });
  }
  tick();
}

// Who is reviewing a reply keeps what they have typed, and learns of what has come since.
function renew(old, reply) {
  if (!isUsed(old) || !reply.querySelector('.review')) return old.replaceWith(reply);
  old.dataset.version = reply.dataset.version;
  old.querySelector('[data-unseen]').replaceWith(reply.querySelector('[data-unseen]'));
  old.querySelector('[name=expected_last]').value = reply.querySelector('[name=expected_last]').value;
}

document.addEventListener('submit', (event) => event.target.matches('.review__form') && reviewed.add(event.target.closest('.later')));
document.addEventListener('input', (event) => event.target.closest('.review__form') && reviewed.delete(event.target.closest('.later')));

// A message without a state in the answer has arrived.
function renewStates(part) {
  if (!part) return;
  for (const slot of document.querySelectorAll('.message__state')) {
    const fresh = part.querySelector(`[id="${slot.id}"]`);
    if ((slot.dataset.version ?? '') === (fresh?.dataset.version ?? '')) continue;
    if (fresh) slot.dataset.version = fresh.dataset.version;
    else delete slot.dataset.version;
    slot.replaceChildren(...(fresh?.childNodes ?? []));
  }
}

// --- How long a reply may be taken back ----------------------------------------------------------

const ends = new WeakMap(); // by this page's own clock

function tick() {
  for (const shown of document.querySelectorAll('[data-countdown]')) {
    if (!ends.has(shown)) ends.set(shown, performance.now() + Number(shown.dataset.countdown) * 1000);
    const seconds = Math.ceil((ends.get(shown) - performance.now()) / 1000);
    const text = seconds > 0 ? words.sendingIn.replace('{}', seconds) : words.sending;
    if (shown.textContent !== text) shown.textContent = text;
  }
}

setInterval(tick, 250);
document.addEventListener('htmx:afterSettle', tick);
tick();

// What is taken back goes into the reply, where its writer goes on.
document.addEventListener('click', (event) => {
  const address = event.target.closest?.('button[form=outbox-form]')?.getAttribute('formaction') ?? '';
  if (address.split('?')[0].endsWith('/undo')) desk.announce('compose', { mode: 'reply' });
});
