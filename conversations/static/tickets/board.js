// Moving cards between the columns: with the pointer, with the keyboard, or by the menu of a card. A card moves at once, and
// goes back where it was, with the reason, when the desk refuses.

const { desk } = globalThis;
const board = () => document.getElementById('tickets');
const columns = () => [...board().querySelectorAll('.column')];
const listOf = (column) => column.querySelector('.column__cards');
const titleOf = (column) => column.getAttribute('aria-label');
const numberOf = (card) => card.querySelector('.num').textContent;

function say(name, card, column) {
  const text = board().dataset[name].replace('{number}', numberOf(card)).replace('{status}', titleOf(column));
  board().querySelector('[data-board-says]').textContent = text;
}

function put(card, column, before = listOf(column).firstElementChild) {
  const held = card.contains(document.activeElement) ? document.activeElement : null;
  listOf(column).insertBefore(card, before === card ? card.nextElementSibling : before);
  held?.focus({ preventScroll: true });
}

const moves = new WeakMap(); // card → how many of its moves are on their way
function count(card, by) {
  moves.set(card, (moves.get(card) ?? 0) + by);
  card.classList.toggle('is-moving', moves.get(card) > 0);
}

async function move(card, to) {
  const from = columns().find((column) => column.dataset.status === card.dataset.status);
  if (!to || to === from) return;
  const place = card.nextElementSibling;
  put(card, to);
  const status = to.dataset.status;
  const before = card.dataset.status;
  card.dataset.status = status;
  count(card, 1);
  const token = document.querySelector('[name=csrfmiddlewaretoken]')?.value ?? '';
  const body = new URLSearchParams({ status, expected: before, csrfmiddlewaretoken: token });
  const answer = await desk.inTurn(`card ${card.dataset.id}`, () => desk.ask(card.dataset.move, { method: 'POST', body, headers: { 'Desk-Board': '1' } }));
  count(card, -1);
  const isRefused = answer.problem !== '' || answer.status >= 400;
  if (answer.problem === 'signed-out') return location.reload();
  if (answer.to) return location.assign(answer.to);
  if (!answer.problem) document.getElementById('toasts').append(...desk.parse(answer.text).querySelectorAll('[data-toast]'));
  if (!isRefused) return say('dropped', card, to);
  const again = { act: desk.words.again, then: () => move(document.getElementById(card.id) ?? card, to) };
  if (answer.problem) desk.say(desk.errorText(answer.problem), { bad: true, ...(answer.problem === 'offline' ? again : {}) });
  if (card.dataset.status === status) {
    card.dataset.status = before;
    if (card.isConnected && from.isConnected) put(card, from, place?.parentElement === listOf(from) ? place : null);
    say('cancelled', card, from);
  }
  desk.renewTickets();
}

// --- The pointer ---------------------------------------------------------------------------------

let dragged = null;

document.addEventListener('dragstart', (event) => {
  const card = event.target.closest?.('.card-ticket[draggable=true]');
  if (!card) return;
  dragged = card;
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', numberOf(card));
  requestAnimationFrame(() => card.classList.add('is-dragged'));
});
document.addEventListener('dragover', (event) => {
  const column = dragged && event.target.closest?.('.column');
  for (const one of columns()) one.classList.toggle('is-over', one === column);
  if (column) event.preventDefault();
});
document.addEventListener('drop', (event) => {
  const column = dragged && event.target.closest?.('.column');
  if (!column) return;
  event.preventDefault();
  move(dragged, column);
});
document.addEventListener('dragend', () => {
  dragged?.classList.remove('is-dragged');
  dragged = null;
  for (const one of columns()) one.classList.remove('is-over');
});

// --- The keyboard --------------------------------------------------------------------------------

let picked = null; // {card, column}: the column that it would be dropped in

function drop(isKept) {
  const { card, column, from } = picked;
  picked = null;
  card.classList.remove('is-picked');
  for (const one of columns()) one.classList.remove('is-over');
  if (isKept && column !== from) move(card, column);
  else say('cancelled', card, from);
  card.querySelector('[data-row]').focus({ preventScroll: true });
}

document.addEventListener('keydown', (event) => {
  const link = event.target.closest?.('.card-ticket [data-row]');
  if (!link || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const card = link.closest('.card-ticket');
  if (event.key === ' ' && card.draggable) {
    event.preventDefault();
    if (picked) return drop(true);
    const from = card.closest('.column');
    picked = { card, column: from, from };
    card.classList.add('is-picked');
    from.classList.add('is-over');
    return say('picked', card, from);
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (picked && step) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const all = columns();
    const sign = getComputedStyle(board()).direction === 'rtl' ? -step : step;
    picked.column = all[Math.min(all.length - 1, Math.max(0, all.indexOf(picked.column) + sign))];
    for (const one of all) one.classList.toggle('is-over', one === picked.column);
    picked.column.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    return say('over', card, picked.column);
  }
  if (picked && event.key === 'Escape') {
    event.preventDefault();
    event.stopImmediatePropagation();
    return drop(false);
  }
  if (step) {
    const all = columns();
    const sign = getComputedStyle(board()).direction === 'rtl' ? -step : step;
    for (let at = all.indexOf(card.closest('.column')) + sign; all[at]; at += sign) {
      const next = all[at].querySelector('[data-row]');
      if (next) return void (event.preventDefault(), next.focus());
    }
  }
}, true);
document.addEventListener('focusout', (event) => {
  if (picked && !picked.card.contains(event.relatedTarget)) drop(false);
});

// --- The menu ------------------------------------------------------------------------------------

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-board-move]')) return;
  event.preventDefault();
  form.closest('details').open = false;
  const card = form.closest('.card-ticket');
  move(card, columns().find((column) => column.dataset.status === event.submitter.value));
  card.querySelector('[data-row]').focus({ preventScroll: true });
});
