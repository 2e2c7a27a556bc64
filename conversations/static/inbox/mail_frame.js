// The one script of a mail's frame, which no other can join: it says to the page around it how high the mail is and which keys
// were pressed in it, and nothing else. The frame has no origin, and only the desk may show it.

const MOST = 40; // times: a mail that grows with its frame would never end
const root = document.documentElement;
let last = 0;
let count = 0;

function measure() {
  const bar = innerHeight - root.clientHeight; // a scrollbar of a mail that is wider than the frame
  const height = Math.ceil(Math.max(root.getBoundingClientRect().height, document.body.scrollHeight)) + bar;
  if (height === last || count >= MOST) return;
  last = height;
  count += 1;
  parent.postMessage({ mail: height }, '*');
}

new ResizeObserver(measure).observe(document.body);
addEventListener('load', measure, true); // each picture, too
addEventListener('toggle', measure, true);
addEventListener('resize', measure);
measure();

// What scrolls and moves in the mail stays its own, as does what the browser does.
addEventListener('keydown', (event) => {
  const { key, code, shiftKey, ctrlKey, metaKey, altKey, repeat } = event;
  const isCommand = (ctrlKey || metaKey) && !altKey && /^k$/i.test(key);
  if (!event.isTrusted || event.isComposing || (!isCommand && (ctrlKey || metaKey || altKey))) return;
  if (key.length > 1 ? key !== 'Escape' : key === ' ') return;
  event.preventDefault();
  parent.postMessage({ key: { key, code, shiftKey, ctrlKey, metaKey, repeat } }, '*');
});
