// The first view: a greeting, whether somebody is there, the visitor's conversations, and the website's forms.

const { chat } = globalThis;
const { make, icon, say, boot } = chat;
const { widget, workspace } = boot;

chat.title = () => widget.title || workspace.name;

// Whether somebody answers now, and from when on somebody does again.
chat.presence = () => {
  const { is_online: isOnline, next_opening: opening } = chat.online;
  const back = !isOnline && opening ? chat.opening(new Date(opening)) : '';
  return { isOnline, short: isOnline ? say('online') : back || say('offline'), text: isOnline ? say('online') : [say('offline'), back].filter(Boolean).join(' ') };
};
chat.presenceLine = (length = 'text') => {
  const { isOnline, [length]: text } = chat.presence();
  return make(`p.presence${isOnline ? '.presence--on' : ''}`, {}, make('span.presence__dot', { 'aria-hidden': 'true' }), make('span', {}, text));
};

// A picture of who writes: initials, or a sign for the assistant.
chat.avatar = ({ kind, name }) =>
  make(`span.avatar${kind === 'assistant' ? '.avatar--assistant' : ''}`, { 'aria-hidden': 'true' }, kind === 'assistant' ? icon('spark') : chat.initials(name || chat.title()));

chat.nameOf = ({ kind, name }) => name || (kind === 'assistant' ? say('assistant') : kind === 'customer' ? say('you') : chat.title());

function row(conversation) {
  const { id, with: partner, last, unread, status } = conversation;
  const name = chat.nameOf(partner);
  const text = last?.text || conversation.subject || '';
  const own = last?.author_kind === 'customer' ? `${say('you')}: ` : '';
  return make(
    `button.row${unread ? '.row--unread' : ''}`,
    { type: 'button', 'data-key': id, onclick: () => chat.show('thread', { id }) },
    chat.avatar(partner),
    make(
      'span.row__text',
      {},
      make('span.row__top', {}, make('span.row__name', {}, chat.apart(name)), last && make('span.row__time', {}, chat.ago(new Date(last.at)))),
      make(
        'span.row__bottom',
        {},
        make('span.row__last', {}, own + chat.apart(text)),
        status !== 'open' && make('span.tag', {}, say(status)),
        unread > 0 && make('span.count', {}, make('span', { 'aria-hidden': 'true' }, unread > 9 ? '9+' : unread), make('span.sr', {}, say('unread', { count: unread }))),
      ),
    ),
  );
}

chat.forms = () => (boot.forms ?? []).filter(({ key }) => !chat.visibleForms || chat.visibleForms.includes(key));

chat.views = { home, gone };
function home() {
  const heading = make('h1', { tabindex: '-1', dir: 'auto' }, widget.greeting || say('greeting'));
  const status = make('div');
  const create = make('button.card', { type: 'button', onclick: () => chat.show('thread', {}) });
  const list = make('section.list');
  const forms = make('section.list');
  const root = make(
    'section.view.home',
    {},
    make(
      'header.hero',
      {},
      make('div.hero__top', {}, make('p.hero__name', {}, chat.apart(chat.title())), chat.iconButton('close', say('close'), () => chat.close(true))),
      heading,
      status,
    ),
    make('div.home__main', {}, create, list, forms),
  );

  function online() {
    const { isOnline } = chat.presence();
    status.replaceChildren(chat.presenceLine());
    const hint = isOnline ? say('new_hint') : widget.offline_message || say('offline_message');
    create.replaceChildren(make('span.card__text', {}, make('strong', {}, say('new')), make('span', { dir: 'auto' }, hint)), make('span.card__sign', {}, icon('send')));
    forms.hidden = !chat.forms().length;
    forms.replaceChildren(
      make('h2', {}, say('forms')),
      ...chat.forms().map(({ key, title }) =>
        make('button.row.row--form', { type: 'button', 'data-key': key, onclick: () => chat.show('form', { key }) }, icon('file'), make('span.row__name', {}, chat.apart(title)), icon('forward')),
      ),
    );
  }

  function conversations() {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    list.hidden = !chat.conversations.size;
    list.replaceChildren(
      make('h2', {}, say('conversations')),
      ...chat.sorted().map(row),
      chat.hasMoreConversations ? make('button.link', { type: 'button', onclick: more }, say('older_conversations')) : '',
    );
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
  async function more({ currentTarget }) {
    currentTarget.disabled = true;
    const count = chat.conversations.size;
    if (!(await chat.moreConversations())) return (currentTarget.disabled = false);
    list.querySelectorAll('.row')[count]?.focus();
  }

  online();
  conversations();
  return {
    root,
    focus: (from) => (root.querySelector(`[data-key="${CSS.escape(from ?? '')}"]`) ?? heading).focus(),
    on: { online, conversations },
  };
}

// --- A widget that is not there any more ------------------------------------------------------------------

function gone() {
  const text = make('p.empty', { role: 'status', tabindex: '-1' }, say('gone'));
  const bar = make('header.bar', {}, make('div.bar__text.bar__text--alone', {}, make('h1', {}, chat.apart(chat.title()))), chat.iconButton('close', say('close'), () => chat.close(true)));
  return { root: make('section.view.thread', {}, bar, text), focus: () => text.focus(), on: {} };
}

// --- A form of the website, on its own page in a frame ------------------------------------------------------

chat.views.form = ({ key }) => {
  const form = (boot.forms ?? []).find((one) => one.key === key);
  if (!form) {
    console.warn(`Parley: no form ${key}`);
    return home();
  }
  const heading = make('h1', { tabindex: '-1' }, chat.apart(form.title));
  const frame = make('iframe.form', {
    title: form.title,
    src: `/f/${encodeURIComponent(key)}?${new URLSearchParams({ embed: '1', widget: boot.key, page: chat.page.page })}`,
    onload: prefill,
  });
  function prefill() {
    const page = frame.contentDocument;
    page?.addEventListener('keydown', chat.escape);
    for (const [name, value] of Object.entries(chat.formFields ?? {})) {
      const field = page?.getElementsByName(name)[0];
      if (!field || field.value || !['string', 'number'].includes(typeof value)) continue;
      field.value = value;
    }
  }
  const root = make(
    'section.view.thread',
    {},
    make(
      'header.bar',
      {},
      chat.iconButton('back', say('back'), () => chat.show('home', { from: key })),
      make('div.bar__text', {}, heading),
      chat.iconButton('close', say('close'), () => chat.close(true)),
    ),
    frame,
  );
  return { root, focus: () => heading.focus(), on: {} };
};
