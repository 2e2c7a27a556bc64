// Pictures of a thread, large: with zoom, the others of the thread beside it, and the focus back where it was.

const STEP = 1.5;
const MOST = 8;
let links = [];
let at = 0;
let zoom = 1;
let cause = null;

function parts() {
  let dialog = document.getElementById('lightbox');
  if (!dialog) {
    document.body.append(document.getElementById('lightbox-parts').content.cloneNode(true));
    dialog = document.getElementById('lightbox');
    dialog.addEventListener('click', press);
    dialog.addEventListener('keydown', key);
    dialog.addEventListener('close', () => cause?.isConnected && cause.focus({ preventScroll: true }));
    dialog.querySelector('.lightbox__stage').append(new Image());
    dialog.querySelector('img').addEventListener('dblclick', () => scale(zoom > 1 ? 1 : 2));
  }
  return dialog;
}

export function open(link) {
  links = [...document.querySelectorAll('#entries a.picture')];
  at = Math.max(0, links.indexOf(link));
  cause = link;
  const dialog = parts();
  show();
  dialog.showModal();
}

function show() {
  const dialog = parts();
  const link = links[at];
  const picture = link.querySelector('img');
  const image = dialog.querySelector('img');
  Object.assign(image, { src: link.href, alt: picture.alt });
  dialog.querySelector('[data-name]').textContent = picture.alt;
  dialog.querySelector('[data-count]').textContent = links.length > 1 ? `${at + 1} / ${links.length}` : '';
  dialog.querySelector('[data-do=original]').href = link.href;
  for (const one of dialog.querySelectorAll('[data-do=next], [data-do=previous]')) one.hidden = links.length < 2;
  scale(1);
}

function scale(to) {
  zoom = Math.min(MOST, Math.max(1, to));
  const dialog = parts();
  const image = dialog.querySelector('img');
  image.classList.toggle('is-zoomed', zoom > 1);
  // Its size in the page, so that what is zoomed can be scrolled in all directions and by all means.
  image.width = zoom > 1 ? Math.round(Math.min(image.naturalWidth || 800, dialog.clientWidth) * zoom) : '';
  if (zoom === 1) image.removeAttribute('width');
  dialog.querySelector('[data-do=out]').disabled = zoom === 1;
  dialog.querySelector('[data-do=in]').disabled = zoom === MOST;
}

const go = (step) => {
  at = (at + step + links.length) % links.length;
  show();
};

const DO = {
  in: () => scale(zoom * STEP),
  out: () => scale(zoom / STEP),
  next: () => go(1),
  previous: () => go(-1),
  close: () => parts().close(),
};

function press({ target, currentTarget }) {
  const name = target.closest('[data-do]')?.dataset.do;
  if (name) return DO[name]?.();
  if (target === currentTarget || target.matches('.lightbox__stage')) currentTarget.close();
}

const KEYS = { '+': 'in', '=': 'in', '-': 'out', ArrowRight: 'next', ArrowLeft: 'previous' };

function key(event) {
  event.stopPropagation(); // no shortcut of the page acts behind it
  const name = KEYS[event.key];
  if (event.key === '0') scale(1);
  if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
  if (zoom > 1 && event.key.startsWith('Arrow')) return; // they scroll
  if (links.length < 2 && event.key.startsWith('Arrow')) return;
  event.preventDefault();
  const isMirrored = event.key.startsWith('Arrow') && getComputedStyle(document.body).direction === 'rtl';
  DO[isMirrored ? { next: 'previous', previous: 'next' }[name] : name]();
}
