"""The outbox of a running worker: replies leave and arrive by themselves, and a worker that is killed loses none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from psycopg.conninfo import conninfo_to_dict

from accounts import clock, tenancy
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.models import Conversation, Delivery, Message
from tests import factories, template
from tests.mail_server import mail_server
from tests.outbox import by_mail
from tests.runtime import scratch
from tests.runtime.machine import DEADLINE, ROOT, environment, eventually, new_home, stop

pytestmark = pytest.mark.django_db


@contextmanager
def worker(home: Path, database: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    more = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port), "EMAIL_USE_TLS": "no", "DATABASE_URL": database}
    with (home / "log").open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.runtime.role_process", "worker"],
            cwd=ROOT,
            env=environment(home, **more),
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        stop(process)


def test_replies_leave_and_arrive_by_themselves_and_a_killed_worker_loses_none() -> None:
    with new_home() as home, template.copied() as database, mail_server(SimpleNamespace()) as server:
        name = str(conninfo_to_dict(database)["dbname"])
        with scratch.asking(scratch.named(name)):
            workspace = factories.WorkspaceFactory(slug="acme")
            ben = Actor.member(factories.MembershipFactory(workspace=workspace, role=Role.AGENT))

            def write(text: str, seconds: float | None = None) -> Conversation:
                with tenancy.scope(workspace):
                    conversation, at = by_mail(workspace), clock.now()
                    act = {"conversation": conversation, "body": text, "by": ben, "at": at}
                    if seconds is None:
                        actions.reply(**act)
                    else:
                        actions.schedule(send_after=at + timedelta(seconds=seconds), **act)
                    return conversation

            def arrived(conversation: Conversation) -> bool:
                return conversation.contact.email in server.recipients

            def states() -> set[str]:
                return {*Delivery.all_workspaces.values_list("state", flat=True)}

            with worker(home, database, server.port):
                at_once, later = write("At once."), write("Later.", seconds=1)
                eventually(lambda: arrived(at_once) and arrived(later), "both mails")
                eventually(lambda: states() == {"sent"}, "the end of both")
                statuses = Message.all_workspaces.filter(body__in=("At once.", "Later."))
                assert {*statuses.values_list("delivery_status", flat=True)} == {"delivered"}
            with worker(home, database, server.port) as process:
                server.hold_at = len(server.taken)
                held, other = write("Held by the mail server."), write("Behind it.", seconds=0.5)
                assert server.held.wait(DEADLINE), "no mail came"
                process.kill()
                process.wait(DEADLINE)
            assert "sending" in states()
            server.hold_at = None
            Delivery.all_workspaces.filter(state="sending").update(due_at=clock.now())  # the lease is over
            with worker(home, database, server.port):
                eventually(lambda: arrived(held) and arrived(other), "the mails that waited")
                eventually(lambda: states() == {"sent"}, "the end of both")
            ids = [mail["Message-ID"] for _, mail in server.taken]
            assert len(ids) == len({*ids}) == 4
