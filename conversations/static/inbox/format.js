// Markdown in the composer: by buttons and keys, lists that go on by themselves, formatted text that is pasted, and a preview.
// The text stays plain: what is written here is what is sent.

const { desk } = globalThis;
const isBox = (element) => element?.matches?.('form[data-compose] textarea[name=body]');

// Replaces a part of the text, so that Ctrl+Z takes it back, and selects what is between `from` and `to` of the new part.
function put(box, start, end, words, from = words.length, to = from) {
  box.focus({ preventScroll: true });
  box.setSelectionRange(start, end);
  desk.insert(box, words);
  box.setSelectionRange(start + from, start + to);
}

function wrap(box, mark) {
  let { selectionStart: start, selectionEnd: end } = box;
  const size = mark.length;
  const has = (from, to) => box.value.slice(from, from + size) === mark && box.value.slice(to - size, to) === mark && to - from >= 2 * size;
  const isOne = (from) => size > 1 || box.value[from - 1] !== mark; // a star of two is none
  if (has(start - size, end + size) && isOne(start - size)) return put(box, start - size, end + size, box.value.slice(start, end), 0, end - start);
  while (end > start && /\s/.test(box.value[end - 1])) end -= 1;
  while (start < end && /\s/.test(box.value[start])) start += 1;
  put(box, start, end, `${mark}${box.value.slice(start, end)}${mark}`, size, size + end - start);
}

function link(box) {
  const { selectionStart: start, selectionEnd: end } = box;
  const text = box.value.slice(start, end);
  if (/^https?:\/\/\S+$/.test(text)) return put(box, start, end, `[](${text})`, 1);
  put(box, start, end, `[${text}]()`, text ? text.length + 3 : 1);
}

const LINE = /^(\s*)(?:[-*+]\s+|\d{1,9}[.)]\s+|>\s?)/;

// Each line of the selection gets what begins it, or loses it where all have it.
function lines(box, begin, own) {
  const start = box.value.lastIndexOf('\n', box.selectionStart - 1) + 1;
  const found = box.value.indexOf('\n', Math.max(box.selectionEnd - 1, box.selectionStart));
  const end = found < 0 ? box.value.length : found;
  const all = box.value.slice(start, end).split('\n');
  const isOn = all.every((line) => own.test(line));
  const words = all.map((line, index) => (isOn ? line.replace(own, '') : `${begin(index)}${line.replace(LINE, '$1')}`)).join('\n');
  put(box, start, end, words, all.length > 1 ? 0 : words.length, words.length);
}

function block(box) {
  const { selectionStart: start, selectionEnd: end } = box;
  const text = box.value.slice(start, end);
  const before = start && box.value[start - 1] !== '\n' ? '\n' : '';
  put(box, start, end, `${before}\`\`\`\n${text}\n\`\`\`\n`, before.length + 4, before.length + 4 + text.length);
}

const FORMATS = {
  bold: (box) => wrap(box, '**'),
  italic: (box) => wrap(box, '*'),
  code: (box) => wrap(box, '`'),
  link,
  list: (box) => lines(box, () => '- ', /^\s*[-*+]\s+/),
  numbers: (box) => lines(box, (index) => `${index + 1}. `, /^\s*\d{1,9}[.)]\s+/),
  quote: (box) => lines(box, () => '> ', /^>\s?/),
  block,
  preview: (box) => preview(box.form),
};

desk.format = (form, name) => {
  if (name !== 'preview') hide(form);
  FORMATS[name](form.elements.body);
};

// --- Keys ------------------------------------------------------------------------------------------

const KEYS = { b: 'bold', i: 'italic', e: 'code' };
const SHIFTED = { KeyU: 'link', Digit7: 'numbers', Digit8: 'list', Digit9: 'quote', KeyP: 'preview' };

document.addEventListener('keydown', (event) => {
  const box = event.target;
  const isPreview = box.matches?.('.composer__preview');
  if (event.isComposing || event.defaultPrevented || !(isBox(box) || isPreview)) return;
  if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && isBox(box)) return goOn(event);
  if (!(event.ctrlKey || event.metaKey)) return;
  const name = event.altKey ? (event.code === 'KeyC' ? 'block' : '') : event.shiftKey ? SHIFTED[event.code] : KEYS[event.key.toLowerCase()];
  if (!name || (isPreview && name !== 'preview')) return;
  event.preventDefault();
  event.stopPropagation();
  desk.format(box.closest('form'), name);
});

