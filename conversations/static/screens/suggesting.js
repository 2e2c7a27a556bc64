// Suggestions below a field: what may be searched for, or the workspace's tags. The module comes when one first has the focus.

const there = new WeakSet(); // fields whose suggestions have begun, or never will
const entered = new WeakSet(); // fields in which Enter was pressed before

async function load(field) {
  try {
    (await import(field.dataset.script)).begin(field);
  } catch {} // the field works without
  there.add(field);
  if (!entered.delete(field)) return;
  const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
  if (field.dispatchEvent(enter)) field.form?.requestSubmit(field.closest('.menu__body')?.querySelector('[data-enter]'));
}

function begin(field) {
  if (!field?.matches?.('input[data-suggestions]')) return;
  load(field);
  if (field.dataset.suggest !== 'tags') return;
  // The next tag is typed behind those that are there.
  if (field.value.trim()) field.value = field.value.replace(/[\s,]*$/, ', ');
  field.setSelectionRange(field.value.length, field.value.length);
}

document.addEventListener('focusin', ({ target }) => begin(target));
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.isComposing || event.target.dataset?.suggest !== 'tags' || there.has(event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  entered.add(event.target);
}, true);
document.addEventListener('focusout', ({ target }) => {
  if (target.dataset?.suggest === 'tags') target.value = target.value.replace(/[\s,]*$/, '');
}, true); // before what saves the field
begin(document.activeElement);
