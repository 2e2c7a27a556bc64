// The box in which a message is written, with its files.

const { chat } = globalThis;
const { make, icon, say, boot } = chat;
const { widget } = boot;
const TYPING = 4000; // ms between signals that somebody types
const TALLEST = 160; // px

const { chosen } = chat;
const lastTyped = new Map();
chat.on('left', () => chosen.clear());

// `place` is a conversation or 'new'; `submit` takes {text, files} and gives false where they cannot be sent yet.
chat.composer = ({ place, conversation, submit }) => {
  const area = make('textarea', {
    rows: '1',
    'aria-label': say('message'),
    placeholder: say('write'),
    enterkeyhint: 'send',
    oninput: typed,
    onkeydown: pressed,
    onpaste: pasted,
  });
  const input = make('input', { type: 'file', multiple: true, hidden: true, tabindex: '-1', onchange: () => (add(input.files), (input.value = '')) });
  const files = make('ul.files', { hidden: true });
  const fault = make('p.fault', { role: 'alert', hidden: true });
  const emojiButton = chat.iconButton('smile', say('emoji'), () => picker.toggle());
  const picker = chat.emojiPicker(emojiButton, insert);
  const sendButton = make('button.send', { type: 'submit', 'aria-label': say('send'), title: say('send') }, icon('send'));
  const root = make(
    'form.composer',
    { novalidate: true, onsubmit: sent },
    picker.root,
    fault,
    make(
      'div.composer__box',
      {},
      files,
      area,
      make(
        'div.composer__tools',
        {},
        widget.accepts_files && chat.iconButton('clip', say('attach'), () => input.click()),
        emojiButton,
        input,
        sendButton,
      ),
    ),
  );
  let list = chosen.get(place) ?? [];
  area.value = chat.drafts[place] ?? '';

  function resize() {
    // The direction of what is written; of the page while there is nothing.
    area.dir = area.value ? 'auto' : document.dir;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, TALLEST)}px`;
    sendButton.toggleAttribute('data-empty', !area.value.trim() && !list.length);
  }
  function keep() {
    chat.drafts[place] = area.value;
    chat.save();
    resize();
  }
  function complain(text = '') {
    fault.hidden = !text;
    fault.textContent = text;
  }
  function typed() {
    complain();
    delete chat.lost[place];
    keep();
    if (!conversation || !area.value.trim() || Date.now() - (lastTyped.get(conversation) ?? 0) < TYPING) return;
    lastTyped.set(conversation, Date.now());
    chat.ask('POST', `conversations/${conversation}/typing`);
  }
  function pressed(event) {
    // While letters are being composed, Enter takes the composition. Safari says so by the code alone.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    root.requestSubmit();
  }
  function sent(event) {
    event.preventDefault();
    const text = area.value.trim();
    area.focus();
    if (!text && !list.length) return;
    if (submit({ text, files: list }) === false) return;
    area.value = '';
    setFiles([]);
    keep();
    lastTyped.delete(conversation);
  }
  function insert(emoji) {
    area.setRangeText(emoji, area.selectionStart, area.selectionEnd, 'end');
    picker.toggle(false);
    area.focus();
    typed();
  }

  // --- Files ---
  function setFiles(now) {
    list = now;
    chosen.set(place, now);
    chat.save();
    files.hidden = !now.length;
    files.replaceChildren(
      ...now.map((file) =>
        make(
          'li.file',
          {},
          chat.thumbnail(file),
          make('span.file__text', {}, make('span.file__name', { dir: 'auto' }, chat.fileName(file.name)), make('span.file__size', {}, chat.size(file.size))),
          chat.iconButton('close', say('remove', { name: chat.apart(chat.fileName(file.name)) }), () => remove(file)),
        ),
      ),
    );
    resize();
  }
  function remove(file) {
    setFiles(list.filter((one) => one !== file));
    complain();
    (files.querySelector('button') ?? area).focus();
  }
  function add(added) {
    complain();
    delete chat.lost[place];
    const now = [...list];
    for (const file of added) {
      if (file.size > widget.max_file_bytes) complain(say('file_too_large', { name: chat.apart(chat.fileName(file.name)), size: chat.size(widget.max_file_bytes) }));
      else if (!file.size) complain(say('file_empty', { name: chat.apart(chat.fileName(file.name)) }));
      else if (now.length >= widget.max_files) complain(say('file_count', { count: widget.max_files }));
      else now.push(file);
    }
    setFiles(now);
    area.focus();
  }
  function pasted(event) {
    const pastedFiles = [...event.clipboardData.files];
    if (!pastedFiles.length || !widget.accepts_files || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    add(pastedFiles);
  }

  setFiles(list);
  if (chat.lost[place]) complain(chat.lostFiles(chat.lost[place]));
  return {
    root,
    area,
    add: (dropped) => widget.accepts_files && add(dropped),
    resize,
    complain,
    isEmpty: () => !area.value.trim() && !list.length,
    // What is written on is for the conversation that began, or goes on, under this id.
    become(id) {
      delete chat.drafts[place];
      chosen.delete(place);
      place = conversation = id;
      chosen.set(place, list);
      keep();
    },
    // A text and files that were not taken return, unless something else has been written meanwhile.
    giveBack(text, taken) {
      area.value = area.value.trim() ? `${text}\n${area.value}` : text;
      setFiles([...taken, ...list]);
      keep();
    },
    setDraft(text) {
      if (area.value.trim()) return; // nothing that was written is lost
      area.value = text;
      keep();
    },
  };
};

const pictures = new WeakMap();
chat.thumbnail = (file) => {
  if (!/^image\/(png|jpeg|gif|webp|avif)$/.test(file.type)) return icon('file');
  if (!pictures.has(file)) pictures.set(file, URL.createObjectURL(file));
  return make('img.file__picture', { src: pictures.get(file), alt: '' });
};
