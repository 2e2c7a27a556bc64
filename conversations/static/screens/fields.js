// What the scripts of all screens ask about a field.

const desk = (globalThis.desk ??= {});

// What a list shows when nothing was chosen in it.
const usual = (select) => ([...select.options].findLast((one) => one.defaultSelected) ?? select.options[0])?.value;

// Whether a field holds something else than the page gave it.
desk.isTyped = (field) =>
  field.matches('select') ? field.value !== usual(field)
  : field.matches('[type=checkbox], [type=radio]') ? field.checked !== field.defaultChecked
  : field.matches('input:not([type=hidden]), textarea') && (field.value !== field.defaultValue || field.validity.badInput);

// What was chosen in the lists of a form is taken back.
desk.unchoose = (form) => {
  for (const select of form.querySelectorAll('select')) select.value = usual(select) ?? '';
};

// By the browser's own insertion, where the caret is: Ctrl+Z takes it back, and what was typed stays. A box without the
// focus does not get it.
desk.insert = (text, words) => {
  if (document.activeElement === text && document.execCommand('insertText', false, words)) return;
  text.setRangeText(words, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
};
