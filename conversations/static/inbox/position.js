// Where a person was in the list: what was on screen and which row had the keyboard come back with Back, Forward and a reload,
// also far down. Kept for this tab: ids and offsets alone. Back to a conversation, or to none, in the list that is shown changes
// the thread alone.

const { desk } = globalThis;
const NAME = 'desk-places';
const MOST = 12; // lists that are remembered
const PAGES = 6; // pages that are loaded again
const HOME = 'view=unassigned'; // the list of an address that names none

const rows = () => document.getElementById('rows');
const places = () => {
  try {
    return JSON.parse(sessionStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
};

function keep() {
  const list = rows();
  if (!list) return;
  const { top } = list.getBoundingClientRect();
  const first = [...list.querySelectorAll('.row')].find((row) => row.getBoundingClientRect().bottom > top + 1);
  const { [list.dataset.list]: _, ...others } = places();
  const kept = Object.entries(others).slice(1 - MOST);
  const entry = { row: first?.id, by: first ? first.getBoundingClientRect().top - top : 0, focus: document.activeElement?.closest?.('.row')?.id };
  try {
    sessionStorage.setItem(NAME, JSON.stringify(Object.fromEntries([...kept, [list.dataset.list, entry]])));
  } catch { /* no room, or not allowed */ }
}

async function more(list) {
  const link = document.querySelector('#more a');
  if (!link) return false;
  const page = await desk.fragment(link.href, () => list === rows(), { headers: { 'HX-Request': 'true', 'HX-Target': 'listbox' } });
  if (!page || list !== rows() || link !== document.querySelector('#more a')) return false;
  const box = document.getElementById('listbox');
  for (const row of page.querySelectorAll('.row')) {
    if (document.getElementById(row.id)) continue;
    box.append(row);
    htmx.process(row);
  }
  const next = page.getElementById('more');
  if (next?.querySelector('a')) {
    next.removeAttribute('hx-swap-oob');
    document.getElementById('more').replaceWith(next);
    htmx.process(next);
  } else document.getElementById('more')?.remove();
  return true;
}

async function restore() {
  const list = rows();
  const place = places()[list?.dataset.list];
  if (!place?.row) return;
  for (let page = 0; page < PAGES && !document.getElementById(place.row); page += 1) if (!(await more(list))) break;
  const row = document.getElementById(place.row);
  if (!row || list !== rows()) return;
  list.scrollTop += row.getBoundingClientRect().top - list.getBoundingClientRect().top - place.by;
  if (document.activeElement === document.body) document.getElementById(place.focus)?.focus({ preventScroll: true });
}

addEventListener('pagehide', keep);
document.addEventListener('htmx:beforeSwap', ({ detail }) => detail.target?.id === 'desk' && keep());
document.addEventListener('htmx:historyRestore', restore);
document.addEventListener('htmx:historyCacheMiss', (event) => {
  const list = rows();
  if (!list) return;
  const url = new URL(event.detail.path, location.href);
  const [path, query] = list.dataset.list.split('?');
  const number = url.pathname.slice(path.length);
  if ((url.search.slice(1) || HOME) !== query || !url.pathname.startsWith(path) || !/^(\/\d+)?$/.test(number)) return keep();
  event.preventDefault();
  const open = desk.pane();
  const isThere = number.slice(1) === (open?.dataset.number ?? '') && (!open || 'fresh' in open.dataset);
  if (isThere && !desk.isOpening()) return; // from its details: it is there, and live
  htmx.ajax('GET', event.detail.path, { source: list, target: '#open', swap: 'outerHTML show:none settle:0ms' }).catch(() => {}); // gone elsewhere
});
if (['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type)) restore();
