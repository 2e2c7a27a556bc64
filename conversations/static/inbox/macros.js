// Macros: a menu that is filtered while someone types, and inserting the chosen text.

const { desk } = globalThis;
const words = document.getElementById('inbox-words').dataset;
const macros = (menu) => [...menu.querySelectorAll('[data-macro]')];

function sift(menu) {
  const typed = desk.plain(menu.querySelector('.macros__filter').value).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const macro of macros(menu)) {
    const text = desk.plain(macro.textContent);
    macro.hidden = !typed.every((word) => text.includes(word));
    if (!macro.hidden) found += 1;
  }
  menu.querySelector('[data-none]')?.toggleAttribute('hidden', found > 0);
}

function empty(menu) {
  menu.querySelector('.macros__filter').value = '';
  sift(menu);
}

async function insert(macro) {
  const menu = macro.closest('.macros');
  const text = menu.closest('form').elements.body;
  menu.open = false;
  if (macro.dataset.preview) return (await import(macro.dataset.module)).preview(macro, text);
  text.focus({ preventScroll: true });
  const before = [text.value, text.selectionStart, text.selectionEnd].join();
  const answer = await desk.ask(macro.dataset.macro);
  if (answer.problem) return desk.say(words.macroFailed, { bad: true });
  if (!text.isConnected || !desk.isOpen(answer.number)) return;
  desk.ask(macro.dataset.used, { method: 'POST', body: new URLSearchParams({ csrfmiddlewaretoken: text.form.elements.csrfmiddlewaretoken.value }) });
  if ([text.value, text.selectionStart, text.selectionEnd].join() === before) return desk.insert(text, answer.text);
  // Something was written meanwhile: the writer decides where the text goes.
  const name = macro.querySelector('b').textContent;
  desk.say(words.macroReady.replace('{}', () => name), { act: words.insert, then: () => text.isConnected && (text.focus(), desk.insert(text, answer.text)) });
}

document.addEventListener('input', (event) => event.target.matches('.macros__filter') && sift(event.target.closest('.macros')));
document.addEventListener('htmx:afterSwap', (event) => event.detail.target?.matches?.('.macros__list') && sift(event.detail.target.closest('.macros')));
document.addEventListener('click', (event) => {
  const macro = event.target.closest('[data-macro]');
  if (macro) insert(macro);
});
document.addEventListener('keydown', (event) => {
  if (event.isComposing || !event.target.matches?.('.macros__filter')) return;
  const menu = event.target.closest('.macros');
  if (event.key === 'Escape') empty(menu);
  if (event.key !== 'Enter') return;
  event.preventDefault();
  const first = macros(menu).find((macro) => !macro.hidden);
  if (first) insert(first);
});
document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('.macros')) return;
  const filter = event.target.querySelector('.macros__filter');
  if (!event.target.open) empty(event.target);
  // This event is late: someone may be typing or choosing already, or have left.
  else if (document.activeElement === document.body || document.activeElement === event.target.querySelector('summary')) filter.focus();
}, true);
