// Favourite views are put in order by dragging; the arrows beside each do the same for the keyboard, without this script too.

let dragged = null;

document.addEventListener('dragstart', (event) => {
  dragged = event.target.closest?.('[data-order] > li');
  if (dragged) event.dataTransfer.effectAllowed = 'move';
});
document.addEventListener('dragover', (event) => {
  const over = event.target.closest?.('[data-order] > li');
  if (!dragged || !over) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? 'before' : 'after'](dragged);
});
document.addEventListener('drop', (event) => {
  if (dragged) event.preventDefault();
});
document.addEventListener('dragend', () => {
  if (!dragged) return;
  const form = dragged.querySelector('[data-move]');
  const before = document.createElement('input');
  Object.assign(before, { type: 'hidden', name: 'before', value: dragged.nextElementSibling?.dataset.view ?? '' });
  form.append(before);
  dragged = null;
  form.requestSubmit();
});
