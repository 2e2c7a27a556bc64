// Adds, removes and copies hours in the page. Without this script the desk does it, and shows the page again.

function add(day, [from, to] = ['', '']) {
  const row = document.getElementById('interval').content.firstElementChild.cloneNode(true);
  const key = day.dataset.day;
  const name = day.querySelector('legend').textContent;
  const numbers = [...day.querySelectorAll('[name$="-from"]')].map((input) => Number(input.name.split('-')[1]));
  const number = Math.max(0, ...numbers) + 1;
  for (const part of row.querySelectorAll('[name]')) {
    part.name = part.name.replace('day-0', `${key}-${number}`);
    if (part.name === 'remove') part.value = `${key}-${number}`;
    part.setAttribute('aria-label', part.getAttribute('aria-label').replace('day', name));
  }
  const [first, last] = row.querySelectorAll('input');
  [first.value, last.value] = [from, to];
  day.querySelector('.day__rows').insertBefore(row, day.querySelector('.fault'));
  return first;
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('.week button[name]');
  const day = button?.closest('.day');
  if (!day) return;
  event.preventDefault();
  if (button.name === 'add') {
    add(day).focus();
  } else if (button.name === 'remove') {
    button.closest('.interval').remove();
    day.querySelector('[name=add]').focus();
  } else {
    const rows = [...day.querySelectorAll('.interval')].map((row) => [...row.querySelectorAll('input')].map((input) => input.value));
    for (const other of ['tue', 'wed', 'thu', 'fri'].map((key) => document.getElementById(`day-${key}`))) {
      for (const row of other.querySelectorAll('.interval')) row.remove();
      for (const row of rows) add(other, row);
    }
  }
});
