"""Ten thousand mails that wait in a mailbox: all come in, each once, also where the worker was stopped on the way."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations.channels.email import fetching, logins
from conversations.channels.email.wire import imap
from conversations.models import InboundMail, Mailbox, MailState, Message
from tests.email.conftest import Post

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

MAILS, DAYS = 10_000, 10


def test_ten_thousand_mails_come_in_once(acme: Workspace, post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    with tenancy.scope(acme):
        post.deliver(post.letter("The first."))
        _fill(post)
        mailbox = Mailbox.objects.get(pk=post.mailbox.pk)
        stopped_after = iter(range(MAILS // 2))
        began = time.monotonic()
        with imap.connect(*logins.imap(mailbox)) as session:
            fetching.backfill(mailbox, session, DAYS + 1, lambda: next(stopped_after, None) is not None)
        with imap.connect(*logins.imap(mailbox)) as session:
            fetching.backfill(mailbox, session, DAYS + 1)
        seconds = time.monotonic() - began
        assert InboundMail.objects.count() == MAILS + 1
        assert not InboundMail.objects.exclude(state=MailState.READ).exists()
        assert Message.objects.filter(body__startswith="Mail ").values("body").distinct().count() == MAILS
    with capsys.disabled():
        print(f"\n{MAILS} mails in {seconds:.0f} s, {MAILS / seconds:.0f} a second")


def _fill(post: Post) -> None:
    """Put mails straight into the user's folder, as they would lie there after days."""
    folder: Path = post.dovecot.maildir(post.user) / "new"
    at = clock.now().timestamp()
    for number in range(MAILS):
        raw = post.letter(
            f"Mail {number}\n\n" + "All is well. " * 60, sender=f"c{number % 3000}@example.com", subject=f"S{number}"
        )
        path = folder / f"{int(at) - number % (DAYS * 86_400)}.M{number}.desk"
        path.write_bytes(raw)
        shutil.chown(path, *post.dovecot.owner)
