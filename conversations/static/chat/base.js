// What the parts of the frame share: the page's data, words, moments, elements and icons. Each part adds to `chat`.

const boot = JSON.parse(document.getElementById('boot').textContent);
const { words, locale } = boot;
const events = new EventTarget();

const chat = {
  boot,
  page: { page: '', title: '' }, // the website's page, which the host reports
  isOpen: false,
  on: (event, listener) => events.addEventListener(event, ({ detail }) => listener(detail)),
  emit: (event, detail) => events.dispatchEvent(new CustomEvent(event, { detail })),
};
globalThis.chat = chat;

// --- Words ---------------------------------------------------------------------------------------------

const plurals = new Intl.PluralRules(locale);

// A sentence in the visitor's language. One that depends on a number has a form for each kind of number.
chat.say = (key, values = {}) => {
  const found = words[key] ?? key;
  const text = typeof found === 'string' ? found : found[plurals.select(values.count)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
};

// A name inside a sentence, whose direction does not turn the sentence.
chat.apart = (name) => `\u2068${name}\u2069`;

// The name of a file, with what would turn or hide a part of it shown as its code.
chat.fileName = (name) => name.replace(/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, (found) => `\\u${found.codePointAt().toString(16).padStart(4, '0')}`);

// --- Moments and sizes ---------------------------------------------------------------------------------

const formats = new Map();
function format(date, options) {
  const name = JSON.stringify(options);
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat(locale, options));
  return formats.get(name).format(date);
}
const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date) => Math.round((midnight(Date.now()) - midnight(date)) / 86_400_000);
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const capitalised = (text) => text.replace(/^\p{Ll}/u, (first) => first.toLocaleUpperCase(locale));

chat.time = (date) => format(date, { hour: 'numeric', minute: '2-digit' });
chat.day = (date) => {
  const days = daysAgo(date);
  if (days >= 0 && days < 2) return capitalised(relative.format(-days, 'day'));
  if (days > 0 && days < 7) return capitalised(format(date, { weekday: 'long' }));
  return format(date, { day: 'numeric', month: 'long', year: new Date().getFullYear() === date.getFullYear() ? undefined : 'numeric' });
};
chat.ago = (date) => (daysAgo(date) === 0 ? chat.time(date) : daysAgo(date) === 1 ? chat.day(date) : format(date, { day: 'numeric', month: 'short' }));
chat.opening = (date) => {
  const days = -daysAgo(date);
  const time = chat.time(date);
  if (days === 0) return chat.say('back_today', { time });
  const day = days === 1 ? relative.format(1, 'day') : format(date, days < 7 ? { weekday: 'long' } : { weekday: 'long', day: 'numeric', month: 'long' });
  return chat.say('back_on', { day, time });
};
chat.size = (bytes) => {
  const unit = bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const value = unit === 'kilobyte' ? Math.max(1, Math.round(bytes / 1000)) : bytes / 1_000_000;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
};

// --- Elements ------------------------------------------------------------------------------------------

// An element: `on…` are listeners, `null`, `false` and `undefined` are left out.
chat.make = (tag, attributes = {}, ...children) => {
  const [name, ...classes] = tag.split('.');
  const made = document.createElement(name || 'div');
  if (classes.length) made.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return made;
};

const PATHS = {
  back: 'm15 18-6-6 6-6',
  forward: 'm9 18 6-6-6-6',
  close: 'M18 6 6 18M6 6l12 12',
  send: 'M12 19V5M5 12l7-7 7 7',
  clip: 'm21.4 11.1-9.2 9.2a6 6 0 0 1-8.5-8.5l8.6-8.6a4 4 0 1 1 5.7 5.7l-8.6 8.5a2 2 0 0 1-2.8-2.8l7.9-7.9',
  smile: 'M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M8 14s1.5 2 4 2 4-2 4-2M9 9h.01M15 9h.01',
  more: 'M12 12h.01M19 12h.01M5 12h.01',
  file: 'M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7ZM14 2v5h6',
  check: 'M20 6 9 17l-5-5',
  alert: 'M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M12 8v4M12 16h.01',
  clock: 'M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M12 6v6l4 2',
  sound: 'M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5ZM16 9a5 5 0 0 1 0 6M19.4 18.4a9 9 0 0 0 0-12.8',
  mute: 'M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5ZM22 9l-6 6M16 9l6 6',
  mail: 'm22 7-8.97 5.7a2 2 0 0 1-2.06 0L2 7M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2',
  reopen: 'M3 12a9 9 0 1 0 9-9 9.7 9.7 0 0 0-6.7 2.7L3 8M3 3v5h5',
  chat: 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z',
  spark: 'M9.9 15.5a2 2 0 0 0-1.4-1.4l-6.1-1.6a.5.5 0 0 1 0-1l6.1-1.6a2 2 0 0 0 1.4-1.4l1.6-6.1a.5.5 0 0 1 1 0l1.6 6.1a2 2 0 0 0 1.4 1.4l6.1 1.6a.5.5 0 0 1 0 1l-6.1 1.6a2 2 0 0 0-1.4 1.4l-1.6 6.1a.5.5 0 0 1-1 0z',
};
chat.icon = (name) => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon', `icon--${name}`);
  svg.append(path);
  return svg;
};

// A button that shows an icon alone.
chat.iconButton = (name, label, onclick, more = {}) =>
  chat.make('button.icon-button', { type: 'button', 'aria-label': label, title: label, onclick, ...more }, chat.icon(name));

const graphemes = new Intl.Segmenter(locale);
chat.initials = (name) => {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const first = (part) => [...graphemes.segment(part)][0]?.segment ?? '';
  return (first(parts[0] ?? '') + (parts.length > 1 ? first(parts.at(-1)) : '')).toLocaleUpperCase(locale);
};

// Words for screen readers alone: said once, politely.
const spoken = document.getElementById('spoken');
chat.announce = (text) => {
  spoken.textContent = '';
  setTimeout(() => (spoken.textContent = text), 50);
};

// Version 4, also on pages without https, where crypto.randomUUID is missing.
chat.newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

// --- What a browser may refuse to keep -----------------------------------------------------------------

chat.remembered = (storage, name) => {
  try {
    return JSON.parse(globalThis[storage].getItem(name));
  } catch {
    return null;
  }
};
chat.remember = (storage, name, value) => {
  try {
    globalThis[storage].setItem(name, JSON.stringify(value));
  } catch {
    // it lasts as long as the page
  }
};
