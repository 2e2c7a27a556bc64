// Recipients of a reply: who they are, told by the server as soon as they are typed; and the keyboard of a new conversation.

const { desk } = globalThis;

// What a reply takes along beside its text and files.
desk.along = (form) => Object.fromEntries([...form.querySelectorAll('[data-along]')].map((field) => [field.name, field.value]));

desk.putAlong = (form, along) => {
  for (const field of form.querySelectorAll('[data-along]')) if (field.name in along) field.value = along[field.name];
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

document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('form[data-new]');
  if (!form || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing || event.repeat) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector('[data-send-new]'));
});

// Sent once, however often it is pressed.
document.addEventListener('submit', (event) => {
  if (!event.target.matches('form[data-new]')) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => delete document.querySelector('form[data-new]')?.dataset.sent);

// --- A new conversation: its text stays in this tab until it was sent ------------------------------

const FIELDS = ['to', 'cc', 'bcc', 'subject', 'body'];
const fresh = () => document.querySelector('form[data-new]');
const keyOf = (form) => `new:${form.dataset.me}`;

document.addEventListener('input', ({ target: { form } }) => {
  if (!form?.matches('form[data-new]')) return;
  const typed = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
  desk.store(keyOf(form), Object.values(typed).some(Boolean) ? JSON.stringify(typed) : '');
});
document.addEventListener('submit', ({ target }) => target.matches('form[data-new]') && desk.store('new-sent', keyOf(target)));

function restore() {
  const form = fresh();
  const sent = sessionStorage.getItem('new-sent');
  // The page that follows is the conversation, or the form again, which holds what was refused.
  if (sent && !form) desk.store(sent, '');
  desk.store('new-sent', '');
  const kept = form && JSON.parse(sessionStorage.getItem(keyOf(form)) ?? 'null');
  if (!kept || form.elements.body.value || form.elements.subject.value) return;
  for (const name of FIELDS) form.elements[name].value ||= kept[name];
}
document.addEventListener('htmx:afterSettle', ({ detail }) => ['open', 'desk'].includes(detail.target?.id) && restore());
restore();
