// Drafts: texts are kept across pages, in this tab alone, per person, conversation and form. Files are kept while moving
// through the inbox; after leaving the page only their names are known, and a message says so.

const { desk } = globalThis;

desk.forms = () => document.querySelectorAll('form[data-compose]');
desk.form = (mode) => document.querySelector(`form[data-compose=${mode}]`);
desk.place = (form) => `${form.closest('[data-draft]').dataset.draft}:${form.dataset.compose}`;

// A full storage loses the copy, never the sending.
desk.store = (key, value) => {
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    sessionStorage.removeItem(key);
  }
};

const chosen = new Map(); // place → its files

desk.files = (form) => [...form.elements.uploads.files];

desk.setText = (form, text) => {
  form.elements.body.value = text;
  desk.store(`draft:${desk.place(form)}`, text);
};

desk.setFiles = (form, files) => {
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  form.elements.uploads.files = list.files;
  desk.keepFiles(desk.place(form), files);
  const shown = form.querySelector('.composer__files');
  shown.replaceChildren(...files.map(chip));
};

desk.keepFiles = (place, files) => {
  if (files.length) chosen.set(place, files);
  else chosen.delete(place);
  desk.store(`files:${place}`, files.length ? JSON.stringify(files.map((file) => file.name)) : '');
};

function chip(file, index) {
  const shown = document.createElement('span');
  const name = Object.assign(document.createElement('span'), { textContent: file.name, title: file.name });
  const remove = Object.assign(document.createElement('button'), { type: 'button', textContent: '×', title: `Remove ${file.name}` });
  shown.className = 'chip attached';
  remove.dataset.detach = index;
  remove.setAttribute('aria-label', remove.title);
  shown.append(name, remove);
  return shown;
}

// Restores the drafts of a page that was just shown.
desk.restore = () => {
  for (const form of desk.forms()) {
    const place = desk.place(form);
    const kept = sessionStorage.getItem(`draft:${place}`);
    if (kept && !form.elements.body.value) form.elements.body.value = kept;
    if (chosen.has(place)) desk.setFiles(form, chosen.get(place));
    else desk.forgetFiles(form, JSON.parse(sessionStorage.getItem(`files:${place}`) ?? '[]'));
  }
};

desk.forgetFiles = (form, names) => {
  if (!names.length) return;
  desk.store(`files:${desk.place(form)}`, JSON.stringify(names));
  form.querySelector('.composer__files').textContent = `Choose these files again: ${names.join(', ')}`;
};

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-compose]');
  if (!form || event.target.name !== 'body') return;
  desk.stay(); // who writes here stays here
  desk.store(`draft:${desk.place(form)}`, event.target.value);
});

// --- Files: chosen, pasted, dropped --------------------------------------------------------------

const add = (form, files) => files.length && desk.setFiles(form, [...(chosen.get(desk.place(form)) ?? []), ...files]);

document.addEventListener('change', (event) => {
  if (!event.target.matches('.attach input')) return;
  const form = event.target.form;
  const picked = [...event.target.files];
  if (picked.length) add(form, picked);
  else desk.setFiles(form, chosen.get(desk.place(form)) ?? []);
});

document.addEventListener('click', (event) => {
  const remove = event.target.closest('[data-detach]');
  if (!remove) return;
  const form = remove.closest('form');
  desk.setFiles(form, desk.files(form).filter((file, index) => index !== Number(remove.dataset.detach)));
  form.elements.body.focus({ preventScroll: true });
});

document.addEventListener('paste', (event) => {
  const form = event.target.closest?.('form[data-compose]');
  const data = event.clipboardData;
  // Text copied from a document comes with a picture of it: the text is meant.
  if (!form || event.target.name !== 'body' || !data.files.length || (data.getData('text/html') && data.getData('text/plain'))) return;
  event.preventDefault();
  add(form, [...data.files]);
});

const isFiles = (event) => event.dataTransfer?.types.includes('Files');
const shownForm = () => [...desk.forms()].find((form) => form.checkVisibility());
const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;

// A file that is dropped beside the composer must not replace the page.
document.addEventListener('dragover', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  const here = shownForm() && event.target.closest?.('.thread');
  event.dataTransfer.dropEffect = here ? 'copy' : 'none';
  document.getElementById('composer')?.classList.toggle('is-dropping', Boolean(here));
});
for (const name of ['dragleave', 'drop']) document.addEventListener(name, () => document.getElementById('composer')?.classList.remove('is-dropping'));
document.addEventListener('drop', (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  const form = shownForm();
  if (!form || !event.target.closest?.('.thread')) return;
  const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file');
  add(form, items.filter((item) => !isFolder(item)).map((item) => item.getAsFile()));
  if (items.some(isFolder)) desk.say('Folders cannot be attached.', { bad: true });
});
