"""A live response ends when what let it in would let it in no more: every way to lose access, over the real doors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.http.response import HttpResponseBase
from django.test import Client as Browser

from accounts import actions, clock
from accounts.live import access as access_module
from accounts.live.access import KeyAccess, MemberAccess, still_valid
from accounts.live.responses import LiveResponse
from accounts.models import ApiKey, User, Workspace
from accounts.permissions import Role
from conversations.permissions import ConversationScope
from tests.conftest import Key, Member, member
from tests.factories import api_key
from tests.runtime.test_front import Client, make


def inbox_stream(browser: Browser, workspace: str = "acme") -> LiveResponse:
    response: HttpResponseBase = browser.get(f"/w/{workspace}/inbox/stream")
    assert isinstance(response, LiveResponse)
    return response


def assistant_stream(key: Key) -> LiveResponse:
    project = key.row.workspace.public_id
    response: HttpResponseBase = Browser().post(
        f"/api/environments/{project}/conversations/",
        {"content": "Hello", "trace_id": "0d2b6a3e-9a7c-4d7e-8f2f-4a6d8f2c1b10"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key.secret}", "Accept": "text/event-stream"},
    )
    assert isinstance(response, LiveResponse), response
    return response


async def opened(response: LiveResponse) -> Client:
    """The response as a real front sends it. Fronts are separate so that each stream has a guard of its own."""
    client = Client(make(lambda environ: response, threads=1)).start()
    assert (await client.next())["status"] == response.status_code
    return client


async def ends(client: Client) -> None:
    assert client.task is not None
    async with asyncio.timeout(20):
        await client.task
    await client.front.hub.close()
    await asyncio.get_running_loop().run_in_executor(client.front.pool, connections.close_all)


def lose(
    cast: dict[str, Member], keys: dict[str, Key], browsers: dict[str, Browser]
) -> dict[str, Callable[[], object]]:
    """Each way to lose access, by the name of who loses it."""
    at, owner = clock.now(), cast["ada"].actor
    return {
        "removed": lambda: actions.remove_member(membership=cast["removed"].membership, by=owner, at=at),
        "deactivated": lambda: User.objects.filter(pk=cast["deactivated"].user.pk).update(is_active=False),
        "signed out": lambda: browsers["signed out"].logout(),
        "expired": lambda: Session.objects.filter(session_key=browsers["expired"].session.session_key).update(
            expire_date=at - timedelta(seconds=1)
        ),
        "new password": lambda: change_password(cast["new password"].user),
        "revoked key": lambda: actions.revoke_key(key=keys["revoked key"].row, by=owner, at=at),
        "expired key": lambda: ApiKey.all_workspaces.filter(pk=keys["expired key"].row.pk).update(expires_at=at),
    }


def change_password(user: User) -> None:
    user.set_password("another one entirely")
    user.save(update_fields=["password"])


def in_thread(call: Callable[[], object]) -> Awaitable[object]:
    """Away from the loop, where Django lets the database be used; the connection is not kept."""

    def called() -> object:
        try:
            return call()
        finally:
            connections.close_all()

    return asyncio.to_thread(called)


@pytest.mark.django_db(transaction=True)
def test_stream_ends_when_its_access_goes_and_no_other_stream_does(
    acme: Workspace, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "CHECK_EVERY", 0.05)
    cast = {name: member(acme, f"{name.split()[0]} one", Role.AGENT) for name in ("removed", "deactivated", "signed out", "expired", "new password")}  # fmt: skip
    cast["ada"] = ada
    browsers = {name: who.signed_in() for name, who in cast.items()}
    keys = {name: Key(*api_key(acme)) for name in ("revoked key", "expired key", "other key")}
    responses = {name: inbox_stream(browser) for name, browser in browsers.items()}
    responses |= {name: assistant_stream(key) for name, key in keys.items()}
    losses = lose(cast, keys, browsers)

    async def scenario() -> None:
        clients = {name: await opened(response) for name, response in responses.items()}
        for name, loss in losses.items():
            await in_thread(loss)
            await ends(clients[name])
        stay = [clients[name].task for name in ("ada", "other key")]
        assert not any(task is None or task.done() for task in stay)
        for name in ("ada", "other key"):
            clients[name].leave()
            await ends(clients[name])

    asyncio.run(scenario())


@pytest.mark.django_db
def test_role_change_ends_only_what_the_new_role_may_not_do(acme: Workspace, ada: Member, ben: Member) -> None:
    reading = inbox_stream(ben.signed_in()).access
    assert isinstance(reading, MemberAccess)
    writing = MemberAccess(
        **{name: getattr(reading, name) for name in MemberAccess.__slots__} | {"verb": "conversation.reply"}
    )
    assert still_valid([reading, writing]) == {reading, writing}
    actions.change_role(membership=ben.membership, role=Role.VIEWER, by=ada.actor, at=clock.now())
    assert still_valid([reading, writing]) == {reading}


@pytest.mark.django_db
def test_all_streams_of_a_process_are_checked_with_three_queries(
    acme: Workspace, globex: Workspace, django_assert_num_queries: Callable[[int], object]
) -> None:
    people_ = [member(workspace, f"p{number} one", Role.AGENT) for workspace in (acme, globex) for number in range(3)]
    given = {inbox_stream(who.signed_in(), who.membership.workspace.slug).access for who in people_}
    given |= {KeyAccess(api_key(workspace)[0].pk, ConversationScope.READ) for workspace in (acme, globex)}
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        assert still_valid([access for access in given if access]) == given


@pytest.mark.django_db
def test_member_of_one_workspace_has_no_access_in_another(acme: Workspace, globex: Workspace, ben: Member) -> None:
    own = inbox_stream(ben.signed_in()).access
    assert isinstance(own, MemberAccess)
    foreign = MemberAccess(globex.pk, own.user_id, own.session_key, own.session_hash, own.verb)
    assert still_valid([own, foreign]) == {own}


@pytest.mark.django_db
def test_page_of_another_session_gets_no_events(acme: Workspace, ben: Member, vic: Member) -> None:
    browser = ben.signed_in()
    old = browser.get("/w/acme/inbox").content.decode().split('data-login="')[1].split('"')[0]
    assert inbox_stream(browser).status_code == 200
    assert browser.get(f"/w/acme/inbox/stream?login={old}").status_code == 200
    assert browser.head(f"/w/acme/inbox/stream?login={old}").status_code == 200
    browser.force_login(vic.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get(f"/w/acme/inbox/stream?login={old}").status_code == 403
