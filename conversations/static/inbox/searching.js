// Suggestions below the search: operators, their values, customers. The module comes when the field first has the focus.

const load = async (field) => (await import(field.dataset.script)).begin(field);

document.addEventListener('focusin', ({ target }) => {
  if (target.id === 'search') load(target).catch(() => {}); // searching works without
});
if (document.activeElement?.id === 'search') load(document.activeElement).catch(() => {});
