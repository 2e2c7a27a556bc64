// Messages on their way. Each has an id of its own, so that a repeat after a lost answer is the same message; those of one
// conversation go in the order in which they were written. Nothing is given up because of the network.

const { chat } = globalThis;
const PAUSES = [1000, 2000, 4000, 8000, 15_000, 30_000]; // ms between attempts
const LATER = new Set([0, 408, 425, 429, 500, 502, 503, 504]);
const running = new Set();
const hurry = [];

const outbox = { items: [] };
chat.outbox = outbox;

const of = (conversation) => outbox.items.filter((one) => one.conversation === conversation);
const changed = (conversation) => chat.emit('thread', conversation);

// Send a text with files; `about` goes with the first message of a conversation: name, email and fields.
outbox.add = ({ id = chat.newId(), conversation, text, files = [], lost = [], about = {}, at = new Date().toISOString(), isNew }) => {
  isNew ??= !chat.conversations.has(conversation);
  outbox.items.push({ id, conversation, text, files, about, at, isNew, state: 'sending', attempts: 0, progress: 0, error: '' });
  // Its files stayed on the page before.
  if (lost.length) Object.assign(outbox.items.at(-1), { lost, state: 'failed', error: chat.lostFiles(lost) });
  chat.save();
  changed(conversation);
  send(conversation);
};

outbox.of = of;

chat.lostFiles = (names) => chat.say('files_lost', { names: names.map(chat.fileName).join(', ') });

// What was given up is there after all: only its answer was lost.
outbox.arrived = (known) => {
  outbox.items = outbox.items.filter((one) => one.state !== 'failed' || !known.has(one.id));
};

outbox.retry = (id) => {
  const item = outbox.items.find((one) => one.id === id);
  if (!item) return;
  if (item.state === 'failed') Object.assign(item, { state: 'sending', attempts: 0, error: '' });
  wake();
  changed(item.conversation);
  send(item.conversation);
};

// Take back what was refused; gives it.
outbox.remove = (id) => {
  const item = outbox.items.find((one) => one.id === id);
  outbox.items = outbox.items.filter((one) => one !== item);
  chat.save();
  if (item) changed(item.conversation);
  return item;
};

outbox.clear = () => (outbox.items = []);

// Wait, but no longer than until the network is back or somebody asks for it.
chat.pause = (time) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    hurry.push(() => (clearTimeout(timer), resolve()));
  });
function wake() {
  hurry.splice(0).forEach((go) => go());
}
addEventListener('online', wake);
document.addEventListener('visibilitychange', () => document.hidden || wake());

async function send(conversation) {
  if (running.has(conversation)) return;
  running.add(conversation);
  try {
    for (let item; (item = of(conversation).find((one) => one.state !== 'failed')); ) await attempt(item);
  } finally {
    running.delete(conversation);
  }
}

async function attempt(item) {
  await chat.identified;
  if (!outbox.items.includes(item)) return;
  const { id, conversation, text, files, about } = item;
  const isFirst = item.isNew && !chat.conversations.has(conversation);
  const { page } = chat.page;
  const begun = { ...about, ...(chat.identity && { identity: chat.identity }), ...(!chat.session.token && { secret: chat.secret }), page };
  const answer = await (isFirst
    ? chat.ask('POST', 'conversations', { id: conversation, message: { id, text }, ...begun }, { files, onprogress })
    : chat.ask('POST', `conversations/${conversation}/messages`, { id, text, page }, { files, onprogress }));
  if (!outbox.items.includes(item)) return; // taken back, or the visitor has gone
  if (answer.ok) {
    outbox.items = outbox.items.filter((one) => one !== item);
    chat.take(answer.data.token);
    if (isFirst && item.about.fields) chat.fields = null; // they were for one new conversation
    for (const one of of(conversation)) one.isNew = false;
    const now = answer.data.conversation.id;
    if (now !== conversation) move(conversation, now);
    chat.put(answer.data);
    chat.save();
  } else if (answer.status === 401 && answer.data.code === 'session_ended') {
    await chat.pause(500); // until it is in a new conversation, or there is another session
  } else if (answer.data.code === 'not_found' && !isFirst) {
    chat.abandon(conversation);
  } else if (LATER.has(answer.status)) {
    const time = PAUSES[Math.min(item.attempts++, PAUSES.length - 1)];
    item.state = 'waiting';
    changed(item.conversation);
    await chat.pause(Math.max(answer.wait, time * (0.75 + Math.random() / 2)));
  } else {
    Object.assign(item, { state: 'failed', error: chat.fault(answer), field: isFirst ? answer.data.field : '' });
    changed(item.conversation);
    if (['name', 'email'].includes(item.field)) chat.emit('asked', item);
  }

  function onprogress(part) {
    item.progress = part;
    changed(item.conversation);
  }
}

// What was written for one conversation goes to another.
function move(from, to, isNew = false) {
  for (const one of of(from)) Object.assign(one, { conversation: to, isNew });
  chat.emit('moved', { from, to });
  if (of(to).length) setTimeout(send, 0, to);
}

// The history has gone with its session: what is not sent begins a new conversation.
chat.on('forgotten', () => {
  for (const conversation of new Set(outbox.items.map((one) => one.conversation))) move(conversation, chat.newId(), true);
});

// A conversation that is not the visitor's any more: what was written for it is the draft of a new one.
chat.abandon = (id) => {
  const items = of(id);
  const wasOpen = chat.openThread() === id;
  outbox.items = outbox.items.filter((one) => !items.includes(one));
  const text = [chat.drafts.new, ...items.map((one) => one.text), chat.drafts[id]].filter(Boolean).join('\n');
  const files = ['new', id].flatMap((place) => chat.chosen.get(place) ?? []).concat(items.flatMap((one) => one.files));
  delete chat.drafts[id];
  chat.drafts.new = text;
  chat.chosen.delete(id);
  chat.chosen.set('new', files);
  chat.conversations.delete(id);
  chat.threads.delete(id);
  if (wasOpen && (text || files.length)) chat.show('thread', { problem: chat.say('gone') });
  else if (wasOpen) chat.show('home');
  chat.emit('conversations');
  chat.save();
};

// The widget is not there any more.
chat.gone = () => {
  if (chat.isGone) return;
  chat.isGone = true;
  outbox.clear();
  chat.emit('gone');
  chat.show('gone');
  chat.host.post('gone');
};
