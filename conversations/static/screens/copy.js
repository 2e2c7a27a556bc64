// A button that copies the code beside it; without this script a click selects it.

const words = document.getElementById('words').dataset;

function add(code) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn copy';
  button.textContent = words.toCopy;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent.trim());
      button.textContent = words.copied;
    } catch {
      getSelection().selectAllChildren(code);
    }
    setTimeout(() => (button.textContent = words.toCopy), 2000);
  });
  const place = document.createElement('div');
  place.className = 'copied';
  code.replaceWith(place);
  place.append(code, button);
}
const all = (page) => page.querySelectorAll('[data-copy]').forEach(add);

all(document);
document.addEventListener('desk:shown', ({ detail }) => all(detail.page));
