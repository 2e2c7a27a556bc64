"""The bell and its page, Web Push in this browser, and stopping mails."""
