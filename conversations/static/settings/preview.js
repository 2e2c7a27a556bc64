// In the page of the preview: the widget is drawn with what is typed in the settings and not saved yet.
{
  const LOOKS = ['color', 'position', 'launcher_text'];
  const OUTSIDE = ['position', 'launcher_text']; // seen while the chat is closed
  let draft = null;

  // The loader draws what this event carries.
  document.addEventListener(
    'parley',
    ({ detail }) => {
      for (const name of draft ? LOOKS : []) detail[name] = draft[name];
    },
    true,
  );

  // The cursor stays in the settings while somebody types there.
  Object.defineProperty(navigator, 'userActivation', { get: () => ({ isActive: parent.document.activeElement === frameElement }) });

  // The frame's page, with texts that are not saved.
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    new MutationObserver((changes) => {
      const frame = changes.flatMap(({ addedNodes }) => [...addedNodes]).find(({ tagName }) => tagName === 'IFRAME');
      if (frame && draft) send(frame);
    }).observe(root, { childList: true });
    return root;
  };
  // Posted from inside the frame, as no target reaches into a shadow root, and texts may be longer than an address.
  function send({ contentDocument: page }) {
    const form = page.importNode(document.getElementById('draft'), true);
    for (const [name, value] of Object.entries(draft)) {
      if (value === false) continue;
      const field = page.createElement('textarea');
      Object.assign(field, { name, value: value === true ? 'on' : value });
      form.append(field);
    }
    page.body.append(form);
    form.submit();
  }

  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== location.origin || source !== parent || !data?.draft) return;
    const before = draft;
    draft = data.draft;
    if (!/^#[0-9a-f]{6}$/i.test(draft.color)) draft.color = before?.color ?? '#1f5eff';
    const changed = Object.keys(draft).filter((name) => draft[name] !== before?.[name]);
    if (!changed.length) return;
    globalThis.Parley?.('setLocale', null);
    if (before) globalThis.Parley?.(changed.some((name) => OUTSIDE.includes(name)) ? 'hide' : 'show');
  });
  parent.postMessage({ isPreview: true }, location.origin);
}
