// In the page of the preview: the widget is drawn with what is typed in the settings and not saved yet.
{
  const LOOKS = ['color', 'position', 'launcher_text'];
  let draft = {};

  // The loader draws what this event carries.
  document.addEventListener(
    'parley',
    ({ detail }) => {
      for (const name of LOOKS) detail[name] = draft[name] ?? detail[name];
    },
    true,
  );

  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== location.origin || source !== parent || !data?.draft) return;
    const before = draft;
    draft = data.draft;
    if (!/^#[0-9a-f]{6}$/i.test(draft.color)) draft.color = before.color;
    if (LOOKS.some((name) => draft[name] !== before[name])) window.Parley?.('setLocale', draft.language || null);
  });
  if (parent !== window) parent.postMessage({ isPreview: true }, location.origin);
}
