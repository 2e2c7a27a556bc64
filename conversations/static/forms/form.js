/* What a page of customers can do better with a script: it works without. */
(function () {
  'use strict'

  // The caller's zone, where the form does not know it yet. Browsers may know a name that is not in the list.
  const zone = document.querySelector('select[data-guess]')
  if (zone) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (own && [...zone.options].some((option) => option.value === own)) zone.value = own
  }

  // A second click sends nothing: the page is on its way.
  for (const form of document.querySelectorAll('form[data-sending]')) {
    const button = form.querySelector('button[type="submit"]')
    const words = button.textContent
    let isSent = false
    form.addEventListener('submit', (event) => {
      if (isSent) return event.preventDefault()
      isSent = true
      button.setAttribute('aria-disabled', 'true')
      button.textContent = form.dataset.sending
    })
    // The page may come back from the browser's history.
    window.addEventListener('pageshow', () => {
      isSent = false
      button.removeAttribute('aria-disabled')
      button.textContent = words
    })
  }

  // In a frame: how tall the page is, for the one origin that has it in a frame.
  const parent = document.body.dataset.parent
  if (parent && window.parent !== window) {
    const report = () => window.parent.postMessage({ parleyFormHeight: document.body.scrollHeight }, parent)
    new ResizeObserver(report).observe(document.body)
    report()
    // The answer to what was sent begins at the top, which may be out of sight by now; browsers focus nothing in a frame by themselves.
    if ('answer' in document.body.dataset) {
      window.parent.postMessage({ parleyFormTop: true }, parent)
      document.querySelector('[data-focus]')?.focus({ preventScroll: true })
    }
  }
})()
