// Shows unsaved changes in the preview of a widget.

const form = () => document.getElementById('widget');
const preview = () => document.getElementById('preview');
let timer;

const IGNORED = ['csrfmiddlewaretoken', 'allowed_origins', 'name', 'team', 'assignee', 'is_active']; // what the widget does not show
const draft = () =>
  Object.fromEntries(
    [...form().elements].filter(({ name }) => name && !IGNORED.includes(name)).map((one) => [one.name, one.type === 'checkbox' ? one.checked : one.value]),
  );
const post = () => preview()?.contentWindow?.postMessage({ draft: draft() }, location.origin);

document.addEventListener('input', ({ target }) => {
  if (!target.closest('#widget')) return;
  clearTimeout(timer);
  timer = setTimeout(post, 300);
});
post();
addEventListener('message', ({ source, data }) => source === preview()?.contentWindow && data?.isPreview && post());
