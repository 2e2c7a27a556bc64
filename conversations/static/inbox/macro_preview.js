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
  const words = form.dataset.text;
  const place = desk.place(text.form);
  const insert = () => {
    if (!words || !text.isConnected) return;
    if ([text.value, text.selectionStart, text.selectionEnd].join() !== before) text.setSelectionRange(text.value.length, text.value.length);
    desk.insert(text, words);
  };
  // Refused: nothing of the macro stays, unless its text was changed since.
  const takeBack = () => {
    if (!words) return;
    const written = text.isConnected ? text.value : (sessionStorage.getItem(`draft:${place}`) ?? '');
    const at = written.lastIndexOf(words);
    if (at < 0) return;
    if (!text.isConnected) return desk.keepText(place, written.slice(0, at) + written.slice(at + words.length));
    text.setRangeText('', at, at + words.length, 'preserve');
    text.dispatchEvent(new Event('input', { bubbles: true }));
  };
  // Sent, and sent again after it was lost.
  const applied = ({ detail }) => {
    if (!form.isConnected && detail.form !== form) document.removeEventListener('desk:changing', applied); // another preview has come
    if (detail.form !== form) return;
    insert();
    detail.undo.push(takeBack);
  };
  document.addEventListener('desk:changing', applied);
  const close = () => {
    dialog.close();
    if (text.isConnected) text.focus({ preventScroll: true });
  };
  form.addEventListener('submit', close);
  dialog.addEventListener('click', ({ target }) => {
    const act = target.closest('[data-preview-act]')?.dataset.previewAct;
    if (act === 'text') insert();
    if (act) close();
  });
  dialog.showModal();
}
