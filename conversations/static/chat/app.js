// The frame itself: which view is shown, opening and closing, and the theme.

const { chat } = globalThis;
const app = document.getElementById('app');
const page = document.documentElement;
let view = null;
let viewName = '';
let isFull = false;

// --- Colours: what is written on the widget's colour, and the colour as text, can be read ------------------------------

const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
const luminance = (color) => {
  const [r, g, b] = color.map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};
function readable(color, ground, towards) {
  let found = color;
  for (let part = 0; part <= 1 && contrast(found, ground) < 4.6; part += 0.05) found = color.map((one, at) => Math.round(one + (towards[at] - one) * part));
  return `rgb(${found.join(' ')})`;
}
const WHITE = [255, 255, 255];
const BLACK = [17, 18, 24];
const DARK = [32, 35, 44]; // the lightest of the dark surfaces
function paint() {
  const color = channels(/^#[\da-f]{6}$/i.test(chat.boot.widget.color) ? chat.boot.widget.color : '#1f5eff');
  page.style.setProperty('--accent', `rgb(${color.join(' ')})`);
  page.style.setProperty('--accent-ink', contrast(color, WHITE) >= 4.5 || contrast(color, WHITE) > contrast(color, BLACK) ? '#fff' : `rgb(${BLACK.join(' ')})`);
  page.style.setProperty('--accent-light', readable(color, [244, 245, 248], BLACK));
  page.style.setProperty('--accent-dark', readable(color, DARK, WHITE));
}
chat.setTheme = (theme) => {
  if (theme === 'dark' || theme === 'light') page.dataset.theme = theme;
  else delete page.dataset.theme;
};

// --- Views -------------------------------------------------------------------------------------------------

const listeners = ['thread', 'moved', 'conversations', 'online', 'asked', 'forgotten', 'connection', 'typing'];
for (const event of listeners) chat.on(event, (detail) => view?.on[event]?.(detail));

chat.on('left', () => chat.show('home'));

chat.show = (name, how = {}) => {
  const hadFocus = app.contains(document.activeElement);
  if (chat.isGone) name = 'gone';
  view = chat.views[name](how);
  viewName = name;
  app.replaceChildren(view.root);
  view.resized?.();
  if (chat.isOpen && (hadFocus || how.isAsked)) view.focus(how.from);
  chat.host.post('view', { name, id: name === 'thread' && !how.id ? null : (view.id ?? how.key) });
};
chat.openThread = () => (viewName === 'thread' ? view.id : null);
chat.isViewing = (id = chat.openThread()) => chat.isOpen && !document.hidden && id !== null && id === chat.openThread();

chat.open = (how = {}) => {
  chat.isOpen = true;
  isFull = how.isFull ?? false;
  page.classList.toggle('is-full', isFull);
  view.resized?.();
  view.looked?.();
  if (how.isAsked) view.focus();
};
chat.close = (isAsked = false) => {
  chat.isOpen = false;
  chat.save();
  if (isAsked) chat.host.post('close');
};
document.addEventListener('visibilitychange', () => document.hidden || !chat.isOpen || view.looked?.());

chat.escape = (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) chat.close(true);
};
document.addEventListener('keydown', chat.escape);

// Where the frame covers a phone's page, the page behind it is not reached with Tab.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Tab' || !isFull) return;
  const stops = [...app.querySelectorAll('button, a[href], input, textarea, [tabindex="0"], iframe')].filter((one) => !one.disabled && one.tabIndex >= 0 && one.getClientRects().length);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
});

// --- Beginning: the host page has said hello -------------------------------------------------------------------

chat.begin = async ({ token, draft, left, shown, isOpen, isFull = false }) => {
  chat.session.token = token || null;
  chat.recall(draft, left);
  if (isOpen) chat.open({ isFull });
  const started = chat.start();
  if (token) chat.emit('session');
  await started;
  chat.restore();
  // The same page has loaded the frame again, in another language.
  if (shown && viewName === 'home' && (shown.name !== 'thread' || !shown.id || chat.conversations.has(shown.id))) chat.show(shown.name, { id: shown.id, key: shown.id });
  view.resized?.();
};

paint();
chat.show('home');
page.classList.add('is-ready');
if (parent === window) chat.begin({ token: null, isOpen: true }); // opened as a page of its own
