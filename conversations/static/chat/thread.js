// A conversation: its messages, what is on its way, and the box in which the next is written.

const { chat } = globalThis;
const { make, icon, say, boot } = chat;
const { widget } = boot;
const TOGETHER = 5 * 60_000; // ms within which messages of one person are shown as one group
const NEAR = 80; // px from the end that still count as its end
const TYPING = 7000; // ms for which somebody who typed is shown as typing
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;

chat.views.thread = ({ id = null, draft = null, problem: trouble = '' }) => {
  const isNew = !id;
  if (chat.conversations.has(chat.newConversation)) chat.newConversation = null; // it has begun meanwhile
  let conversationId = id ?? (chat.newConversation ??= chat.newId());
  let divider = null; // the first message that was not seen before
  let typing = null;
  let isNear = true;
  let isOffline = !chat.isReachable();
  let problem = '';
  let isAskingAddress = false;
  const conversation = () => chat.conversations.get(conversationId);

  // --- Parts ---
  const heading = make('h1', { tabindex: '-1' });
  const subtitle = make('div.bar__sub');
  const face = make('div.bar__face');
  const menu = chat.menu(items);
  const notice = make('p.notice', { role: 'status', hidden: true });
  const older = make('button.link', { type: 'button', hidden: true, onclick: loadOlder }, say('older'));
  const opening = make('div.opening');
  const log = make('div.log', { role: 'log', 'aria-live': 'polite', 'aria-label': say('messages') });
  const dots = make('div.typing', { hidden: true });
  const asks = askedFields();
  const scroll = make('div.scroll', { tabindex: '0', role: 'region', 'aria-label': say('messages'), onscroll: scrolled }, older, opening, log, dots, asks.root);
  const jump = make('button.jump', { type: 'button', hidden: true, onclick: () => toEnd(true) }, icon('forward'), say('new_messages'));
  const banner = make('div.banner', { hidden: true });
  const toast = make('p.toast', { role: 'status', hidden: true });
  const composer = chat.composer({ place: isNew ? 'new' : conversationId, conversation: id, submit });
  const root = make(
    'section.view.thread',
    { ondragover: dragged, ondragleave: dragged, ondrop: dropped },
    make(
      'header.bar',
      {},
      chat.iconButton('back', say('back'), () => chat.show('home', { from: conversationId })),
      face,
      make('div.bar__text', {}, heading, subtitle),
      menu.button,
      chat.iconButton('close', say('close'), () => chat.close(true)),
      menu.root,
    ),
    notice,
    make('div.thread__main', {}, scroll, jump, toast, make('p.drop', { 'aria-hidden': 'true' }, icon('clip'), say('drop'))),
    banner,
    composer.root,
  );

  // --- Sending ---
  function submit({ text, files }) {
    const isFirst = !conversation() && !chat.outbox.of(conversationId).length;
    if (isFirst && !asks.check()) return false;
    divider = null;
    chat.outbox.add({ conversation: conversationId, text, files, about: isFirst ? { ...asks.values(), fields: chat.newFields() } : {} });
    toEnd();
    return true;
  }
  async function act(path, body) {
    const answer = await chat.ask('POST', `conversations/${conversationId}/${path}`, body);
    if (answer.data.code === 'not_found') return chat.abandon(conversationId);
    if (!answer.ok) return complain(chat.fault(answer));
    if (answer.data.conversation) chat.put(answer.data);
    return answer.data;
  }
  function complain(text) {
    toast.textContent = text;
    toast.hidden = !text;
    if (text) setTimeout(() => (toast.hidden = toast.textContent === text), 6000);
  }

  // --- The menu ---
  function items() {
    const now = conversation();
    return [
      { icon: chat.hasSound ? 'sound' : 'mute', text: say('sound'), isOn: chat.hasSound, do: () => chat.setSound(!chat.hasSound) },
      now && { icon: 'mail', text: say('transcript'), do: transcript },
      now?.status === 'open' && { icon: 'check', text: say('resolve'), do: () => act('resolve') },
      now?.status === 'resolved' && { icon: 'reopen', text: say('reopen'), do: () => act('reopen') },
    ];
  }
  async function transcript() {
    if (chat.session.contact?.email) {
      const answer = await sendTranscript();
      return answer.ok || complain(chat.fault(answer));
    }
    const input = make('input', { type: 'email', autocomplete: 'email', dir: 'ltr', required: true, 'aria-label': say('email') });
    const fault = make('p.fault', { id: 'transcript-fault', role: 'alert', hidden: true });
    const close = () => {
      isAskingAddress = false;
      drawBanner();
      composer.area.focus();
    };
    isAskingAddress = true;
    banner.replaceChildren(
      make(
        'form',
        {
          novalidate: true,
          async onsubmit(event) {
            event.preventDefault();
            const email = input.value.trim();
            const answer = EMAIL.test(email) ? await sendTranscript(email) : { status: 422, data: { code: 'invalid_email' } };
            if (answer.ok) return close();
            fault.textContent = chat.fault(answer);
            fault.hidden = false;
            input.setAttribute('aria-describedby', fault.id);
            input.focus();
          },
        },
        make('p', {}, say('transcript_to')),
        input,
        fault,
        make('div.banner__buttons', {}, make('button.button', { type: 'submit' }, say('send')), make('button.button.button--quiet', { type: 'button', onclick: close }, say('cancel'))),
      ),
    );
    banner.hidden = false;
    input.focus();
  }
  async function sendTranscript(email) {
    const answer = await chat.ask('POST', `conversations/${conversationId}/transcript`, email ? { email } : {});
    if (answer.ok) complain(say('transcript_sent', { email: chat.apart(answer.data.email) }));
    return answer;
  }

  // --- What is asked before the first message ---
  function askedFields() {
    const given = { ...chat.described, ...chat.session.contact };
    const fields = ['name', 'email']
      .map((name) => [name, widget.asks?.[name]])
      .filter(([name, mode]) => isNew && mode && !chat.session.contact?.[name])
      .map(([name, mode]) => {
        const fault = make('span.fault', { id: `${name}-fault`, hidden: true });
        const input = make('input', {
          id: name,
          name,
          type: name === 'email' ? 'email' : 'text',
          autocomplete: name,
          dir: name === 'email' ? 'ltr' : 'auto',
          maxlength: '200',
          value: given[name] ?? '',
          'aria-required': mode === 'required' ? 'true' : null,
          oninput: () => show(''),
        });
        function show(text) {
          fault.textContent = text;
          fault.hidden = !text;
          input.toggleAttribute('aria-invalid', !!text);
          if (text) input.setAttribute('aria-invalid', 'true');
          if (text) input.setAttribute('aria-describedby', fault.id);
          else input.removeAttribute('aria-describedby');
        }
        const value = () => input.value.trim();
        const check = () => {
          const wrong = !value() ? mode === 'required' && say('error_required') : name === 'email' && !EMAIL.test(value()) && say('error_invalid_email');
          show(wrong || '');
          return !wrong;
        };
        const label = make('label', { for: name }, say(name), mode === 'optional' && make('span.optional', {}, ` (${say('optional')})`));
        return { name, input, check, show, value, root: make('div.field', {}, label, input, fault) };
      });
    const honeypot = make('input', { name: 'homepage', tabindex: '-1', autocomplete: 'off', 'aria-hidden': 'true' });
    return {
      fields,
      root: make('div.asks', { hidden: !fields.length, role: 'group', 'aria-label': say('before') }, make('p', {}, say('before')), ...fields.map((one) => one.root), make('div.sr', {}, honeypot)),
      check() {
        const wrong = fields.filter((one) => !one.check());
        wrong[0]?.input.focus();
        return !wrong.length;
      },
      values() {
        const { name, email } = chat.described;
        const typed = Object.fromEntries(fields.map((one) => [one.name, one.value()]));
        const all = { name, email, ...typed, _hp: honeypot.value };
        return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
      },
    };
  }
  function asked(item) {
    if (item.conversation !== conversationId) return;
    chat.outbox.remove(item.id);
    composer.giveBack(item.text, item.files);
    draw();
    const field = asks.fields.find((one) => one.name === item.field);
    if (!field) return composer.complain(item.error);
    field.show(item.error);
    field.input.focus();
  }

  // --- Entries of the log ---
  function entries() {
    const thread = chat.thread(conversationId);
    const found = [];
    let day = '';
    let before = null;
    // The stream may be faster than the answer to what was sent.
    const known = new Set(thread.messages.map((one) => one.id));
    const latest = thread.messages.at(-1)?.created_at ?? '';
    const onTheWay = chat.outbox.of(conversationId).filter((one) => !known.has(one.id));
    const all = [...thread.messages, ...onTheWay.map((item) => pending(item, latest))];
    const lastOwn = all.findLast((one) => one.is_own && !one.item)?.id;
    all.forEach((message, index) => {
      const at = new Date(message.created_at);
      if (day !== at.toDateString()) {
        day = at.toDateString();
        before = null;
        found.push({ key: `day ${day}`, mark: chat.day(at), make: () => make('p.day', {}, make('span', {}, chat.day(at))) });
      }
      if (message.id === divider) {
        before = null;
        found.push({ key: 'divider', mark: '', make: () => make('p.divider', {}, make('span', {}, say('new_messages'))) });
      }
      if (message.kind === 'status') {
        before = null;
        const text = message.text || say(`event_${message.status}`);
        return found.push({ key: message.id, mark: text, make: () => make('p.event', { dir: 'auto' }, text) });
      }
      const next = all[index + 1];
      const isFirst = !isTogether(before, message);
      const isLast = !isTogether(message, next) || next.id === divider || new Date(next.created_at).toDateString() !== day;
      const isLatest = !next;
      const state = message.is_own && (message.item || message.id === lastOwn);
      const replies = isLatest ? (message.quick_replies ?? []) : [];
      const facts = { isFirst, isLast, state, replies };
      const { item } = message;
      const mark = JSON.stringify([message.html, message.text, message.author, message.files?.map((one) => one.id), facts, item && [item.state, item.error, Math.round(item.progress * 20)]]);
      found.push({ key: message.id, mark, make: () => bubble(message, facts) });
      before = message;
    });
    return found;
  }
  // Clocks differ: what is on its way is never older than what is there.
  const pending = (item, latest) => ({
    id: item.id,
    item,
    kind: 'message',
    is_own: true,
    author: { kind: 'customer', name: '' },
    text: item.text,
    files: [],
    created_at: Date.parse(item.at) > Date.parse(latest) || !latest ? item.at : latest,
  });
  const isTogether = (a, b) =>
    !!a && !!b && b.kind !== 'status' && a.is_own === b.is_own && a.author.kind === b.author.kind && a.author.name === b.author.name && new Date(b.created_at) - new Date(a.created_at) < TOGETHER;

  function bubble(message, { isFirst, isLast, state, replies }) {
    const { author, is_own: isOwn, item } = message;
    const time = chat.time(new Date(message.created_at));
    const name = chat.nameOf(author);
    return make(
      `div.entry${isOwn ? '.entry--own' : ''}${isFirst ? '.entry--first' : ''}${isLast ? '.entry--last' : ''}${item && item.state !== 'failed' ? '.entry--pending' : ''}`,
      {},
      isFirst && !isOwn && chat.avatar(author),
      make(
        isFirst && !isOwn ? 'p.who' : 'p.who.sr',
        { dir: 'auto' },
        isOwn ? say('you') : name,
        author.kind === 'assistant' && make('span.tag', {}, say('by_assistant')),
      ),
      (message.text || message.html) && make('div.bubble', { dir: 'auto' }, body(message)),
      message.files?.length || item?.files.length ? make('ul.attachments', {}, ...(item ? item.files.map(waitingFile) : message.files.map((one) => attachment(message, one)))) : null,
      item && item.files.length > 0 && item.state === 'sending' && make('progress', { max: '1', value: String(item.progress), 'aria-label': say('sending') }),
      isLast || item || state ? make('p.when', {}, ...(item ? delivery(item).filter(Boolean) : [state && icon('check'), state && make('span', {}, `${say('sent')} · `), make('time', { datetime: message.created_at }, time)])) : null,
      replies.length > 0 && make('div.replies', {}, ...replies.map(reply)),
    );
  }
  function body(message) {
    if (!message.html) return message.text;
    const template = make('template');
    template.innerHTML = message.html; // the desk has cleaned it
    for (const link of template.content.querySelectorAll('a')) Object.assign(link, { target: '_blank', rel: 'noopener noreferrer' });
    for (const code of template.content.querySelectorAll('pre')) code.tabIndex = 0;
    return template.content;
  }
  function delivery(item) {
    if (item.state === 'sending') return [icon('clock'), make('span', {}, say('sending'))];
    const button = (label, onclick) => make('button.link', { type: 'button', onclick }, label);
    if (item.state === 'waiting') return [icon('clock'), make('span', {}, say('waiting')), button(say('retry'), () => chat.outbox.retry(item.id))];
    return [
      icon('alert'),
      make('span.fault', {}, item.lost ? item.error : `${say('not_sent')}: ${item.error}`),
      !item.lost && button(say('retry'), () => chat.outbox.retry(item.id)),
      button(say('edit'), () => {
        chat.outbox.remove(item.id);
        composer.giveBack(item.text, item.files);
        if (item.lost) composer.complain(item.error);
        composer.area.focus();
      }),
    ];
  }
  const waitingFile = (file) => make('li.file', {}, chat.thumbnail(file), make('span.file__text', {}, make('span.file__name', { dir: 'auto' }, chat.fileName(file.name))));

  // The links of files are valid for a short time: each use takes the newest.
  function attachment(message, file) {
    const newest = () => chat.thread(conversationId).messages.find((one) => one.id === message.id)?.files.find((one) => one.id === file.id)?.url ?? file.url;
    const renew = () => (link.href = newest());
    const link = make(`a.file${file.is_image ? '.file--image' : ''}`, { href: file.url, target: '_blank', rel: 'noopener noreferrer', onpointerdown: renew, onfocus: renew });
    if (file.is_image) {
      const picture = make('img', { src: file.url, alt: say('image', { name: chat.apart(chat.fileName(file.name)) }), loading: 'lazy' });
      picture.addEventListener('load', () => isNear && toEnd());
      picture.addEventListener('error', async () => ((await chat.load(conversationId)), (picture.src = newest())), { once: true });
      link.append(picture);
    } else {
      link.append(icon('file'), make('span.file__text', {}, make('span.file__name', { dir: 'auto' }, chat.fileName(file.name)), make('span.file__size', {}, chat.size(file.size))));
    }
    return make('li', {}, link);
  }
  function reply({ proposal, approved, label }) {
    return make(
      'button.reply',
      {
        type: 'button',
        async onclick({ currentTarget }) {
          for (const one of currentTarget.parentNode.children) one.disabled = true;
          const data = await act('decision', { proposal, approved });
          if (data) return composer.area.focus();
          for (const one of log.querySelectorAll('.reply')) one.disabled = false;
        },
      },
      say(label),
    );
  }

  // --- Showing ---
  const marks = new WeakMap();
  function drawLog() {
    const thread = chat.thread(conversationId);
    const wanted = new Map(entries().map((one) => [one.key, one])).values();
    const known = new Map();
    for (const one of [...log.children]) known.has(one.dataset.key) ? one.remove() : known.set(one.dataset.key, one);
    const isFocused = log.contains(document.activeElement);
    if (!log.childElementCount) log.setAttribute('aria-busy', 'true'); // the history is not read aloud
    let at = log.firstElementChild;
    for (const { key, mark, make: build } of wanted) {
      let shown = known.get(key);
      known.delete(key);
      if (shown && marks.get(shown) !== mark) {
        const now = build();
        if (shown === at) at = now;
        shown.replaceWith(now);
        shown = now;
      } else shown ??= build();
      marks.set(shown, mark);
      shown.dataset.key = key;
      if (shown === at) at = at.nextElementSibling;
      else log.insertBefore(shown, at);
    }
    for (const gone of known.values()) gone.remove();
    if (isFocused && document.activeElement === document.body) composer.area.focus();
    setTimeout(() => log.removeAttribute('aria-busy'), 100);
    older.hidden = !thread.hasMore;
  }
  function drawHead() {
    const now = conversation();
    const partner = now?.with ?? { kind: 'team', name: '' };
    heading.textContent = chat.apart(chat.nameOf(partner));
    face.replaceChildren(chat.avatar(partner));
    subtitle.replaceChildren(partner.kind === 'assistant' ? make('p.presence', {}, say('by_assistant')) : chat.presenceLine('short'));
    const { isOnline } = chat.presence();
    const isEmpty = !now && !chat.outbox.of(conversationId).length;
    const greeting = isOnline ? widget.greeting || say('greeting') : widget.offline_message || say('offline_message');
    opening.hidden = !isEmpty;
    if (isEmpty) opening.replaceChildren(make('p', { dir: 'auto' }, greeting));
    asks.root.hidden = !isEmpty || !asks.fields.length;
    log.hidden = isEmpty;
  }
  function drawBanner() {
    if (isAskingAddress) return; // it stays while something is being typed into it
    const now = conversation();
    const isOver = now && now.status !== 'open';
    banner.hidden = !isOver;
    composer.root.hidden = now?.can_write === false;
    if (!isOver) return banner.replaceChildren();
    banner.replaceChildren(
      make('p', {}, say(now.is_closed ? 'is_closed' : 'is_resolved')),
      make(
        'div.banner__buttons',
        {},
        !now.is_closed && make('button.button', { type: 'button', onclick: async () => (await act('reopen')) && composer.area.focus() }, say('reopen')),
        make('button.button.button--quiet', { type: 'button', onclick: () => chat.show('thread', {}) }, say('start_new')),
      ),
    );
  }
  function drawDots() {
    const now = conversation();
    const name = typing?.name || (now?.is_answering ? say('assistant') : '');
    const wasHidden = dots.hidden;
    dots.hidden = !name;
    if (!name) return;
    dots.replaceChildren(make('span.dots', { 'aria-hidden': 'true' }, make('i'), make('i'), make('i')), make('span', {}, say('typing', { name: chat.apart(name) })));
    if (wasHidden && isNear) toEnd();
  }
  function stopTyping() {
    clearTimeout(typing?.timer);
    typing = null;
    drawDots();
  }
  function drawNotice() {
    const text = problem || (isOffline ? say('connecting') : '');
    if (notice.textContent !== text) notice.textContent = text;
    notice.hidden = !text;
  }
  let shown = 0;
  function draw() {
    const was = isNear;
    const count = chat.thread(conversationId).messages.length;
    drawHead();
    drawBanner();
    drawLog();
    drawDots();
    if (was) toEnd();
    else if (count > shown && shown) jump.hidden = false;
    shown = count;
    look();
  }

  // --- Scrolling, and what counts as seen ---
  function toEnd(isAsked = false) {
    scroll.scrollTop = scroll.scrollHeight;
    isNear = true;
    jump.hidden = true;
    if (isAsked) composer.area.focus();
  }
  function scrolled() {
    isNear = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    if (isNear) jump.hidden = true;
    look();
  }
  function look() {
    if (isNear && chat.isViewing(conversationId)) chat.markSeen(conversationId);
  }
  // Where the visitor has stopped reading.
  function divide() {
    let left = conversation()?.unread ?? 0;
    const { messages } = chat.thread(conversationId);
    if (left) divider = messages.findLast((one) => one.kind !== 'status' && !one.is_own && --left === 0)?.id ?? null;
  }
  async function loadOlder() {
    older.disabled = true;
    const height = scroll.scrollHeight - scroll.scrollTop;
    log.setAttribute('aria-busy', 'true');
    const isLoaded = await chat.loadOlder(conversationId);
    scroll.scrollTop = scroll.scrollHeight - height;
    older.disabled = false;
    if (!isLoaded) complain(say('error_load'));
    else if (older.hidden) scroll.focus({ preventScroll: true });
  }
  async function load() {
    if (!conversation() && isNew) return;
    const answer = await chat.load(conversationId);
    if (answer.ok) problem = '';
    else if (answer.data.code === 'not_found') return chat.abandon(conversationId);
    else if (answer.status === 404) return undefined;
    else if (answer.status !== 401) {
      problem = say('error_load');
      setTimeout(() => root.isConnected && load(), answer.wait || 5000);
    }
    if (answer.ok && !divider) divide();
    draw();
    drawNotice();
  }

  // --- Files that are dropped ---
  function dragged(event) {
    if (!widget.accepts_files || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    root.classList.toggle('is-dragged', event.type === 'dragover');
  }
  function dropped(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    root.classList.remove('is-dragged');
    composer.add(event.dataTransfer.files);
  }

  if (draft) composer.setDraft(draft);
  complain(trouble);
  divide();
  draw();
  drawNotice();
  setTimeout(load);
  new ResizeObserver(() => isNear && toEnd()).observe(scroll);

  return {
    root,
    get id() {
      return conversationId;
    },
    focus() {
      // A phone's keyboard would cover what is to be read.
      if (matchMedia('(pointer: coarse)').matches && !draft) return heading.focus();
      const first = asks.root.hidden ? null : asks.fields.find((one) => !one.value());
      (first?.input ?? composer.area).focus();
    },
    looked() {
      divide();
      draw();
    },
    resized: () => composer.resize(),
    on: {
      thread(changed) {
        if (changed !== conversationId) return;
        if (isNew && conversation() && chat.newConversation) {
          chat.newConversation = null;
          composer.become(conversationId);
          chat.host.post('view', { name: 'thread', id: conversationId });
        }
        // Who was typing has written.
        const last = chat.thread(changed).messages.at(-1);
        if (typing && last && !last.is_own && last.id !== typing.after && [typing.name, ''].includes(last.author.name)) stopTyping();
        draw();
      },
      moved({ from, to }) {
        if (from !== conversationId) return;
        conversationId = to;
        if (chat.conversations.has(to)) composer.become(to);
        draw();
        setTimeout(load);
      },
      conversations() {
        drawHead();
        drawBanner();
      },
      online: drawHead,
      asked,
      forgotten() {
        if (chat.outbox.of(conversationId).length) return;
        if (composer.isEmpty()) return chat.show('home');
        composer.become('new');
        chat.show('thread', {});
      },
      connection(isGood) {
        isOffline = !isGood;
        drawNotice();
      },
      typing(event) {
        if (event.conversation !== conversationId) return;
        clearTimeout(typing?.timer);
        const after = chat.thread(conversationId).messages.at(-1)?.id;
        typing = { name: event.name || chat.title(), after, timer: setTimeout(stopTyping, TYPING) };
        drawDots();
      },
    },
  };
};

// A button with a list of things to do.
chat.menu = (items) => {
  const button = chat.iconButton('more', say('more'), () => toggle());
  const root = make('div.menu', { hidden: true, onkeydown: move });
  button.setAttribute('aria-expanded', 'false');
  function toggle(isShown = root.hidden) {
    root.hidden = !isShown;
    button.setAttribute('aria-expanded', String(isShown));
    if (!isShown) return button.focus();
    root.replaceChildren(
      ...items()
        .filter(Boolean)
        .map((one) =>
          make(
            'button',
            {
              type: 'button',
              'aria-pressed': one.isOn === undefined ? null : String(one.isOn),
              onclick: () => (toggle(false), one.do()),
            },
            icon(one.icon),
            one.text,
          ),
        ),
    );
    root.firstElementChild.focus();
  }
  function move(event) {
    const buttons = [...root.children];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === 'Escape') return event.stopPropagation(), toggle(false);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return undefined;
    event.preventDefault();
    return buttons.at((at + step) % buttons.length).focus();
  }
  document.addEventListener('pointerdown', (event) => {
    if (root.hidden || root.contains(event.target) || button.contains(event.target)) return;
    root.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  });
  return { button, root };
};
