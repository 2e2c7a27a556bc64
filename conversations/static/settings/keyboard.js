// A field for keys that takes what is pressed: a second key within a moment makes a sequence. Backspace empties it; Tab,
// Enter and keys held with Ctrl, Alt or ⌘ keep their meaning.

const SEQUENCE = 1200; // ms between two keys that belong together
let at = 0;
let last = null;

document.addEventListener('keydown', (event) => {
  const field = event.target;
  if (!field.matches?.('[data-record]') || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Backspace' || event.key === 'Delete') {
    event.preventDefault();
    field.value = '';
    return;
  }
  if ([...event.key].length !== 1 || event.key === ' ') return;
  event.preventDefault();
  const isNext = field === last && Date.now() - at < SEQUENCE && /^\S+$/.test(field.value);
  field.value = isNext ? `${field.value} ${event.key}` : event.key;
  field.dispatchEvent(new Event('change', { bubbles: true }));
  [last, at] = [field, isNext ? 0 : Date.now()];
});
