// Says on the page why a passkey could not be used; allauth's scripts speak with the authenticator. Until they are there, its
// buttons would do nothing: they come disabled.

const fault = document.querySelector('[data-passkey-fault]');

const say = (text) => {
  fault.textContent = text;
  fault.hidden = false;
};

if (window.PublicKeyCredential) {
  document.addEventListener('DOMContentLoaded', () => {
    if (!window.allauth?.webauthn) return;
    for (const one of document.querySelectorAll('[data-needs-passkey]')) one.disabled = false;
  });
} else if (!fault.closest('[data-quiet]')) say(fault.dataset.unsupported);

document.addEventListener('allauth.error', (event) => {
  event.preventDefault();
  // SecurityError: the page is not at the address that passkeys belong to.
  say(event.detail.exception?.name === 'SecurityError' ? fault.dataset.unsupported : fault.dataset.failed);
});
