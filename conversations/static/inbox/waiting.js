// What is late is a skeleton after 300 ms, and what failed says so in its own place, with a button that tries again: the rest
// of the page lives on, and nothing beneath is lost.

const { desk } = globalThis;
const LATE = 300; // ms
const AREAS = { open: 'open', desk: 'rows', rows: 'rows' }; // the target of a request, and what its answer replaces

let timer = null;

// Whether a request that failed says so in its own place.
desk.covers = ({ target, xhr }) => target?.id in AREAS && xhr?.status !== 404;

const areaOf = (detail) => {
  const id = AREAS[detail.target?.id];
  return id === 'rows' && detail.elt?.matches('.row, .thread__back') ? 'open' : id;
};

function uncover() {
  clearTimeout(timer);
  for (const cover of document.querySelectorAll('.cover')) cover.remove();
  for (const area of document.querySelectorAll('[data-covered]')) area.removeAttribute('data-covered');
}

function cover(id, fault = null, again = null) {
  const area = document.getElementById(id);
  if (!area) return;
  const made = document.getElementById(`late-${id}`).content.cloneNode(true).firstElementChild;
  if (fault) {
    made.classList.add('is-failed');
    made.querySelector('.cover__why').textContent = fault;
    made.querySelector('[data-again]').addEventListener('click', () => {
      uncover();
      again();
    });
    made.querySelector('[data-leave]')?.addEventListener('click', uncover);
    made.setAttribute('role', 'alert');
  } else made.setAttribute('aria-hidden', 'true');
  area.dataset.covered = '';
  area.prepend(made);
}

document.addEventListener('htmx:beforeRequest', (event) => {
  const area = !event.defaultPrevented && areaOf(event.detail);
  if (!area) return;
  uncover();
  timer = setTimeout(cover, LATE, area);
});
document.addEventListener('htmx:afterRequest', ({ detail }) => areaOf(detail) && uncover());

function failed(event) {
  const { detail } = event;
  const area = areaOf(detail);
  if (!area || !desk.covers(detail)) return;
  clearTimeout(timer);
  const { elt } = detail;
  const again = () => (elt.isConnected ? elt.matches('form') ? elt.requestSubmit() : elt.click() : location.reload());
  // After afterRequest, which uncovers.
  setTimeout(() => {
    uncover();
    cover(area, desk.errorText(detail.xhr?.status ? detail.xhr.getResponseHeader('Desk-Problem') ?? detail.xhr.status : 'offline'), again);
  });
}
for (const name of ['sendError', 'responseError', 'timeout']) document.addEventListener(`htmx:${name}`, failed);
// There is news again: what could not be loaded meanwhile can be now.
document.addEventListener('desk:event', ({ detail }) => detail.type === 'resync' && document.querySelector('.cover.is-failed [data-again]')?.click());

// More rows that did not come are asked for by the link that is there.
for (const name of ['sendError', 'responseError', 'timeout']) {
  document.addEventListener(`htmx:${name}`, ({ detail: { elt, target } }) => {
    if (target?.id !== 'listbox') return;
    elt.textContent = elt.dataset.failed ?? elt.textContent;
  });
}
