// The knowledge base: moving through its lists, the focus after a page was swapped in, and a form that is not left by
// mistake.

const { desk } = globalThis;
const docs = () => [...document.querySelectorAll('.doc')];

document.addEventListener('desk:key', ({ detail: { name } }) => {
  const all = docs();
  const at = all.indexOf(document.activeElement);
  if (name === 'next') all[at + 1]?.focus();
  if (name === 'previous') all[at < 0 ? all.length - 1 : Math.max(at - 1, 0)]?.focus();
  if (name === 'open') (all[at] ?? all[0])?.click();
});

document.addEventListener('htmx:afterSettle', (event) => {
  if (event.detail.target?.id === 'knowledge' && document.activeElement === document.body) document.getElementById('heading')?.focus({ preventScroll: true });
});

// --- Writing -------------------------------------------------------------------------------------

const form = () => document.querySelector('[data-write]');
let isLeaving = false;

// What a refused form brought back is as unsaved as what is typed. Buttons hold nothing that is.
const isUnsaved = (form) =>
  form.querySelector('[aria-invalid], [role=alert]') !== null ||
  [...form.querySelectorAll('input, textarea')].some(desk.isTyped);

document.addEventListener('desk:done', ({ detail }) => (isLeaving = detail.form === form()));
document.addEventListener('desk:shown', () => (isLeaving = false));
addEventListener('beforeunload', (event) => {
  if (form() && !isLeaving && isUnsaved(form())) event.preventDefault();
});
document.addEventListener('keydown', (event) => {
  const writing = event.target.closest?.('[data-write]');
  if (!writing || event.key !== 'Enter') return;
  const isSave = event.ctrlKey || event.metaKey;
  // In the title, Enter goes on to the text: nobody means to save an article by it.
  if (!isSave && !event.target.matches('.write__title')) return;
  event.preventDefault();
  if (isSave) writing.requestSubmit(writing.querySelector('[data-shortcut=send]'));
  else writing.elements.body.focus();
});
form()?.querySelector('[aria-invalid]')?.focus();
