// A small choice of emoji, used with the arrow keys too. In English it can be searched.

const { chat } = globalThis;
const { make, say } = chat;
const COLUMNS = 8;
const isEnglish = chat.boot.locale.startsWith('en');
const EMOJI = `😀 grin happy|😄 laugh happy|😂 tears joy|🙂 smile|😉 wink|😊 blush|😍 love eyes|😘 kiss
🤔 think|😅 sweat|😇 angel|😎 cool|🥳 party|🤗 hug|😴 sleep|🙄 eyes roll
😕 confused|😟 worried|😢 cry sad|😭 sob sad|😡 angry|😱 scream|🤯 mind blown|🤒 sick
👍 thumbs up yes|👎 thumbs down no|👌 ok|👏 clap|🙏 thanks please|💪 strong|👋 wave hello|🤝 deal
✌️ peace|🤞 fingers luck|☝️ up point|👀 look eyes|❤️ heart love|💔 broken heart|✨ sparkles|🎉 party tada
🔥 fire|💡 idea|✅ check done|❌ cross no|⚠️ warning|❓ question|❗ exclamation|💯 hundred
☀️ sun|🌧️ rain|⛄ snow|🌈 rainbow|☕ coffee|🍕 pizza|🎂 cake|🍀 luck
🚀 rocket|🐛 bug|💻 computer|📱 phone|📷 photo|📦 package|💳 card pay|⏰ alarm time`
  .split(/[|\n]/)
  .map((one) => one.match(/^(\S+) (.*)$/).slice(1));

// Opens beside `button`; `choose` takes an emoji.
chat.emojiPicker = (button, choose) => {
  const grid = make('div.emoji__grid');
  const search =
    isEnglish &&
    make('input.emoji__search', { type: 'search', 'aria-label': say('search'), placeholder: say('search'), autocomplete: 'off', oninput: draw, onkeydown: fromSearch });
  const root = make('div.emoji', { role: 'group', 'aria-label': say('emoji'), hidden: true, onkeydown: move }, search, grid);
  button.setAttribute('aria-expanded', 'false');

  function draw() {
    const wanted = search ? search.value.trim().toLowerCase() : '';
    grid.replaceChildren(
      ...EMOJI.filter(([, names]) => names.includes(wanted)).map(([emoji], index) =>
        make('button', { type: 'button', tabindex: index ? '-1' : '0', onclick: () => choose(emoji) }, emoji),
      ),
    );
  }
  function fromSearch(event) {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') (event.preventDefault(), grid.firstElementChild?.focus());
    if (event.key === 'Enter') (event.preventDefault(), grid.firstElementChild?.click());
  }
  function move(event) {
    if (event.key === 'Escape') {
      event.stopPropagation();
      return toggle(false);
    }
    const buttons = [...grid.children];
    const at = buttons.indexOf(document.activeElement);
    if (at < 0) return;
    const forward = document.dir === 'rtl' ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: COLUMNS, ArrowUp: -COLUMNS, Home: -at, End: buttons.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (at + step < 0 && search) return search.focus();
    const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
    buttons[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  function toggle(isShown = root.hidden) {
    root.hidden = !isShown;
    button.setAttribute('aria-expanded', String(isShown));
    if (!isShown) return root.contains(document.activeElement) || document.activeElement === document.body ? button.focus() : undefined;
    if (search) search.value = '';
    draw();
    // On a phone the keyboard would cover the choice.
    (search && !matchMedia('(pointer: coarse)').matches ? search : grid.firstElementChild).focus();
  }
  document.addEventListener('pointerdown', (event) => {
    if (!root.hidden && !root.contains(event.target) && !button.contains(event.target)) toggle(false);
  });
  return { root, toggle };
};

