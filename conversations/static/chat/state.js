// The session, the conversations and their messages, as the desk last gave them.

const { chat } = globalThis;
const STORED = `parley:${chat.boot.key}`;
const MOST_FIELDS = 20;

// Of which the desk makes the token of a new session: a first message that is repeated opens the same one.
chat.secret = chat.newId() + chat.newId();

chat.session = { token: null, contact: null, isVerified: false };
chat.conversations = new Map();
chat.threads = new Map(); // by conversation: {messages, hasMore, isLoaded}
chat.unread = 0;
chat.described = {}; // what the website says of its visitor without a proof
chat.online = chat.boot.online;

// --- The session ---------------------------------------------------------------------------------------

chat.take = (token) => {
  if (!token || token === chat.session.token) return;
  chat.session.token = token;
  chat.host.post('token', token);
  chat.save();
  chat.emit('session');
};

function empty() {
  Object.assign(chat.session, { token: null, contact: null, isVerified: false });
  chat.conversations.clear();
  chat.threads.clear();
  setUnread(0);
}

// The session has ended: whoever is here goes on as a new visitor. What is not sent yet is kept.
chat.forget = () => {
  empty();
  chat.secret = chat.newId() + chat.newId();
  chat.emit('forgotten');
  chat.emit('session');
  chat.emit('conversations');
};

// Another person may be here next: nothing is kept.
chat.shutDown = () => {
  if (chat.session.token) chat.ask('POST', 'end', undefined, { keepalive: true });
  identity += 1;
  chat.described = {};
  chat.identity = null;
  chat.drafts = {};
  chat.outbox.clear();
  chat.forget();
  chat.save();
};

// Another tab of the website has got a session, or lost it.
chat.adopt = (token) => {
  if (token === chat.session.token) return;
  if (!token) return chat.forget();
  empty();
  chat.session.token = token;
  chat.emit('session');
  chat.start();
};

const describe = () => ({
  page: chat.page.page,
  title: chat.page.title,
  locale: chat.boot.locale,
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
});

chat.start = async () => {
  if (!chat.session.token) return;
  const answer = await chat.ask('POST', 'start', describe());
  if (answer.ok) welcome(answer.data);
  else if (!answer.status || answer.status === 429 || answer.status >= 500) setTimeout(chat.start, answer.wait || 5000);
};

function welcome(data) {
  if (data.session) {
    chat.session.contact = data.session.contact;
    chat.session.isVerified = data.session.is_verified;
  }
  if (data.online) chat.online = data.online;
  chat.conversations.clear();
  chat.hasMoreConversations = data.next ?? null;
  receive(data);
  chat.emit('online');
}

// Identify: with a proof the visitor's own history appears; without one it only describes who writes.
chat.identify = (who) => {
  if (!who || typeof who !== 'object') return;
  const text = (value) => (typeof value === 'string' ? value : undefined);
  chat.described = { name: text(who.name), email: text(who.email) };
  chat.identity = who.jwt || who.email_hash ? null : who;
  chat.identified = identified(who, (identity += 1));
};
let identity = 0; // the newest wins
async function identified(who, number) {
  for (let attempt = 0; ; attempt++) {
    const answer = await chat.ask('POST', 'identify', who);
    if (number !== identity) return;
    if (answer.ok) {
      const { token } = chat.session;
      chat.take(answer.data.token);
      if (token !== chat.session.token) chat.threads.clear();
      welcome(answer.data);
      return;
    }
    if (answer.status && answer.status < 500 && answer.status !== 429) {
      console.warn(`Parley: identify was refused (${answer.data.code ?? answer.status})`);
      return;
    }
    await chat.pause(answer.wait || Math.min(1000 * 2 ** attempt, 30_000));
  }
}

// --- Conversations -------------------------------------------------------------------------------------

function setUnread(count) {
  if (typeof count !== 'number' || count === chat.unread) return;
  chat.unread = count;
  chat.host?.post('unread', count);
}
chat.setUnread = setUnread;

function receive({ conversations, unread }) {
  for (const one of conversations ?? []) chat.conversations.set(one.id, one);
  setUnread(unread);
  chat.emit('conversations');
}

chat.sorted = () => [...chat.conversations.values()].sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));

// The newest conversations again; gives whether an answer came.
chat.refresh = async () => {
  if (!chat.session.token) return true;
  const before = new Map([...chat.conversations].map(([id, one]) => [id, one.unread]));
  const answer = await chat.ask('GET', 'conversations');
  if (!answer.ok) return answer.status === 401;
  if (!chat.conversations.size) chat.hasMoreConversations = answer.data.next;
  receive(answer.data);
  for (const one of answer.data.conversations) if (one.unread > (before.get(one.id) ?? 0)) chat.emit('arrived', one);
  return true;
};

