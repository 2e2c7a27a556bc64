// Moving cards between the columns: with the pointer or a finger, with the keyboard, or by the menu of a card. A card moves at once, and
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

// --- A finger ------------------------------------------------------------------------------------

// A card that is pressed long follows the finger, which scrolls the board near its edges. What moves sooner is scrolling.

const PRESS = 350; // ms
const SLACK = 8; // px that a finger may move meanwhile
const EDGE = 64; // px
let touch = null; // { card, id, x, y, nowX, nowY, timer, image }: the image follows once the card is lifted
let leftAt = 0; // when a card was dropped: the click that may follow opens nothing

const isOver = (one, column) => one.classList.toggle('is-over', one === column);
const below = () => document.elementFromPoint(touch.nowX, touch.nowY)?.closest('.column');

function lift() {
  const { card } = touch;
  if (!card.isConnected) return release(); // a newer one is in its place
  const box = card.getBoundingClientRect();
  const image = (touch.image = card.cloneNode(true));
  image.removeAttribute('id');
  image.inert = true;
  image.classList.add('is-lifted');
  Object.assign(image.style, { width: `${box.width}px`, left: `${box.left}px`, top: `${box.top}px` });
  document.body.append(image);
  card.classList.add('is-dragged');
  navigator.vibrate?.(10);
  follow();
}

const step = (at, size) => (at < EDGE ? at - EDGE : at > size - EDGE ? at - size + EDGE : 0) / 4;

function scroller() {
  let one = board();
  while (one.parentElement && (one.scrollHeight <= one.clientHeight || !/auto|scroll/.test(getComputedStyle(one).overflowY))) one = one.parentElement;
  return one;
}

function follow() {
  if (!touch?.image) return;
  const { image, x, y, nowX, nowY } = touch;
  image.style.translate = `${nowX - x}px ${nowY - y}px`;
  scroller().scrollBy(0, step(nowY, innerHeight));
  document.getElementById('board').scrollBy(step(nowX, innerWidth), 0);
  for (const one of columns()) isOver(one, below());
  requestAnimationFrame(follow);
}

function release() {
  const { card, image, timer } = touch;
  touch = null;
  clearTimeout(timer);
  card.draggable = true;
  if (!image) return;
  leftAt = Date.now();
  image.remove();
  card.classList.remove('is-dragged');
  for (const one of columns()) isOver(one);
}

document.addEventListener('pointerdown', (event) => {
  if (touch) release(); // a second finger
  const card = event.pointerType === 'touch' && event.isPrimary && event.target.closest?.('.card-ticket[draggable=true]');
  if (!card || event.target.closest('.menu')) return;
  card.draggable = false; // the browser's own way is not for fingers
  const { clientX: x, clientY: y } = event;
  touch = { card, id: event.pointerId, x, y, nowX: x, nowY: y, timer: setTimeout(lift, PRESS) };
});
document.addEventListener('pointermove', ({ pointerId, clientX, clientY }) => {
  if (touch?.id !== pointerId) return;
  Object.assign(touch, { nowX: clientX, nowY: clientY });
  if (!touch.image && Math.hypot(clientX - touch.x, clientY - touch.y) > SLACK) release();
});
document.addEventListener('pointerup', ({ pointerId }) => {
  if (touch?.id !== pointerId) return;
  const { card, image } = touch;
  const column = image && below();
  release();
  if (column) move(card, column);
});
document.addEventListener('pointercancel', ({ pointerId }) => touch?.id === pointerId && release());
document.addEventListener('touchmove', (event) => touch?.image && event.cancelable && event.preventDefault(), { passive: false });
document.addEventListener('contextmenu', (event) => touch && event.preventDefault());
document.addEventListener('click', (event) => Date.now() - leftAt < 300 && event.target.closest('.card-ticket') && event.preventDefault(), true);

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
