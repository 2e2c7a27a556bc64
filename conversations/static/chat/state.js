// The session, the conversations and their messages, as the desk last gave them.

const { chat } = globalThis;
const MOST_FIELDS = 50;
const LONGEST_FIELDS = 10_000; // characters as JSON, as the desk takes them
const MOST_KEPT = 200_000; // characters of what is not sent

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

// The session of somebody whom nobody knew has ended: they go on as a new visitor. What is not sent yet is kept.
function goOn() {
  empty();
  chat.secret = chat.newId() + chat.newId();
  chat.emit('forgotten');
  chat.emit('session');
  chat.emit('conversations');
  chat.save();
}

// The person has left, or another one is here: nothing of them is kept.
function leave() {
  identity += 1;
  Object.assign(chat, { described: {}, identity: null, identified: null, newConversation: null, drafts: {}, lost: {} });
  unsent = [];
  chat.outbox.clear();
  empty();
  chat.secret = chat.newId() + chat.newId();
  chat.emit('left');
  chat.emit('session');
  chat.emit('conversations');
  chat.save();
}

// The website says that its visitor has left: here, with the token that is to end, or in another tab.
chat.shutDown = async (token) => {
  leave();
  Object.assign(chat, { fields: null, context: null, formFields: null });
  if (!token) return;
  await chat.ask('POST', 'end', undefined, { token, keepalive: true });
  chat.host.post('left');
};

// The session has ended, or another one is stored. What a verified visitor has not sent is for nobody else.
chat.forget = () => {
  if (!chat.session.isVerified) return goOn();
  leave();
  chat.host.post('leave');
};

// Another tab of the website has got a session, or lost it.
chat.adopt = (token) => {
  if (token === chat.session.token) return;
  if (!token) return chat.forget();
  if (chat.session.isVerified) leave();
  else empty();
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
      const { token, isVerified } = chat.session;
      const isAnother = answer.data.token && token !== answer.data.token;
      if (isAnother && isVerified) {
        const { described, identity: stated } = chat;
        chat.host.post('leave');
        leave();
        Object.assign(chat, { described, identity: stated });
      }
      if (isAnother) chat.threads.clear();
      chat.take(answer.data.token);
      welcome(answer.data);
      chat.save();
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
  const now = new Set(answer.data.conversations.map((one) => one.id));
  // All of them are in one answer: another is not the visitor's any more.
  if (!answer.data.next) for (const id of before.keys()) if (!now.has(id) && id !== chat.openThread()) chat.conversations.delete(id);
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
  const isPlain = ([name, value]) => name !== 'page' && name.length <= 100 && ['string', 'number', 'boolean'].includes(typeof value);
  const found = {};
  const refused = [];
  for (const [name, value] of Object.entries(given)) {
    const isTaken = isPlain([name, value]) && Object.keys(found).length < MOST_FIELDS && JSON.stringify({ ...found, [name]: value }).length <= LONGEST_FIELDS;
    if (isTaken) found[name] = value;
    else if (name !== 'page') refused.push(name.slice(0, 100));
  }
  if (refused.length) console.warn(`Parley: fields that are not sent, since they are no plain values, too many or too long: ${refused.join(', ')}`);
  return found;
};

// --- Messages ------------------------------------------------------------------------------------------

chat.thread = (id) => {
  if (!chat.threads.has(id)) chat.threads.set(id, { messages: [], hasMore: false, isLoaded: false });
  return chat.threads.get(id);
};

function merge(thread, messages) {
  const known = new Map(thread.messages.map((one) => [one.id, one]));
  for (const one of messages) known.set(one.id, one);
  chat.outbox.arrived(known);
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

// --- What is not sent, kept by the website's page while the visitor goes from page to page --------------------

// A browser may refuse storage to frames of other websites; the page that holds the token holds this too.
let unsent = []; // messages from the page before, until it is known which conversations there are
let saved = null;
chat.drafts = {}; // by conversation, or 'new'
chat.chosen = new Map(); // files, as above
chat.lost = {}; // names of files that could not come along from the page before, as above

chat.save = () => {
  if (chat.isGone) return;
  const { token: owner, isVerified } = chat.session;
  const items = chat.outbox.items.map(({ id, conversation, text, files, lost, about, at, isNew }) => ({ id, conversation, text, about, at, isNew, lost: lost ?? files.map((one) => one.name) }));
  const drafts = Object.fromEntries(Object.entries(chat.drafts).filter(([, text]) => text));
  const chosen = [...chat.chosen].filter(([, files]) => files.length).map(([place, files]) => [place, files.map((one) => one.name)]);
  const lost = { ...chat.lost, ...Object.fromEntries(chosen) };
  const kept = { owner, isVerified, secret: chat.secret, drafts, lost, items: [...unsent, ...items] };
  // Too much: the longest draft is left out first.
  while (JSON.stringify(kept).length > MOST_KEPT) {
    const longest = Object.keys(drafts).sort((a, b) => drafts[b].length - drafts[a].length)[0];
    if (longest) delete drafts[longest];
    else if (!kept.items.pop()) break;
  }
  const isEmpty = !isVerified && !kept.items.length && ![drafts, lost].some((one) => Object.keys(one).length);
  const now = isEmpty ? null : JSON.stringify(kept);
  if (now === saved) return;
  saved = now;
  chat.host.post('keep', now && JSON.stringify({ ...kept, at: Date.now() }));
};

// What the page kept, unless it is another person's: somebody has left since (`left`, ms), or who wrote it was verified.
chat.recall = (text, left) => {
  let kept = null;
  try {
    kept = JSON.parse(text);
  } catch {
    // it is not ours
  }
  const { token } = chat.session;
  if (!kept || kept.at <= Number(left) || (kept.owner !== token && kept.isVerified)) return;
  const isOwn = kept.owner === token;
  if (isOwn) chat.session.isVerified = kept.isVerified;
  if (!kept.owner) chat.secret = kept.secret;
  chat.drafts = isOwn || !kept.owner ? kept.drafts : { new: Object.values(kept.drafts).join('\n') };
  chat.lost = kept.lost;
  unsent = kept.items;
};

// Once it is known which conversations there are.
chat.restore = () => {
  const begun = new Map();
  for (const item of unsent.splice(0)) {
    if (!chat.session.token && !item.isNew) {
      if (!begun.has(item.conversation)) begun.set(item.conversation, chat.newId());
      Object.assign(item, { conversation: begun.get(item.conversation), isNew: true });
    }
    if (item.isNew) chat.newConversation ??= item.conversation;
    chat.outbox.add(item);
  }
};
document.addEventListener('visibilitychange', () => document.hidden && chat.save());
addEventListener('beforeunload', (event) => chat.outbox.items.some((one) => one.files.length) && event.preventDefault());
