// Macros that do something: a dialog says what, before it is done. Loaded with the first of them.

const { desk } = globalThis;
let dialog = null;

// `text` is the field that the macro's text goes into.
export async function preview(macro, text) {
  const before = [text.value, text.selectionStart, text.selectionEnd].join();
  const answer = await desk.ask(`${macro.dataset.preview}?${document.getElementById('rows')?.dataset.list.split('?')[1] ?? ''}`);
  if (answer.problem) return desk.say(desk.errorText(answer.problem), { bad: true });
  if (!text.isConnected || !desk.isOpen(answer.number)) return;
  dialog?.remove();
  dialog = document.createElement('dialog');
  dialog.className = 'help preview-dialog';
  dialog.setAttribute('aria-labelledby', 'preview-title');
  dialog.append(desk.parse(answer.text).querySelector('.preview'));
  document.body.append(dialog);
  const form = dialog.querySelector('form');
  const insert = () => {
    if (!form.dataset.text || !text.isConnected) return;
    if ([text.value, text.selectionStart, text.selectionEnd].join() !== before) text.setSelectionRange(text.value.length, text.value.length);
    desk.insert(text, form.dataset.text);
  };
  const close = () => {
    dialog.close();
    if (text.isConnected) text.focus({ preventScroll: true });
  };
  form.addEventListener('submit', () => {
    insert();
    close();
  });
  dialog.addEventListener('click', ({ target }) => {
    const act = target.closest('[data-preview-act]')?.dataset.previewAct;
    if (act === 'text') insert();
    if (act) close();
  });
  dialog.showModal();
}
