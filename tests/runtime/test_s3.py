"""Uploads in a bucket of a real S3 server: sent, read, lost sight of, backed up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.errors import StorageUnavailable
from accounts.models import Workspace
from config import health
from conversations import actions
from conversations.models import Attachment, Conversation, Message
from tests import factories, template
from tests.conftest import Member
from tests.runtime import bucket
from tests.runtime.bucket import Server
from tests.runtime.machine import manage, new_home
from tests.runtime.test_backup import manifest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
TEXT = b"What a customer wrote. " * 20_000  # more than one piece


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def desk(server: Server, settings: Any, request: pytest.FixtureRequest) -> Server:
    """A desk whose uploads go there, below a prefix of this test's."""
    bucket.use(settings, server, prefix=f"desks/{abs(hash(request.node.name))}")
    return server


@pytest.fixture
def thread(in_acme: Workspace) -> Conversation:
    return factories.ConversationFactory(workspace=in_acme, contact=factories.ContactFactory(workspace=in_acme))


def note(browser: Client, thread: Conversation, name: str, content: bytes) -> Any:
    upload = ContentFile(content, name=name)
    return browser.post(f"/w/acme/inbox/{thread.number}/note", {"body": "Here it is", "uploads": upload})


def path_of(attachment: Attachment) -> str:
    return f"/w/acme/files/{attachment.public_id}"


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_upload_is_in_the_bucket_and_comes_back_by_the_desk_alone(
    desk: Server, ben: Member, cleo: Member, thread: Conversation, settings: Any
) -> None:
    assert note(ben.signed_in(), thread, "report.html", TEXT).status_code in (200, 302)
    attachment = Attachment.all_workspaces.get()
    (key,) = desk.stored()
    assert key.endswith(attachment.file.name)
    assert not settings.MEDIA_ROOT.exists()
    answer = ben.signed_in().get(path_of(attachment))
    assert content_of(answer) == TEXT
    assert answer["Content-Length"] == str(len(TEXT))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="report.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert not [value for name, value in answer.items() if desk.name in value or "Location" in name]
    assert cleo.signed_in().get(path_of(attachment)).status_code == 404
    assert Client().get(path_of(attachment)).status_code == 302


def test_image_is_shown_and_a_file_that_is_gone_is_not_found(desk: Server, ben: Member, thread: Conversation) -> None:
    note(ben.signed_in(), thread, "a.png", PNG)
    attachment = Attachment.all_workspaces.get()
    answer = ben.signed_in().get(path_of(attachment))
    assert (answer["Content-Type"], content_of(answer)) == ("image/png", PNG)
    default_storage.delete(attachment.file.name)
    assert ben.signed_in().get(path_of(attachment)).status_code == 404
    default_storage.delete(attachment.file.name)  # again: nothing to do
    assert not default_storage.exists(attachment.file.name)


