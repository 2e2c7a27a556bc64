"""The screens of live chat: seen by everyone in the workspace, changed by admins, without a script too."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Event, Workspace
from accounts.permissions import Actor, Role
from conversations.actions.entries import Door
from conversations.chat import actions
from conversations.models import Channel, ChatSession, Widget
from tests.conftest import Member
from tests.effects import MORNING
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, receive
from tests.settings.conftest import typed

LIST = "/w/acme/settings/chat"
FORM = '<form class="settings" id="widget"'


@pytest.fixture
def widget(in_acme: Workspace) -> Widget:
    return actions.create_widget(
        workspace=in_acme, name="Website", allowed_origins=["https://shop.example"], greeting="Hello", language="en",
        standard={"email": "required"}, launcher_text="Help", color="#aa3300", position="left",
        by=Actor.system(in_acme.pk), at=MORNING,
    )  # fmt: skip


def url(widget: Widget, path: str = "") -> str:
    return f"{LIST}/{widget.public_id}{path}"


def test_admin_makes_a_widget_and_changes_all_of_it(in_acme: Workspace, ada: Member, ben: Member) -> None:
    team, browser = TeamFactory(workspace=in_acme, name="Hardware"), ada.signed_in()
    assert "No widgets" in browser.get(LIST).content.decode()
    made = browser.post(f"{LIST}/add", {"name": "Website", "allowed_origins": "https://shop.example"}, follow=True)
    widget = Widget.objects.get()
    page = unescape(made.content.decode())
    assert f'widget.js" data-key="{widget.key}"' in page
    given = typed(made.content.decode(), FORM) | {
        "name": "Shop", "allowed_origins": "https://shop.example\nhttps://www.shop.example/", "language": "en",
        "title": "Ask us", "greeting": "こんにちは", "offline_message": "اكتب لنا", "color": "#AA3300", "position": "left",
        "launcher_text": "Help", "standard_name": "optional", "standard_email": "required", "assistant_first": "on",
        "team": str(team.pk), "assignee": str(ben.user.pk),
    }  # fmt: skip
    for name in ("accepts_files", "follows_hours", "is_active"):
        del given[name]
    assert "Saved." in browser.post(url(widget), given, follow=True).content.decode()
    widget.refresh_from_db()
    assert widget.allowed_origins == ["https://shop.example", "https://www.shop.example"]
    assert widget.standard == {"name": "optional", "email": "required"}
    assert [
        widget.name, widget.language, widget.title, widget.greeting, widget.offline_message, widget.color, widget.position,
        widget.launcher_text, widget.assistant_first, widget.accepts_files, widget.follows_hours, widget.is_active,
        widget.team, widget.assignee,
    ] == ["Shop", "en", "Ask us", "こんにちは", "اكتب لنا", "#aa3300", "left", "Help", True, False, False, False, team, ben.user]  # fmt: skip
    assert "Off" in browser.get(LIST).content.decode()


def test_widget_that_is_saved_as_it_is_stays_as_it_is(widget: Widget, ada: Member) -> None:
    page = ada.signed_in().get(url(widget)).content.decode()
    before, events = Widget.objects.values().get(), Event.objects.count()
    assert ada.signed_in().post(url(widget), typed(page, FORM)).status_code == 302
    assert Widget.objects.values().get() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"title": "a\x00b"}, "Null characters are not allowed."),
        ({"greeting": "x" * 1001}, "at most 1000 characters"),
        ({"allowed_origins": "shop.example"}, "not an origin"),
        ({"allowed_origins": "https://a.example;script-src"}, "An origin is like"),
        ({"allowed_origins": " ".join(f"https://a{n}.example" for n in range(51))}, "At most 50 origins."),
        ({"color": "red"}, "A colour is like #1f5eff."),
        ({"color": "#12345"}, "A colour is like #1f5eff."),
        ({"position": "top"}, "Select a valid choice."),
        ({"language": "xx"}, "Select a valid choice."),
        ({"standard_email": "maybe"}, "Select a valid choice."),
        ({"team": "999999"}, "Select a valid choice."),
        ({"assignee": "0"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_kept_has_its_reason_and_what_was_typed_stays(
    widget: Widget, ada: Member, changes: dict[str, str], sentence: str
) -> None:
    browser, before = ada.signed_in(), Widget.objects.values().get()
    given = typed(browser.get(url(widget)).content.decode(), FORM) | {"offline_message": "Kept as typed", **changes}
    answer = browser.post(url(widget), given)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    assert "Kept as typed" in page
    assert Widget.objects.values().get() == before


def test_viewers_of_another_workspace_are_no_assignees(widget: Widget, ada: Member, vic: Member, cleo: Member) -> None:
    browser = ada.signed_in()
    given = typed(browser.get(url(widget)).content.decode(), FORM)
    for one in (vic, cleo):
        assert browser.post(url(widget), given | {"assignee": str(one.user.pk)}).status_code == 422


def test_keys_of_other_clients_are_added_once_each_and_come_with_their_code(widget: Widget, ada: Member) -> None:
    browser = ada.signed_in()
    for field, code in (("woes_key", 'data-public-key="{}"'), ("posthog_token", "posthog.init('{}'")):
        first = browser.post(url(widget, "/keys"), {"add": field}, follow=True)
        widget.refresh_from_db()
        key = getattr(widget, field)
        assert code.format(key) in unescape(first.content.decode())
        browser.post(url(widget, "/keys"), {"add": field})
        widget.refresh_from_db()
        assert getattr(widget, field) == key
    events = Event.objects.count()
    for nonsense in ("", "key", "\x00"):
        assert browser.post(url(widget, "/keys"), {"add": nonsense}).status_code == 302
    assert Event.objects.count() == events
    assert 'name="add"' not in browser.get(url(widget)).content.decode()


def test_list_and_page_say_who_came_today_and_when_the_last_message_was_written(widget: Widget, ada: Member) -> None:
    def visit(at: Any, token: str, *, writes: bool) -> None:
        contact = ContactFactory(workspace=widget.workspace)
        ChatSession.objects.create(widget=widget, contact=contact, token_hash=token, last_seen_at=at)
        if writes:
            talk = ConversationFactory(
                workspace=widget.workspace, contact=contact, door=Door(Channel.CHAT, "widget"), at=at
            )
            receive(talk, "Hello", at=at)

    with time_machine.travel(MORNING, tick=False):
        assert "0 active visitors today" in ada.signed_in().get(LIST).content.decode()
        visit(MORNING - timedelta(days=1), "a" * 64, writes=True)
        page = ada.signed_in().get(LIST).content.decode()
        assert "0 active visitors today · last message Sun 1 Mar 09:00" in page
        visit(MORNING, "b" * 64, writes=False)
        assert "1 active visitor today" in ada.signed_in().get(LIST).content.decode()
        visit(MORNING, "c" * 64, writes=True)
        for path in (LIST, url(widget)):
            page = ada.signed_in().get(path).content.decode()
            assert "2 active visitors" in page
            assert "last message today 09:00" in page


def test_list_of_many_widgets_asks_as_often_as_that_of_one(widget: Widget, ada: Member) -> None:
    browser = ada.signed_in()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(LIST).status_code == 200
        return len(queries)

    asked()
    before = asked()
    for number in range(20):
        other = Widget.objects.create(name=f"Widget {number}")
        contact = ConversationFactory(workspace=widget.workspace, door=Door(Channel.CHAT, "widget")).contact
        ChatSession.objects.create(widget=other, contact=contact, token_hash=f"{number:064}")
    assert asked() == before


def test_preview_is_framed_by_the_desk_alone_and_shows_what_is_typed(widget: Widget, ada: Member) -> None:
    browser = ada.signed_in()
    page = browser.get(url(widget, "/preview"))
    assert f'src="/widget.js" data-key="{widget.key}"' in page.content.decode()
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    before = Widget.objects.values().get()
    given = typed(browser.get(url(widget)).content.decode(), FORM)
    shown = browser.post(url(widget, "/preview/frame"), given | {"title": "Zoë & </script>", "color": "#00ff00"})
    text = shown.content.decode()
    assert "Zo\\u00eb" in text or "Zoë" in text
    assert "& </script>" not in text
    assert "#00ff00" in text
    assert shown["Content-Security-Policy"].endswith("frame-ancestors 'self' https://shop.example")
    # What cannot be kept is as it is stored.
    for changes in ({"title": "x" * 101}, {"title": "\x00"}, {"language": "xx"}, {"standard_email": "maybe"}):
        assert browser.post(url(widget, "/preview/frame"), given | changes).status_code == 200
    assert browser.post(url(widget, "/preview/frame"), {}).status_code == 200
    assert Widget.objects.values().get() == before


def test_widget_is_deleted_after_a_question(widget: Widget, ada: Member) -> None:
    browser = ada.signed_in()
    assert "Its conversations stay here" in browser.get(url(widget, "/delete")).content.decode()
    assert Widget.objects.exists()
    assert "No widgets" in browser.post(url(widget, "/delete"), follow=True).content.decode()
    assert browser.get(url(widget)).status_code == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_others_look_and_change_nothing(widget: Widget, ben: Member, role: Role) -> None:
    ben.membership.role = role
    ben.membership.save(update_fields=["role"])
    browser, before = ben.signed_in(), Widget.objects.values().get()
    assert "Live chat" in browser.get("/w/acme/settings").content.decode()
    assert "Add widget" not in browser.get(LIST).content.decode()
    page = browser.get(url(widget)).content.decode()
    assert widget.key in page
    assert "View only" in page
    assert '<button class="btn btn--main">Save' not in page
    assert browser.get(url(widget, "/preview")).status_code == 200
    for path in ("", "/keys", "/delete"):
        given = {"name": "Mine", "color": "#000000", "position": "left", "add": "woes_key"}
        assert browser.post(url(widget, path), given).status_code == 403
    assert browser.get(f"{LIST}/add").status_code == browser.get(url(widget, "/delete")).status_code == 403
    assert browser.post(f"{LIST}/add", {"name": "Mine"}).status_code == 403
    assert Widget.objects.values().get() == before


@pytest.mark.parametrize("path", ["", "/{}", "/{}/keys", "/{}/delete", "/{}/preview", "/{}/preview/frame", "/add"])
def test_strangers_find_none(widget: Widget, cleo: Member, path: str) -> None:
    before = Widget.objects.values().get()
    for method in ("get", "post"):
        ask: Callable[..., Any] = getattr(cleo.signed_in(), method)
        assert ask(LIST + path.format(widget.public_id)).status_code in (404, 405)
        # A widget of another workspace is a missing one.
        own = f"/w/globex/settings/chat{path}"
        if "{" in own:
            assert ask(own.format(widget.public_id)).status_code == ask(own.format(uuid.uuid4())).status_code != 200
    assert Client().get(url(widget)).status_code == 302
    assert Widget.objects.values().get() == before
