/* A website's chat: its button, and the frame that does the rest. */
(() => {
  const d = document;
  const view = window.visualViewport;
  const script = d.currentScript ?? d.querySelector('script[data-key],script[data-public-key]');
  if (window.Parley?.isLoaded || !script) return;
  let { key, publicKey, api, locale } = script.dataset;
  key ??= publicKey;
  const desk = new URL(api || script.src, d.baseURI).origin;
  const name = `parley:${key}`;
  const phone = matchMedia('(max-width:480px),(max-height:480px)');
  const trusted = window.trustedTypes?.createPolicy('parley', { createScriptURL: (url) => url });
  const callbacks = { onShow: null, onHide: null, onChangeUnreadMessagesCount: null };
  let kept = {}; // for a frame that is loaded again
  let config, frame, port, opener, isReady, isOpen, isHidden, memory, title, shown;
  let waiting = []; // messages for a frame that is not ready
  let unread = 0;

  // The session, in memory where the browser refuses storage.
  const read = () => {
    try {
      return localStorage.getItem(name) ?? memory;
    } catch {
      return memory;
    }
  };
  const keep = (token) => {
    memory = token;
    try {
      if (token) localStorage.setItem(name, token);
      else localStorage.removeItem(name);
    } catch {}
  };

  // What no style of the page reaches.
  const make = (tag) => d.createElement(tag);
  const host = make('div');
  const root = host.attachShadow({ mode: 'open' });
  const button = make('button');
  const text = make('span');
  const badge = make('b');
  button.type = 'button';
  button.ariaHasPopup = 'dialog';
  text.dir = 'auto';
  button.append(text, badge);
  root.append(button);

  const style = (color, side) => {
    const [r, g, b] = [1, 3, 5].map((at) => (parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:host{all:initial!important;direction:ltr!important;position:fixed!important;z-index:2147483647!important}
[hidden],span:empty,b:empty,[aria-expanded=true] span{display:none!important}
button,iframe{all:unset;box-sizing:border-box;position:fixed;${side}:20px;border:1px solid transparent}
button{bottom:max(20px,env(safe-area-inset-bottom));display:flex;place-items:center;gap:10px;min-width:56px;height:56px;max-width:calc(100% - 40px);padding:0 15px;border-radius:28px;background:${color};color:${r * 0.21 + g * 0.72 + b * 0.07 > 0.18 ? '#111' : '#fff'};font:600 15px system-ui,sans-serif;cursor:pointer;box-shadow:0 1px 3px #0003,0 8px 24px -4px #0004}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #000}
button:before{content:"";flex:none;width:24px;height:24px;background:currentColor;clip-path:path("M12 2a10 9.5 0 1 1-4 18.2L2 22l1.6-5A10 9.5 0 0 1 12 2")}
[aria-expanded=true]:before{clip-path:path("M5 8 3 10l9 9 9-9-2-2-7 7")}
span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
b{position:absolute;top:-5px;right:-5px;min-width:12px;padding:0 4px;border-radius:12px;border:2px solid #fff;background:#c81e1e;color:#fff;font-size:12px;line-height:18px;text-align:center}
iframe{bottom:88px;width:400px;height:680px;max-width:calc(100% - 40px);max-height:calc(100% - 108px);border-radius:16px;background:Canvas;color-scheme:light dark;animation:a .2s;box-shadow:0 0 0 1px #0001,0 12px 48px -8px #0005}
@media ${phone.media}{iframe{inset:0;width:100%;height:100%;max-width:none;max-height:none;border:0;border-radius:0;padding:env(safe-area-inset-top) 0 env(safe-area-inset-bottom)}.under{display:none}}
@media(forced-colors:active){:before{background:ButtonText!important}}
@keyframes a{from{opacity:0}}
@media print{:host{display:none!important}}`);
    root.adoptedStyleSheets = [sheet];
  };

  const draw = () => {
    const { labels, launcher_text: words } = config;
    const forms = labels.unread;
    const count = (forms[new Intl.PluralRules(config.locale).select(unread)] ?? forms.other).replace('{count}', unread);
    const label = isOpen ? labels.close : words || labels.open;
    const hasBadge = unread && !isOpen;
    text.textContent = words;
    badge.textContent = hasBadge ? (unread > 9 ? '9+' : unread) : '';
    button.ariaExpanded = !!isOpen;
    button.ariaLabel = hasBadge ? `${label}, ${count}` : label;
    button.className = isOpen && isReady ? 'under' : '';
    button.hidden = isHidden && !isOpen;
    if (!frame) return;
    frame.hidden = !isOpen;
    // A phone's keyboard leaves less room than the page is high.
    const isFull = isOpen && isReady && phone.matches;
    frame.style.height = isFull ? `${view.height}px` : '';
    frame.style.top = isFull ? `${view.offsetTop}px` : '';
    if (d.body) d.body.inert = isFull;
  };

  const post = (type, data) => (isReady ? port.postMessage({ type, data }) : waiting.push({ type, data }));
  const tell = (type, data) => {
    kept[type] = data;
    if (isReady) post(type, data);
  };
  const look = () => tell('page', { page: location.href, title: title ?? d.title });
  const mount = () => {
    if (frame) return;
    frame = make('iframe');
    frame.title = config.labels.title;
    frame.allow = 'autoplay';
    frame.src = `${desk}/widget/${key}/?locale=${locale}`;
    frame.onload = () => {
      const channel = new MessageChannel();
      port = channel.port1;
      isReady = false;
      port.onmessage = ({ data }) => messages[data.type]?.(data.data);
      frame.contentWindow.postMessage({ parley: 1, token: read(), isOpen, isFull: phone.matches }, desk, [channel.port2]);
    };
    root.prepend(frame);
    draw();
  };
  const messages = {
    ready() {
      isReady = true;
      for (const type in kept) post(type, kept[type]);
      waiting.splice(0).forEach((one) => port.postMessage(one));
      draw();
    },
    token: keep,
    forget(ended) {
      if (read() === ended) keep(null);
      post('token', read());
    },
    unread(count) {
      if (count === unread) return;
      unread = count;
      draw();
      call('onChangeUnreadMessagesCount', unread);
    },
    close: () => hide(),
    notify(given) {
      if (!d.hidden) return;
      title ??= d.title;
      d.title = shown = given.title;
    },
  };
  const call = (event, value) => setTimeout(() => callbacks[event]?.(value));

  function show() {
    if (isOpen) return;
    opener = root.activeElement ?? d.activeElement;
    isOpen = true;
    mount();
    draw();
    // A page that opens the chat by itself takes nobody's cursor away.
    const isAsked = navigator.userActivation?.isActive ?? true;
    if (isAsked) frame.focus();
    look();
    post('open', { isAsked, isFull: phone.matches });
    call('onShow');
  }
  function hide() {
    if (!isOpen) return;
    const isInside = root.activeElement;
    isOpen = false;
    draw();
    post('close');
    if (isInside) (opener.isConnected && opener !== d.body ? opener : button).focus();
    call('onHide');
  }

  const commands = {
    show,
    hide,
    toggle: () => (isOpen ? hide() : show()),
    showChatBubble: () => draw((isHidden = false)),
    hideChatBubble: () => draw((isHidden = true)),
    setTheme: (theme) => tell('theme', theme),
    identify: (who) => mount(tell('identify', who)),
    setNewConversationFields: (fields) => tell('fields', fields),
    setTicketFormFields: (fields) => tell('form_fields', fields),
    setVisibleTicketForms: (keys) => tell('visible_forms', keys),
    setContext: (context) => tell('context', context),
    showNewMessage: (draft) => show(post('draft', draft)),
    showTicketForm: (form) => show(post('form', form)),
    setLocale(tag) {
      locale = tag;
      load();
    },
    shutdown() {
      hide();
      kept = { theme: kept.theme };
      post('shutdown');
      keep(null);
      messages.unread(0);
    },
  };
  let early = []; // before the configuration is here
  const Parley = (command, payload) => {
    if (Object.hasOwn(callbacks, command)) callbacks[command] = payload;
    else if (!Object.hasOwn(commands, command)) console.warn(`Parley: no command ${command}`);
    else if (config) commands[command](payload);
    else early?.push([command, payload]);
  };
  const queued = [window.Parley, window.Woes].flatMap((one) => [...(one?.q ?? [])]);
  Parley.isLoaded = true;
  window.Parley = window.Woes = Parley;
  queued.forEach((one) => Parley(...one));

  const page = d.documentElement;
  // Beside the body, which a page may replace.
  const attach = () => host.isConnected || page.append(host);
  function load() {
    const asked = make('script');
    locale = encodeURIComponent(locale || page.lang || navigator.language);
    const source = `${desk}/widget/${key}/config.js?locale=${locale}`;
    asked.src = trusted?.createScriptURL(source) ?? source;
    asked.nonce = script.nonce;
    asked.onerror = () => console.warn('Parley: no chat on this page', (early = null) ?? '');
    asked.addEventListener('parley', ({ detail }) => {
      config = detail;
      const isTurned = getComputedStyle(page).direction === 'rtl';
      style(config.color, (config.position === 'left') === isTurned ? 'right' : 'left');
      const wasMounted = frame;
      frame?.remove();
      frame = isReady = null;
      draw();
      attach();
      new MutationObserver(attach).observe(page, { childList: true });
      if (wasMounted || read()) mount();
      early.splice(0).forEach(([command, payload]) => commands[command](payload));
    });
    d.head.append(asked);
  }

  const on = (target, event, listener) => target?.addEventListener(event, listener);
  on(button, 'click', commands.toggle);
  on(d, 'keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && hide());
  on(d, 'visibilitychange', () => {
    if (d.title === shown) d.title = title;
    title = shown = null;
  });
  on(window, 'storage', (event) => {
    if (event.key !== name || !config) return;
    post('token', event.newValue);
    if (event.newValue) mount();
  });
  on(window, 'blur', look);
  for (const event of ['resize', 'scroll']) on(view, event, () => frame && draw());
  load();
})();