chat.moreConversations = async () => {
  const answer = await chat.ask('GET', `conversations?before=${encodeURIComponent(chat.hasMoreConversations)}`);
  if (!answer.ok) return false;
  chat.hasMoreConversations = answer.data.next;
  receive(answer.data);
  return true;
};

// What the website says of its next new conversation: plain values, so many and so long as the desk keeps.
chat.newFields = () => {
  const given = { ...chat.context, ...chat.fields };
  const plain = Object.entries(given).filter(([name, value]) => name !== 'page' && ['string', 'number', 'boolean'].includes(typeof value));
  return Object.fromEntries(plain.slice(0, MOST_FIELDS).map(([name, value]) => [name.slice(0, 100), typeof value === 'string' ? value.slice(0, 200) : value]));
};

// --- Messages ------------------------------------------------------------------------------------------

chat.thread = (id) => {
  if (!chat.threads.has(id)) chat.threads.set(id, { messages: [], hasMore: false, isLoaded: false });
  return chat.threads.get(id);
};

function merge(thread, messages) {
  const known = new Map(thread.messages.map((one) => [one.id, one]));
  for (const one of messages) known.set(one.id, one);
  thread.messages = [...known.values()].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

// Messages that came in an answer, with their conversation.
chat.put = ({ conversation, messages, message }) => {
  chat.conversations.set(conversation.id, conversation);
  const thread = chat.thread(conversation.id);
  merge(thread, messages ?? (message ? [message] : []));
  if (messages) thread.isLoaded = true;
  chat.emit('conversations');
  chat.emit('thread', conversation.id);
};

// The last page of a thread, again where it is known; gives the answer.
chat.load = async (id) => {
  const thread = chat.thread(id);
  const answer = await chat.ask('GET', `conversations/${id}`);
  if (!answer.ok) return answer;
  const { messages, has_more: hasMore, conversation } = answer.data;
  const known = new Set(thread.messages.map((one) => one.id));
  const hasNew = thread.isLoaded && messages.some((one) => !one.is_own && one.kind === 'message' && !known.has(one.id));
  // So much was written since that the pages do not meet.
  const isApart = hasMore && thread.isLoaded && !messages.some((one) => known.has(one.id));
  if (!thread.isLoaded || isApart) Object.assign(thread, { messages: isApart ? [] : thread.messages, hasMore });
  chat.put({ conversation, messages });
  if (hasNew) chat.emit('arrived', conversation);
  return answer;
};

chat.loadOlder = async (id) => {
  const thread = chat.thread(id);
  const answer = await chat.ask('GET', `conversations/${id}?before=${thread.messages[0].id}`);
  if (!answer.ok) return false;
  thread.hasMore = answer.data.has_more;
  merge(thread, answer.data.messages);
  chat.emit('thread', id);
  return true;
};

// What was shown counts as read.
const seen = new Map();
chat.markSeen = async (id) => {
  const last = chat.thread(id).messages.findLast((one) => !one.is_own);
  const conversation = chat.conversations.get(id);
  if (!last || !conversation?.unread || seen.get(id) === last.id) return;
  seen.set(id, last.id);
  const answer = await chat.ask('POST', `conversations/${id}/seen`, { message: last.id });
  if (!answer.ok) return seen.delete(id);
  const now = chat.conversations.get(id);
  if (now && seen.get(id) === last.id) now.unread = 0;
  setUnread(answer.data.unread);
  chat.emit('conversations');
};

// --- What is not sent, kept while the visitor goes from page to page --------------------------------------

chat.drafts = {};
chat.save = () => {
  const items = chat.outbox.items.filter((one) => !one.files.length).map(({ id, conversation, text, about, at, isNew }) => ({ id, conversation, text, about, at, isNew }));
  const isEmpty = !items.length && !Object.values(chat.drafts).some(Boolean);
  try {
    if (isEmpty) sessionStorage.removeItem(STORED);
    else chat.remember('sessionStorage', STORED, { owner: chat.session.token, secret: chat.secret, drafts: chat.drafts, items });
  } catch {
    // storage is refused
  }
};
chat.restore = () => {
  const stored = chat.remembered('sessionStorage', STORED);
  if (!stored || (stored.owner && stored.owner !== chat.session.token)) return;
  chat.drafts = stored.drafts ?? {};
  chat.secret = stored.secret ?? chat.secret;
  for (const item of stored.items ?? []) chat.outbox.add({ ...item, files: [] });
};
addEventListener('pagehide', () => chat.save());
document.addEventListener('visibilitychange', () => document.hidden && chat.save());