def test_file_is_in_the_bucket_before_the_row_that_names_it(desk: Server, ben: Member, thread: Conversation) -> None:
    seen: list[bool] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "conversations_attachment"' in sql:
            seen.append(any(key.split("/")[-1] in str(params) for key in desk.stored()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        note(ben.signed_in(), thread, "a.txt", b"x")
    assert seen == [True]


def test_file_that_was_sent_can_be_sent_again(desk: Server, ben: Member, thread: Conversation) -> None:
    """As a transaction that is repeated does."""
    upload = ContentFile(TEXT, name="a.txt")
    for _ in range(2):
        actions.note(conversation=thread, body="Twice", uploads=[upload], by=ben.actor, at=clock.now())
    assert [one.file.size for one in Attachment.objects.all()] == [len(TEXT)] * 2


def test_names_lead_nowhere_but_below_the_prefix(desk: Server) -> None:
    from django.core.exceptions import SuspiciousOperation

    for name in ("../secret", "a/../../b"):
        with pytest.raises(SuspiciousOperation):
            default_storage.open(name)


# --- Away ---------------------------------------------------------------------------------------


@pytest.fixture
def away(desk: Server, settings: Any, ben: Member, thread: Conversation) -> Iterator[Attachment]:
    """The server is stopped, after one file was stored."""
    note(ben.signed_in(), thread, "a.txt", TEXT)
    attachment = Attachment.all_workspaces.get()
    desk.stop()
    yield attachment
    desk.start()


def test_nothing_is_changed_while_the_storage_is_away_and_reading_goes_on(
    away: Attachment, ben: Member, thread: Conversation, desk: Server
) -> None:
    browser = ben.signed_in()
    browser.raise_request_exception = False
    before = list(Message.all_workspaces.values_list("pk"))
    for answer in (note(browser, thread, "b.txt", b"lost?"), browser.get(path_of(away))):
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
        assert "storage of its files" in answer.content.decode()
    assert list(Message.all_workspaces.values_list("pk")) == before
    assert browser.get(f"/w/acme/inbox/{thread.number}").status_code == 200
    with CaptureQueriesContext(connection):
        ready = browser.get("/readyz").json()
    assert ready["parts"]["storage"].startswith("unavailable")
    assert ready.get("sick") != "storage"


def test_files_are_there_again_when_the_storage_is(
    away: Attachment, ben: Member, thread: Conversation, desk: Server
) -> None:
    with pytest.raises(StorageUnavailable):
        default_storage.open(away.file.name)
    desk.start()
    default_storage._away_until = 0.0  # type: ignore[attr-defined]  # the pause is over
    assert content_of(ben.signed_in().get(path_of(away))) == TEXT
    assert note(ben.signed_in(), thread, "b.txt", b"again").status_code in (200, 302)


def test_storage_that_does_not_answer_is_asked_by_one_and_refused_to_the_others(
    desk: Server, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config import s3

    monkeypatch.setattr(s3, "READ_LIMIT", 1)
    asked: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            while True:
                try:
                    asked.append(silent.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        bucket.use(settings, desk, address=f"http://127.0.0.1:{silent.getsockname()[1]}")
        for _ in range(20):
            with pytest.raises(StorageUnavailable):
                default_storage.save("a", ContentFile(b"x"))
    assert 1 <= len(asked) <= 2  # two attempts of the first
    for one in asked:
        one.close()


def test_refused_credentials_are_an_outage_and_not_named(desk: Server, settings: Any, caplog: Any) -> None:
    settings.S3_BUCKET = "no-such-bucket"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {**settings.STORAGES["default"]["OPTIONS"], "bucket_name": "no-such-bucket"},
        },
    }
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        default_storage.save("a", ContentFile(b"x"))
    with pytest.raises(StorageUnavailable):
        default_storage.open("a")
    assert "storage_refused operation=PutObject code=NoSuchBucket" in caplog.text
    assert bucket.KEYS["S3_SECRET_KEY"] not in caplog.text
    assert health.storage().startswith("unavailable")


@pytest.mark.django_db(transaction=True)
def test_doctor_names_the_bucket_and_what_is_wrong_with_it(desk: Server) -> None:
    def storage_line() -> str:
        output = StringIO()
        try:
            call_command("doctor", stdout=output, no_color=True)
        except (SystemExit, CommandError):
            pass
        return next(line for line in output.getvalue().splitlines() if " storage " in line)

    assert storage_line().startswith("ok")
    assert desk.name in storage_line()
    assert not [key for key in desk.stored() if "doctor" in key]
    desk.stop()
    try:
        default_storage._probed = (0.0, "")  # type: ignore[attr-defined]
        assert storage_line().startswith("broken")
        assert "S3_ENDPOINT" in storage_line()
    finally:
        desk.start()


# --- Backups, and the way from a folder to a bucket and back ------------------------------------


def test_backup_takes_the_objects_along_and_puts_them_where_the_settings_say(server: Server) -> None:
    with new_home() as home, template.copied() as address:
        on_s3 = server.environment("first") | {"DATABASE_URL": address}
        manage(home, "seed_demo", **on_s3)
        mine = [key for key in server.stored() if key.startswith("first/")]
        assert mine
        assert not (home / "files").exists()
        manage(home, "backup", str(home / "s3.parley"), **on_s3)
        files = manifest(home / "s3.parley")["files"]
        assert files["count"] == len(mine)
        with template.copied() as other:  # into a folder
            manage(home, "restore", str(home / "s3.parley"), "--replace", DATABASE_URL=other)
            stored = {str(path.relative_to(home / "files")) for path in (home / "files").rglob("*") if path.is_file()}
            assert stored == {key.removeprefix("first/") for key in mine}
            manage(home, "backup", str(home / "folder.parley"), DATABASE_URL=other)
        with template.copied() as third:  # and into a bucket again
            again = server.environment("second") | {"DATABASE_URL": third}
            manage(home, "restore", str(home / "folder.parley"), "--replace", **again)
        assert manifest(home / "folder.parley")["files"] == files
        back = {key.removeprefix("second/") for key in server.stored() if key.startswith("second/")}
        assert back == stored
        assert all(server.content(f"second/{name}") == server.content(f"first/{name}") for name in back)
