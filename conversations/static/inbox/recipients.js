// Recipients of a reply: who they are, told by the server as soon as they are typed; and the keyboard of a new conversation.

const { desk } = globalThis;

// What a reply takes along beside its text and files.
desk.along = (form) => {
  const along = {};
  for (const field of form.querySelectorAll('[data-along]')) {
    if (field.type !== 'checkbox') along[field.name] = field.value;
    else along[field.name] = `${along[field.name] ?? ''} ${field.checked ? field.value : ''}`.trim();
  }
  return along;
};

desk.putAlong = (form, along) => {
  for (const field of form.querySelectorAll('[data-along]')) {
    if (!(field.name in along)) continue;
    if (field.type === 'checkbox') field.checked = along[field.name].split(' ').includes(field.value);
    else field.value = along[field.name];
  }
  tell(form);
};

// The next reply begins with those whom the conversation has by now.
desk.clearAlong = (form) => {
  for (const field of form.querySelectorAll('[data-along]')) {
    if (field.name === 'cc') field.form.elements.cc_seen.value = field.value;
    else if (field.name !== 'cc_seen') field.value = field.name === 'to' ? field.dataset.usual : '';
  }
  tell(form);
};

let latest = 0;

async function tell(form) {
  const part = form.querySelector('[data-recipients]');
  if (!part) return;
  const mine = (latest += 1);
  const body = new FormData();
  body.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
  for (const [name, value] of Object.entries(desk.along(form))) body.set(name, value);
  const answer = await desk.ask(part.dataset.recipients, { method: 'POST', body });
  if (mine !== latest || answer.problem || !part.isConnected) return;
  const page = desk.parse(answer.text);
  form.querySelector('[data-recipients-notice]').replaceChildren(...page.body.childNodes);
  const line = form.elements.announced.dataset.line;
  if (line) part.querySelector('[data-recipients-line]').textContent = line;
}

document.addEventListener('change', (event) => event.target.matches('[data-recipients] input') && tell(event.target.form));

// Enter in a field ends it; it sends nothing.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.isComposing || !event.target.matches?.('[data-recipients] input')) return;
  event.preventDefault();
  tell(event.target.form);
});

// --- A new conversation: it is sent as any form is, once, when its files are uploaded --------------

document.addEventListener('submit', async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || !form.matches('form[data-new]')) return;
  const place = desk.place(form);
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  if (submitter?.matches('[data-drop]')) return desk.forget(place);
  if (submitter?.hasAttribute('formaction')) return;
  if (desk.files(form).some((one) => !one.done)) {
    event.preventDefault();
    await desk.uploaded();
    delete form.dataset.sent;
    if (!form.isConnected) return desk.say(form.dataset.notSent, { bad: true });
    if (desk.files(form).every((one) => one.done)) form.requestSubmit(submitter);
    else desk.say(form.dataset.notUploaded, { bad: true });
    return;
  }
  for (const { id } of desk.files(form)) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'draft_file', value: id }));
  desk.store('mail-sent', place);
});
addEventListener('pageshow', () => {
  const form = document.querySelector('form[data-new]');
  delete form?.dataset.sent;
  for (const input of form?.querySelectorAll(':scope > [name=draft_file]') ?? []) input.remove();
});

// The page that follows is the conversation, or the form again, which holds what was refused.
const sent = sessionStorage.getItem('mail-sent');
desk.store('mail-sent', '');
if (sent && ![...desk.forms()].some((form) => desk.place(form) === sent)) desk.forget(sent);
