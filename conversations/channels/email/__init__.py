"""Email: mailboxes receive mail, and replies leave as mails in the customer's own thread.

For: everything that only mail has: mailboxes and their health, what comes in, what goes out. `actions` has the verbs, `wire` talks
to servers.
In: mails as bytes, mailboxes, deliveries. Out: messages through the core verbs, mails on the wire.
Screens, commands and administration may import it by its verbs and questions; other channels do not.
"""

ICON = "mail"