let continued = 0; // where a list went on by itself

// Who types what begins the item out of habit means that one.
document.addEventListener('input', ({ target: box, data }) => {
  if (data !== ' ' || !continued || !isBox(box)) return;
  const { value, selectionStart: at } = box;
  if (!/(^|\n)\s*([-*+]|\d{1,9}[.)]|>)\s+$/.test(value.slice(0, continued)) || !/^([-*+]|\d{1,9}[.)]|>) $/.test(value.slice(continued, at))) return;
  put(box, continued, at, '');
  continued = 0;
});

// Enter in a list begins its next item; in an empty item it ends the list.
function goOn(event) {
  const box = event.target;
  const { selectionStart: at } = box;
  if (at !== box.selectionEnd) return;
  const start = box.value.lastIndexOf('\n', at - 1) + 1;
  const found = /^(\s*)([-*+]|(\d{1,9})([.)])|>)(\s+)(.*)$/.exec(box.value.slice(start, at));
  if (!found) return;
  const [, indent, mark, number, point, space, rest] = found;
  event.preventDefault();
  if (!rest.trim()) return put(box, start, at, '');
  put(box, at, at, `\n${indent}${number ? `${Number(number) + 1}${point}` : mark}${space}`);
  continued = box.selectionStart;
}

// The buttons are one stop of the keyboard: arrows move among them.
document.addEventListener('keydown', (event) => {
  const bar = event.target.closest?.('.format');
  if (!bar || !['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return;
  event.preventDefault();
  const all = [...bar.querySelectorAll('button')];
  const forward = (event.key === 'ArrowRight') !== (getComputedStyle(bar).direction === 'rtl');
  const at = all.indexOf(event.target);
  const next = event.key === 'Home' ? all[0] : event.key === 'End' ? all.at(-1) : all[(at + (forward ? 1 : -1) + all.length) % all.length];
  for (const one of all) one.tabIndex = one === next ? 0 : -1;
  next.focus();
});

// --- Formatted text that is pasted -----------------------------------------------------------------

const BLOCKS = new Set('ADDRESS ARTICLE ASIDE DIV DL DT DD FIGURE FOOTER FORM HEADER MAIN P SECTION TABLE TR H1 H2 H3 H4 H5 H6'.split(' '));
const IGNORED = new Set('SCRIPT STYLE HEAD TITLE META LINK TEMPLATE SVG NOSCRIPT'.split(' '));

const inner = (node, depth) => [...node.childNodes].map((child) => written(child, depth)).join('');

function around(mark, text) {
  const found = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
  return found[2] && !found[2].includes('\n\n') ? `${found[1]}${mark}${found[2]}${mark}${found[3]}` : text;
}

function items(node, depth) {
  let number = Number(node.getAttribute('start') ?? 1) - 1;
  const found = [...node.children].filter((child) => child.tagName === 'LI' || /^[OU]L$/.test(child.tagName));
  const rows = found.map((child) => {
    if (child.tagName !== 'LI') return items(child, depth + 1);
    number += 1;
    const mark = node.tagName === 'OL' ? `${number}. ` : '- ';
    const text = tidy(inner(child, depth)).replaceAll(/\n{2,}/g, '\n').replaceAll('\n', `\n${' '.repeat(mark.length)}`);
    return `${mark}${text}`;
  });
  return rows.join('\n');
}

function written(node, depth = 0) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replaceAll(/[ \t\r\n\u00a0]+/g, ' ');
  if (node.nodeType !== Node.ELEMENT_NODE || IGNORED.has(node.tagName.toUpperCase())) return '';
  const { tagName, style } = node;
  if (tagName === 'BR') return '\n';
  if (tagName === 'HR') return '\n\n---\n\n';
  if (tagName === 'PRE') return `\n\n\`\`\`\n${node.textContent.replace(/\n$/, '')}\n\`\`\`\n\n`;
  if (tagName === 'OL' || tagName === 'UL') return `\n\n${items(node, depth)}\n\n`;
  const text = inner(node, depth);
  if (tagName === 'BLOCKQUOTE') return `\n\n${tidy(text).replaceAll(/^/gm, '> ')}\n\n`;
  if (/^H[1-6]$/.test(tagName)) return `\n\n${around('**', text.replaceAll('**', ''))}\n\n`;
  if (tagName === 'TD' || tagName === 'TH') return `${text.trim()}${node.nextElementSibling ? ' | ' : ''}`;
  if (tagName === 'TR') return `${text}\n`;
  if (BLOCKS.has(tagName)) return `\n\n${text}\n\n`;
  if (tagName === 'A') {
    const address = node.getAttribute('href') ?? '';
    const name = text.trim();
    if (!/^(https?:|mailto:)/i.test(address) || !name) return text;
    return name === address || `mailto:${name}` === address ? name : `[${name}](${address})`;
  }
  if (tagName === 'IMG') return node.alt;
  if (tagName === 'CODE' || tagName === 'TT' || tagName === 'KBD') return around('`', text);
  const weight = style.fontWeight;
  const isBold = weight ? weight === 'bold' || Number(weight) >= 600 : tagName === 'B' || tagName === 'STRONG';
  const isItalic = style.fontStyle ? style.fontStyle === 'italic' : tagName === 'I' || tagName === 'EM';
  const bold = isBold ? around('**', text) : text;
  return isItalic ? around('*', bold) : bold;
}

const tidy = (text) => text.replaceAll(/[ \t]+\n/g, '\n').replaceAll(/\n{3,}/g, '\n\n').trim();

desk.markdown = (html) => tidy(written(new DOMParser().parseFromString(html, 'text/html').body));

document.addEventListener('paste', (event) => {
  const box = event.target;
  if (event.defaultPrevented || !isBox(box)) return;
  const html = event.clipboardData.getData('text/html');
  const text = event.clipboardData.getData('text/plain');
  if (!html) {
    const { selectionStart: start, selectionEnd: end } = box;
    // An address that is pasted over words links them.
    if (start === end || !/^https?:\/\/\S+$/.test(text.trim()) || /\n/.test(box.value.slice(start, end))) return;
    event.preventDefault();
    return put(box, start, end, `[${box.value.slice(start, end)}](${text.trim()})`);
  }
  if (!/<(b|strong|i|em|a|ul|ol|li|pre|code|blockquote|h[1-6]|table)\b|font-(weight|style)/i.test(html)) return;
  const found = desk.markdown(html);
  if (!found) return;
  event.preventDefault();
  desk.insert(box, found);
});

// --- Preview ---------------------------------------------------------------------------------------

const button = (form) => form.querySelector('[data-format=preview]');

function hide(form) {
  const shown = form.querySelector('.composer__preview');
  if (shown.hidden) return;
  const held = shown.contains(document.activeElement);
  shown.hidden = true;
  form.elements.body.hidden = false;
  button(form).setAttribute('aria-pressed', 'false');
  if (held) form.elements.body.focus({ preventScroll: true });
}

async function preview(form) {
  const shown = form.querySelector('.composer__preview');
  if (!shown.hidden) return hide(form);
  const body = new FormData();
  body.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
  body.set('body', form.elements.body.value);
  const typed = form.elements.body.value;
  const answer = await desk.ask(form.dataset.preview, { method: 'POST', body, signal: AbortSignal.timeout(20_000) });
  if (answer.problem || answer.status !== 200) return desk.say(desk.errorText(answer.problem), { bad: true });
  if (!form.isConnected || form.elements.body.value !== typed) return; // someone has typed on
  const held = document.activeElement === form.elements.body;
  shown.replaceChildren(...desk.parse(answer.text).body.childNodes);
  shown.hidden = false;
  form.elements.body.hidden = true;
  button(form).setAttribute('aria-pressed', 'true');
  if (held) shown.focus({ preventScroll: true });
}

document.addEventListener('desk:sending', () => document.querySelectorAll('form[data-compose]').forEach(hide));
