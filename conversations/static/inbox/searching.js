// Suggestions below the search: operators, their values, customers. The module comes when the field first has the focus.

let loaded = null;
const load = () => (loaded ??= import('./suggestions.js'));

document.addEventListener('focusin', ({ target }) => {
  if (target.id === 'search') load().then(({ begin }) => begin(target));
});
if (document.activeElement?.id === 'search') load().then(({ begin }) => begin(document.activeElement));
