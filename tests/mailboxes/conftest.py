"""What the tests of mailboxes share: a mail server of their own, and a worker that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations.channels.email import trials
from tests.conftest import Member
from tests.mail_servers import dovecot, outgoing
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.outgoing import Outgoing

SECRET = "hush hush"


@pytest.fixture(scope="module")
def incoming() -> Iterator[Dovecot]:
    with dovecot.running() as server:
        yield server


@pytest.fixture
def sending(settings: Any) -> Iterator[Outgoing]:
    """An outgoing server that wants a login."""
    settings.ALLOW_PRIVATE_HOSTS = True
    with outgoing.running(wants_login=True) as server:
        yield server


@pytest.fixture
def admin(ada: Member) -> Client:
    """Acme's owner Ada, signed in."""
    return ada.signed_in()


def work() -> str:
    """Run the test of a connection that was asked for last, as a worker does; its name."""
    job = ProcrastinateJob.objects.filter(task_name="try_mailbox").latest("id")
    trials.run(job.args["name"])
    return str(job.args["name"])
