// What the website does with its chat: each button gives one command, which may come before the chat is loaded.
(() => {
  'use strict';
  window.Parley = window.Parley || function () { (Parley.q = Parley.q || []).push(arguments); };
  const data = JSON.parse(document.getElementById('demo').textContent);
  const show = (id, text) => (document.getElementById(id).textContent = text);

  function give(command, payload) {
    window.Parley(command, payload);
    const shown = payload === undefined ? '' : `, ${JSON.stringify(payload).slice(0, 60)}`;
    show('last', `Parley('${command}'${shown})`);
  }

  for (const button of document.querySelectorAll('[data-command]')) {
    button.addEventListener('click', () => give(button.dataset.command, button.dataset.payload));
  }
  document.getElementById('language').addEventListener('change', (event) => give('setLocale', event.target.value));

  const button = document.getElementById('sign-in');
  button.addEventListener('click', () => {
    give('identify', { jwt: data.jwt });
    show('account', button.textContent.replace('Sign in as ', ''));
  });
  document.getElementById('sign-out').addEventListener('click', () => {
    give('shutdown');
    show('account', 'Not signed in');
  });

  window.Parley('onChangeUnreadMessagesCount', (count) => show('unread', count));
  window.Parley('setContext', { environment: 'demo' });
})();
