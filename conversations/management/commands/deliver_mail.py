"""Hand the desk a mail that a mail server received for one of its mailboxes, from a pipe: what the LMTP and SMTP door does."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError

from accounts import tenancy
from accounts.management.base import DeskCommand, find_workspace
from conversations.channels.email import addressing, receiving
from conversations.models import InboundMail, MailSource, MailState

TRY_AGAIN, UNKNOWN_ADDRESS = os.EX_TEMPFAIL, os.EX_NOUSER


class Command(DeskCommand):
    help = (
        "Deliver the mail on stdin to a mailbox. Prints what became of it as JSON.\n\n"
        "Exits with 0, with 67 for an address that is no mailbox of the workspace, and with 75 where the mail cannot be kept\n"
        "at present: the mail server is to try again.\n\n"
        "    manage.py deliver_mail --workspace acme --address support@acme.example < message.eml"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, help="the workspace's slug")
        parser.add_argument("--address", required=True, help="the address to which the mail was delivered")

    def run(self, **options: Any) -> None:
        workspace, address = options["workspace"], options["address"]
        found = find_workspace(workspace)
        try:
            with tenancy.scope(found):
                mailbox = addressing.mailbox_of(address)
                if mailbox is None or mailbox.workspace_id != found.pk:
                    raise CommandError(f"{address} is no mailbox of {workspace}", returncode=UNKNOWN_ADDRESS)
                raw = sys.stdin.buffer.read(addressing.LARGEST + 1)
                mail = receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.COMMAND)
                self.stdout.write(json.dumps(_result(mail)))
        except (OSError, OperationalError, InterfaceError) as error:
            raise CommandError(
                f"the mail cannot be kept at present ({type(error).__name__})", returncode=TRY_AGAIN
            ) from error


def _result(mail: InboundMail) -> dict[str, Any]:
    number = mail.conversation.number if mail.conversation is not None else None
    joined_by = mail.proof if mail.state == MailState.READ else mail.state
    return {"conversation": number, "joined_by": joined_by}
