// The composer's keyboard, its two forms, and the assistant's suggestion. Only a person's action switches the
// tabs or moves the focus, never an answer.

const { desk } = globalThis;
const body = (mode) => document.getElementById(`${mode}-body`);
const hasKeyboard = () => matchMedia('(pointer: fine)').matches; // on a touch screen its keyboard would cover the text

document.addEventListener('change', (event) => event.target.name === 'composer-mode' && body(event.target.value)?.focus());

function turnTo(mode) {
  const tab = document.getElementById(`mode-${mode}`);
  if (tab) tab.checked = true;
  return tab !== null;
}

// Chosen with the keyboard's r or n.
document.addEventListener('desk:compose', ({ detail: { mode } }) => {
  if (!turnTo(mode)) return;
  const text = body(mode);
  if (!text.dataset.visited && document.activeElement !== text) text.setSelectionRange(text.value.length, text.value.length);
  text.dataset.visited = '';
  text.focus();
});

// The second click of a double click on a button that is sending does not take the focus out of the text.
document.addEventListener('mousedown', (event) => {
  if (event.target.closest('.format')) event.preventDefault(); // the selection stays
  if (event.target.closest('.composer__tools') && !event.target.closest('button:enabled, summary, input, label, .menu__body')) event.preventDefault();
});

// Sends the form that it is pressed in, with that form's own button.
document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('form[data-compose]');
  if (!form || event.key !== 'Enter' || event.isComposing || event.target.matches('.macros__filter')) return;
  if (event.target.name === 'later_at') {
    event.preventDefault();
    return form.querySelector('[data-later][value=at]').click();
  }
  if (!(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (event.altKey) return later(form);
  const button = (event.shiftKey && form.querySelector('[data-send=resolve]')) || form.querySelector('[data-send=""]');
  if (!button.disabled && !event.repeat) form.requestSubmit(button);
});

function later(form) {
  const menu = form.querySelector('.send-later');
  if (!menu) return;
  menu.open = true;
  menu.querySelector('[data-later]').focus();
}

// What is rarely needed is loaded when someone begins to write.
const extras = () => {
  const { pick, formatScript } = document.querySelector('[data-format-script]').dataset;
  return Promise.all([import(formatScript), import(pick)]).catch(() => desk.say(desk.errorText('offline'), { bad: true }));
};
document.addEventListener('focusin', (event) => event.target.matches('form[data-compose] textarea[name=body]') && extras());
document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-format]');
  if (button && (await extras())) desk.format(button.form, button.dataset.format);
});

// --- The suggestion ------------------------------------------------------------------------------

// Tab inserts it into an empty reply, Esc dismisses it; nothing is ever sent automatically.
const suggestion = () => document.querySelector('#draft[data-text]');

function use() {
  const { text } = suggestion().dataset;
  suggestion().replaceWith(Object.assign(document.createElement('div'), { id: 'draft', hidden: true }));
  body('reply').focus();
  desk.insert(body('reply'), text);
}

// Requesting or dismissing a suggestion moves the focus to the reply, where Tab and Esc act on it.
document.addEventListener('submit', (event) => {
  if (event.target.id === 'draft-form' && turnTo('reply') && hasKeyboard()) body('reply').focus({ preventScroll: true });
});

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-draft-use]')) return;
  event.preventDefault();
  use();
});

document.addEventListener('keydown', (event) => {
  if (event.target.id !== 'reply-body' || event.target.value || !suggestion()) return;
  if (event.key === 'Tab' && !event.shiftKey) {
    event.preventDefault();
    use();
  } else if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    suggestion().querySelector('[data-draft-dismiss]').click();
  }
});
