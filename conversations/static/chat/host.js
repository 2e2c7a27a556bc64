// The website's page around the frame: one channel, opened by a greeting that comes from the page itself and from an origin that
// may show the chat.

const { chat } = globalThis;
const allowed = chat.boot.widget.origins ?? [];
let port = null;

chat.host = {
  post: (type, data) => port?.postMessage({ type, data }),
  // A session has ended. Another tab may have the next one already: the page knows, and says which it is, if any.
  forget: (token) => (port ? chat.host.post('forget', token) : chat.forget()),
};

const messages = {
  page: (page) => (chat.page = page),
  token: (token) => chat.adopt(token),
  open: (how) => chat.open(how),
  close: () => chat.close(),
  identify: (who) => chat.identify(who),
  fields: (fields) => (chat.fields = fields),
  context: (context) => (chat.context = context),
  draft: (text) => chat.show('thread', { draft: typeof text === 'string' ? text : '' }),
  form: (key) => chat.show('form', { key }),
  form_fields: (fields) => (chat.formFields = fields),
  visible_forms(keys) {
    chat.visibleForms = Array.isArray(keys) ? keys : null;
    chat.emit('online');
  },
  theme: (theme) => chat.setTheme(theme),
  shutdown: (token) => chat.shutDown(token),
};

function greet(event) {
  if (event.source !== parent || event.data?.parley !== 1 || !event.ports[0] || port) return;
  if (allowed.length && ![location.origin, ...allowed].includes(event.origin)) return;
  port = event.ports[0];
  port.onmessage = ({ data }) => Object.hasOwn(messages, data.type) && messages[data.type](data.data);
  chat.begin(event.data);
  chat.host.post('ready');
}
addEventListener('message', greet);
