"""Web Push: what a browser gets is encrypted for it and signed by the desk; it is tried again, and ends with the session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import clock, journal, pushing, sealed
from accounts.models import PushKey, PushSubscription, QueuedPush, Workspace
from conversations import actions
from conversations.bulk import actions as bulk_actions
from conversations.bulk import working
from conversations.models import Conversation, Notification
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive
from tests.notifications.conftest import act, wants
from tests.notifications.push_service import PushService, running

pytestmark = pytest.mark.usefixtures("in_acme")
BROWSER = "/w/acme/notifications/browser"


@pytest.fixture
def service(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    settings.ALLOW_PRIVATE_HOSTS = True
    with running(tmp_path) as found:
        monkeypatch.setattr(pushing, "context", found.context)
        yield found


@pytest.fixture
def row(acme: Workspace) -> Conversation:
    contact = ContactFactory(workspace=acme, name="Jane Doe")
    made: Conversation = ConversationFactory(workspace=acme, contact=contact, subject="Help", body="It never came.")
    return made


def switch_on(client: Client, service: PushService) -> None:
    assert client.post(BROWSER, {"endpoint": service.endpoint, **service.keys}).status_code == 204


def pushed() -> None:
    """All reactions have run, and the time of every message has come."""
    journal.drain()
    QueuedPush.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    PushSubscription.objects.update(retry_at=None)
    pushing.send_due()


def test_browser_gets_an_encrypted_message_with_the_desks_signature(
    ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    client = ben.signed_in()
    key = client.get(BROWSER).json()["key"]
    switch_on(client, service)
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    (shown,) = service.received
    assert shown["body"] == "Ada Duarte assigned #1 to you\nIt never came."
    assert (shown["title"], shown["url"], shown["workspace"]) == ("Acme", "/w/acme/inbox/1", "acme")
    assert service.claims(key)["sub"].startswith(("mailto:", "https://"))
    headers = service.headers[0]
    assert (headers["content-encoding"], headers["ttl"], len(headers["topic"])) == ("aes128gcm", "86400", 32)
    pushed()
    assert len(service.received) == 1, "it is not pushed again"
    assert QueuedPush.objects.count() == 0


def test_key_of_the_desk_is_sealed_made_once_and_sealed_anew(db: None) -> None:
    first = pushing.public_key()
    assert pushing.public_key() == first
    before = PushKey.objects.get().sealed
    assert "PRIVATE" not in before
    assert pushing.reseal()
    after = PushKey.objects.get().sealed
    assert after != before
    assert sealed.opened(after) == sealed.opened(before)


def test_many_things_at_once_are_one_message(acme: Workspace, ada: Member, ben: Member, service: PushService) -> None:
    switch_on(ben.signed_in(), service)
    for _ in range(12):
        actions.assign(conversation=ConversationFactory(workspace=acme), to=ben.user, **act(ada))
    pushed()
    assert [one["body"] for one in service.received] == ["12 new notifications"]


def test_change_of_many_is_one_message_unless_it_was_undone(
    acme: Workspace, ada: Member, ben: Member, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    for is_undone in (False, True):
        rows = [ConversationFactory(workspace=acme).pk for _ in range(3)]
        job = bulk_actions.start_job(
            workspace=acme, effects=[{"do": "assign", "to": f"member:{ben.user.pk}"}], conversations=rows, **act(ada)
        )
        job = working.work(job)
        journal.drain()
        if is_undone:
            working.work(bulk_actions.undo_job(job=job, **act(ada)))
        pushed()
    assert [one["body"] for one in service.received] == ["Ada Duarte assigned 3 conversations to you"]
    assert service.received[0]["url"] == "/w/acme/inbox?view=mine"


def test_workspace_may_keep_what_customers_write_out_of_it(
    acme: Workspace, ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    acme.settings = {"push_shows_text": False}
    acme.save()
    switch_on(ben.signed_in(), service)
    actions.assign(conversation=row, to=ben.user, **act(ben))
    receive(row, "My password is hunter2")
    pushed()
    (shown,) = service.received
    assert shown["body"] == "The customer replied in #1"
    assert "Jane" not in str(shown)


def test_what_was_read_meanwhile_is_not_pushed(
    ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    actions.assign(conversation=row, to=ben.user, **act(ada))
    journal.drain()
    Notification.objects.update(read_at=clock.now())
    pushed()
    assert (service.received, QueuedPush.objects.count()) == ([], 0)


def test_what_is_in_the_trash_is_not_pushed(ada: Member, ben: Member, row: Conversation, service: PushService) -> None:
    switch_on(ben.signed_in(), service)
    actions.assign(conversation=row, to=ben.user, **act(ada))
    journal.drain()
    actions.trash(conversation=row, **act(ada))
    pushed()
    assert (service.received, QueuedPush.objects.count()) == ([], 0)


def test_nothing_is_pushed_in_quiet_hours_or_without_the_wish(
    ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    now = clock.now()
    wants(ben, quiet=[f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=1):%H:%M}"])
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    wants(ben, replied=["page"])
    receive(row)
    pushed()
    assert service.received == []


def test_service_that_is_busy_is_tried_again(ada: Member, ben: Member, row: Conversation, service: PushService) -> None:
    switch_on(ben.signed_in(), service)
    service.answers = [503, 429]
    actions.assign(conversation=row, to=ben.user, **act(ada))
    for _ in range(3):
        pushed()
    assert len(service.received) == 1
    assert len(service.headers) == 3


@pytest.mark.parametrize("status", [404, 410])
def test_browser_that_its_service_has_forgotten_is_forgotten(
    ada: Member, ben: Member, row: Conversation, service: PushService, status: int
) -> None:
    switch_on(ben.signed_in(), service)
    service.answers = [status]
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    assert (PushSubscription.objects.count(), QueuedPush.objects.count()) == (0, 0)


def test_message_that_is_refused_for_good_is_given_up(
    ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    service.answers = [403]
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    assert PushSubscription.objects.get().failure == "403"
    assert QueuedPush.objects.count() == 0


def test_one_browser_that_is_slow_away_or_broken_keeps_no_other_waiting(
    ada: Member, ben: Member, row: Conversation, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "TIMEOUT", 0.4)
    monkeypatch.setattr(pushing, "WITHIN", 0.6)
    client = ben.signed_in()
    endpoints = {
        "hangs": service.at("/hangs", "hangs"),
        "drips": service.at("/drips", "drips"),
        "away": "https://localhost:1/x",
        "no TLS": "https://127.0.0.1:1/x",
        "500": service.at("/500", 500),
        "302": service.at("/302", 302),
        "410": service.at("/410", 410),
        "keys": service.at("/keys", 201),
        "port": service.at("/port", 201),
        "good": service.endpoint,
    }
    for endpoint in endpoints.values():
        assert client.post(BROWSER, {"endpoint": endpoint, **service.keys}).status_code == 204
    known = {name: PushSubscription.objects.get(endpoint=endpoint).pk for name, endpoint in endpoints.items()}
    PushSubscription.objects.filter(pk=known["keys"]).update(p256dh="AAAA")
    PushSubscription.objects.filter(pk=known["port"]).update(endpoint="https://localhost:99999/x")
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    assert len(service.received) == 1, "redirects are not followed, and the good one has its message"
    left = dict(PushSubscription.objects.values_list("pk", "failure"))
    found = {name: left.get(pk) for name, pk in known.items()}
    assert (found["good"], found["410"], found["keys"], found["302"], found["500"]) == ("", None, None, "302", "500")
    assert all(found[name] for name in ("hangs", "drips", "away", "no TLS", "port"))
    waiting = set(QueuedPush.objects.values_list("subscription", flat=True))
    assert waiting == {known[name] for name in ("hangs", "drips", "away", "no TLS", "port", "500")}


def test_browser_that_fails_is_left_alone_for_a_while_and_forgotten_after_days(
    acme: Workspace, ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    service.answers = [500, 500]
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    browser = PushSubscription.objects.get()
    assert (browser.failure, browser.failure_count) == ("500", 1)
    PushSubscription.objects.update(retry_at=timezone.now() + timedelta(minutes=5))
    QueuedPush.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    pushing.send_due()
    assert len(service.headers) == 1, "it is not asked meanwhile"
    assert QueuedPush.objects.get().due_at > timezone.now() + timedelta(minutes=4)
    PushSubscription.objects.update(failing_since=timezone.now() - timedelta(days=8))
    pushed()
    assert (PushSubscription.objects.count(), QueuedPush.objects.count()) == (0, 0)


def test_browser_that_takes_a_message_again_has_not_failed(
    acme: Workspace, ada: Member, ben: Member, row: Conversation, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    service.answers = [500]
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    PushSubscription.objects.update(failing_since=timezone.now() - timedelta(days=8))
    pushed()
    browser = PushSubscription.objects.get()
    assert (browser.failure, browser.failing_since, browser.failure_count) == ("", None, 0)


def test_message_that_cannot_be_composed_or_signed_keeps_no_other_waiting(
    acme: Workspace, ada: Member, ben: Member, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(ben.signed_in(), service)
    for _ in range(2):
        actions.assign(conversation=ConversationFactory(workspace=acme), to=ben.user, **act(ada))
        journal.drain()
    bad, _good = QueuedPush.objects.order_by("pk")
    compose = pushing._kinds["notifications"]

    def picky(rows: Any) -> Any:
        if bad.pk in {one.pk for one in rows}:
            raise ValueError("broken")
        return compose(rows)

    monkeypatch.setitem(pushing._kinds, "notifications", picky)
    pushed()
    assert len(service.received) == 1
    assert QueuedPush.objects.get().pk == bad.pk
    monkeypatch.setitem(pushing._kinds, "notifications", compose)
    monkeypatch.setattr(pushing, "_authorization", lambda audience: 1 / 0)
    pushed()
    assert PushSubscription.objects.get().failure_count == 0, "the browser has no part in it"
    assert QueuedPush.objects.count() == 1


def test_it_ends_with_the_session(ada: Member, ben: Member, row: Conversation, service: PushService) -> None:
    client = ben.signed_in()
    switch_on(client, service)
    client.logout()
    assert not PushSubscription.objects.exists(), "at once"
    switch_on(ben.signed_in(), service)
    Session.objects.all().delete()  # ended from elsewhere
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    assert (service.received, PushSubscription.objects.count()) == ([], 0)


def test_member_who_was_removed_gets_nothing(ada: Member, ben: Member, row: Conversation, service: PushService) -> None:
    switch_on(ben.signed_in(), service)
    actions.assign(conversation=row, to=ben.user, **act(ada))
    journal.drain()
    ben.membership.delete()
    pushed()
    assert (service.received, QueuedPush.objects.count()) == ([], 0)


def test_desk_pushes_to_no_private_address(
    ada: Member, ben: Member, row: Conversation, service: PushService, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    switch_on(ben.signed_in(), service)
    actions.assign(conversation=row, to=ben.user, **act(ada))
    pushed()
    assert (service.headers, PushSubscription.objects.count()) == ([], 0)


def test_what_is_no_browser_is_refused(ben: Member, service: PushService) -> None:
    client, good = ben.signed_in(), {"endpoint": service.endpoint, **service.keys}
    for name, value in (
        ("endpoint", "http://localhost/x"), ("endpoint", "https://u:p@localhost/"), ("endpoint", "x" * 3000), ("endpoint", "https://a\0b/"),
        ("endpoint", "https://a:99999/"), ("endpoint", "https://[::1"), ("endpoint", "https://a/b c"),
        ("endpoint", ""), ("p256dh", "AAAA"), ("p256dh", ""), ("auth", "AAAA"), ("auth", "é"),
    ):  # fmt: skip
        answer = client.post(BROWSER, {**good, name: value})
        assert answer.status_code == 422, (name, value)
    assert PushSubscription.objects.count() == 0


def test_browser_is_switched_off_and_belongs_to_who_switched_it_on_last(
    ada: Member, ben: Member, service: PushService
) -> None:
    switch_on(ben.signed_in(), service)
    client = ada.signed_in()
    switch_on(client, service)
    assert PushSubscription.objects.get().user == ada.user
    ben.signed_in().post(f"{BROWSER}/remove", {"endpoint": service.endpoint})
    assert PushSubscription.objects.count() == 1, "another's browser stays"
    client.post(f"{BROWSER}/remove", {"endpoint": service.endpoint})
    assert PushSubscription.objects.count() == 0


def test_person_has_twenty_browsers_at_most(ben: Member, service: PushService) -> None:
    for number in range(22):
        pushing.subscribe(ben.user, endpoint=f"https://push.example/{number}", session_key="x", **service.keys)
    assert PushSubscription.objects.count() == 20


def test_worker_is_served_at_the_root(client: Client, db: None) -> None:
    answer = client.get("/push-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert b"showNotification" in answer.content
