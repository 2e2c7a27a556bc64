"""The verbs of mailboxes: adding and changing them, their logins, earlier mail, mails set aside, and addresses that get or send nothing.

For: all that people, commands and the worker change about mailboxes. What becomes of a mail is decided in `receiving`.
In: rows, plain values, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row. No event names an address
or a secret. `checking` holds what the verbs share; it permits and records nothing by itself.
Screens, commands, administration and the worker import the package and name the verb.
"""

from conversations.channels.email.actions.backfills import cancel_backfill, request_backfill
from conversations.channels.email.actions.logins import (
    change_ingress,
    mark_connected,
    mark_disconnected,
    refresh_tokens,
    reseal,
    set_login,
)
from conversations.channels.email.actions.mailboxes import (
    create_mailbox,
    delete_mailbox,
    make_default,
    pause_mailbox,
    release_mailboxes,
    resume_mailbox,
    update_mailbox,
)
from conversations.channels.email.actions.mails import dismiss_mail, retry_mail
from conversations.channels.email.actions.provider_keys import set_provider_keys
from conversations.channels.email.actions.senders import block_sender, suppress, unblock_sender, unsuppress

__all__ = [
    "block_sender", "cancel_backfill", "change_ingress", "create_mailbox", "delete_mailbox", "dismiss_mail", "make_default",
    "mark_connected", "mark_disconnected", "pause_mailbox", "refresh_tokens", "release_mailboxes", "request_backfill", "reseal",
    "resume_mailbox", "retry_mail", "set_login", "set_provider_keys", "suppress", "unblock_sender", "unsuppress", "update_mailbox",
]  # fmt: skip
