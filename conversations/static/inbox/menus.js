// Menus, toasts, preferences and the page's reaction to failed requests. Menus are <details>: this adds what people
// expect beside opening them: Escape, a click elsewhere, arrow keys, and only one open at a time.

const menus = () => document.querySelectorAll('details.menu[open]');
const items = (menu) => [...menu.querySelectorAll('.menu__body :is(button, a, input)')].filter((item) => item.offsetParent);

function close(menu, { refocus = false } = {}) {
  menu.open = false;
  if (refocus) menu.querySelector('summary').focus();
}

document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) close(menu);
  if (event.target.closest('[data-close]')) event.target.closest('[data-toast]').remove();
  if (event.target.closest('[data-help]')) document.getElementById('help').showModal();
});

document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('details.menu') || !event.target.open) return;
  for (const menu of menus()) if (menu !== event.target) close(menu);
}, true);

document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('details.menu[open]') ?? menus()[0];
  if (!menu) return;
  if (event.key === 'Escape') {
    event.preventDefault();
    close(menu, { refocus: true });
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (event.target.matches('input:not([type=search])')) return;
    const all = items(menu);
    const step = event.key === 'ArrowDown' ? 1 : -1;
    event.preventDefault();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  }
}, true);

// --- Toasts --------------------------------------------------------------------------------------

const region = document.getElementById('toasts');

function say(text, { bad = false } = {}) {
  const toast = document.createElement('div');
  toast.className = bad ? 'toast toast--bad' : 'toast';
  toast.dataset.toast = '';
  toast.append(Object.assign(document.createElement('span'), { textContent: text }));
  region.append(toast);
}

function expire(toast) {
  const life = toast.querySelector('form') ? 10_000 : 5_000;
  // A toast that is being used or pointed at stays.
  const end = () => (toast.matches(':hover, :focus-within') ? setTimeout(end, 1500) : toast.remove());
  setTimeout(end, life);
}

for (const toast of region.children) expire(toast);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.matches?.('[data-toast]')) expire(node);
  while (region.children.length > 3) region.firstElementChild.remove();
}).observe(region, { childList: true });
document.addEventListener('desk:say', (event) => say(event.detail.text, event.detail));

// --- Requests that failed ------------------------------------------------------------------------

document.addEventListener('htmx:beforeOnLoad', (event) => {
  // A session that has ended answers with the sign-in page: that belongs in the window, not in a fragment.
  if (new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith('/accounts/login')) {
    event.preventDefault();
    location.reload();
  }
});
document.addEventListener('htmx:responseError', (event) => {
  const words = { 403: 'Your role does not allow this.', 404: 'That is not there any more.', 413: 'That is too large.' };
  say(words[event.detail.xhr.status] ?? 'That did not work. Try again in a moment.', { bad: true });
});
document.addEventListener('htmx:sendError', () => say('The desk cannot be reached. Nothing was lost.', { bad: true }));

// --- Preferences and the context panel -----------------------------------------------------------

document.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (!event.target.matches('[data-preferences]') || !button) return;
  for (const other of button.parentElement.children) other.setAttribute('aria-pressed', String(other === button));
  if (button.name === 'theme') document.documentElement.dataset.theme = button.value;
  if (button.name === 'shortcuts') document.getElementById('help').dataset.shortcuts = button.value;
});

const isWide = matchMedia('(min-width: 1241px)');

document.addEventListener('click', (event) => {
  const toggle = event.target.closest('[data-side-toggle]');
  const open = document.querySelector('#open.is-open');
  if (!toggle || !open) return;
  if (!isWide.matches) {
    if (location.hash !== '#side') return;
    event.preventDefault();
    history.back();
    return;
  }
  event.preventDefault();
  const isClosed = open.classList.toggle('is-side-closed');
  const form = document.querySelector('[data-preferences]');
  htmx.ajax('POST', form.action, { source: toggle, swap: 'none', values: {
    side: isClosed ? 'closed' : 'open',
    csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
  } });
});

// --- Relative times ------------------------------------------------------------------------------

setInterval(() => {
  for (const time of document.querySelectorAll('time.when')) {
    const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60_000);
    // Beyond half a day the server's words (a clock, a weekday, a date) stay true.
    if (minutes < 1) time.textContent = 'now';
    else if (minutes < 60) time.textContent = `${minutes} min`;
    else if (minutes < 720) time.textContent = `${Math.floor(minutes / 60)} h`;
  }
}, 30_000);
