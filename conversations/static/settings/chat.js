// Shows unsaved changes in the preview of a widget.

const form = document.getElementById('widget');
const preview = document.getElementById('preview');
let timer;

const draft = () => Object.fromEntries([...form.elements].filter(({ name }) => name && name !== 'csrfmiddlewaretoken').map((one) => [one.name, one.type === 'checkbox' ? one.checked : one.value]));
const post = () => preview.contentWindow?.postMessage({ draft: draft() }, location.origin);

form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(post, 150);
});
addEventListener('message', ({ source, data }) => source === preview.contentWindow && data?.isPreview && post());
