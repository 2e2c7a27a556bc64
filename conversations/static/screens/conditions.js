// The editor of a condition: rows come and go without the page, and what matches is counted while it is made.
// Every part is made by the desk, as it is without this script.

const { desk } = globalThis;
const WAIT = 400; // ms without a change before matches are counted
const asked = new Map(); // what was asked for last, by part
let timer = 0;
let latest = 0;

const whole = () => document.getElementById('cond');

// What the desk answers to one of the editor's buttons, with the editor as it is.
async function answer(action) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(whole().form)) {
    if (/^(c\.|condition)|^(search|csrfmiddlewaretoken)$/.test(name)) data.append(name, value);
  }
  data.set('edit', action);
  const found = await desk.ask(whole().dataset.url, { method: 'POST', body: data });
  if (found.problem && action !== 'check') desk.say(desk.errorText(found.problem), { bad: true });
  return found.problem || found.status >= 400 ? null : desk.parse(found.text).body;
}

let isAdding = false;

async function add(button) {
  const parts = document.getElementById(`${button.value.slice(button.value.indexOf(':') + 1)}-parts`);
  if (isAdding) return; // two at once would get one place
  isAdding = true;
  const made = (await answer(button.value))?.firstElementChild;
  isAdding = false;
  if (!made || !parts?.isConnected) return;
  parts.append(made);
  // Who went on elsewhere meanwhile stays there.
  if (document.activeElement === button || document.activeElement === document.body) made.querySelector('[data-shape]').focus();
  changed();
}

function remove(part) {
  const next = part.nextElementSibling ?? part.previousElementSibling;
  const to = next?.querySelector('select') ?? part.closest('.cond__parts').parentElement.querySelector(':scope > .cond__tools button');
  part.remove();
  to.focus();
  changed();
}

// What was typed or ticked in a row while its new one was on its way.
function takeOver(old, made) {
  for (const one of old.querySelectorAll('[name$=".value"], [name$=".unit"]')) {
    const same = [...made.querySelectorAll(`[name="${one.name}"]`)].filter((other) => other.type === one.type);
    if (one.type === 'checkbox') same.forEach((other) => other.value === one.value && (other.checked = one.checked));
    else if (same[0] && (!same[0].options || [...same[0].options].some((option) => option.value === one.value))) same[0].value = one.value;
  }
}

async function shape(part) {
  const mine = Symbol(part.id);
  asked.set(part.id, mine);
  const made = (await answer(`shape:${part.id}`))?.firstElementChild;
  const now = document.getElementById(part.id);
  if (!made || !now || asked.get(part.id) !== mine) return;
  const focused = now.contains(document.activeElement) ? document.activeElement : null;
  takeOver(now, made);
  now.replaceWith(made);
  const to = focused && (document.getElementById(focused.id) ?? made.querySelector('select'));
  to?.focus();
  if (to?.type === 'text' && focused.type === 'text') to.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  changed();
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(check, WAIT);
}

async function check() {
  if (!whole()) return;
  const mine = (latest += 1);
  const box = document.getElementById('cond-check');
  box.setAttribute('aria-busy', 'true');
  const found = await answer('check');
  if (mine !== latest) return;
  box.removeAttribute('aria-busy');
  const words = found?.querySelector('[data-words]');
  if (words && words.textContent.trim() !== box.textContent.trim()) box.replaceChildren(...words.childNodes);
  const [text, before] = [document.getElementById('id_condition'), whole().querySelector('[name="condition_before"]')];
  const json = found?.querySelector('[data-text]')?.value;
  // What is being typed there stays: it goes before the rows.
  if (json === undefined || document.activeElement === text || text.value !== text.defaultValue) return;
  text.value = text.defaultValue = before.value = json;
}

async function fromJson() {
  const made = (await answer('json'))?.querySelector('#cond');
  if (!made) return;
  made.querySelector('details').open = true;
  const has = document.activeElement?.id === 'id_condition';
  whole().replaceWith(made);
  if (has) document.getElementById('id_condition').focus();
  if (!made.querySelector('#cond-fault')) changed();
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('#cond button[name="edit"]');
  if (!button) return;
  event.preventDefault();
  if (button.value.startsWith('remove:')) remove(button.closest('[data-part]'));
  else add(button);
});
document.addEventListener('change', ({ target }) => {
  if (target.matches('#cond [data-condition]')) fromJson();
  else if (target.matches('#cond [data-shape]')) shape(target.closest('[data-part]'));
  else if (target.matches('#cond *, [name="search"]')) changed();
});
document.addEventListener('input', ({ target }) => {
  if (target.matches('#cond .cond__row input, #cond .cond__row textarea')) changed();
});
const begin = () => whole()?.querySelector('.cond__row') && check();
document.addEventListener('desk:shown', begin);
begin();
