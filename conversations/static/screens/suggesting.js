// Suggestions below a field: what may be searched for, or the workspace's tags. The module comes when one first has the focus.

const load = async (field) => (await import(field.dataset.script)).begin(field);

function begin(field) {
  if (!field?.matches?.('input[data-suggestions]')) return;
  load(field).catch(() => {}); // the field works without
  if (field.dataset.suggest !== 'tags') return;
  // The next tag is typed behind those that are there.
  if (field.value.trim()) field.value = field.value.replace(/[\s,]*$/, ', ');
  field.setSelectionRange(field.value.length, field.value.length);
}

document.addEventListener('focusin', ({ target }) => begin(target));
document.addEventListener('focusout', ({ target }) => {
  if (target.dataset?.suggest === 'tags') target.value = target.value.replace(/[\s,]*$/, '');
}, true); // before what saves the field
begin(document.activeElement);
