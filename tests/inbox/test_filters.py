"""Filters, saved views, suggestions and snippets on the inbox's screens."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, SavedView
from conversations.texts import highlights
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, reply
from tests.inbox.conftest import HTMX, markup_of, text_of
from tickets.models import Attribute

INBOX = "/w/acme/inbox"


@pytest.fixture
def two(acme: Workspace, ben: Member) -> None:
    """A conversation with a tag, assigned to Ben, and one without."""
    with tenancy.scope(acme):
        ida, ulf = ContactFactory(workspace=acme, name="Ida"), ContactFactory(workspace=acme, name="Ulf")
        one = ConversationFactory(
            workspace=acme, contact=ida, subject="Refund please", body="The money <b>is</b> & was mine."
        )
        actions.set_tags(conversation=one, names=["vip"], by=ben.actor, at=clock.now())
        actions.assign(conversation=one, to=ben.user, by=ben.actor, at=clock.now())
        ConversationFactory(workspace=acme, contact=ulf, subject="Broken charger")


def listed(client: Client, query: str) -> tuple[bool, bool]:
    """Whether the one with the tag and the one without are in the list."""
    text = text_of(client.get(f"{INBOX}?{query}").content)
    return "Refund" in text and "please" in text, "Broken charger" in text


@pytest.mark.usefixtures("two")
def test_filters_narrow_a_view_and_are_chips_that_remove_them(agent: Client, ben: Member) -> None:
    assert listed(agent, "view=open") == (True, True)
    for query in (
        "tag=vip",
        f"assignee={ben.user.pk}",
        "assignee=me&tag=vip",
        "q=please&tag=vip",
        "status=open&tag=vip&tag=other",
    ):
        assert listed(agent, f"view=open&{query}") == (True, False), query
    for query in ("assignee=nobody", "filter=" + json.dumps({"none": [{"field": "tag", "is": "vip"}]})):
        assert listed(agent, f"view=open&{query}") == (False, True), query
    page = agent.get(f"{INBOX}?view=open&tag=vip&assignee=me&sort=newest").content
    assert "Remove filter: Tag: vip" in text_of(page)
    assert 'href="/w/acme/inbox?view=open&amp;sort=newest&amp;assignee=me"' in markup_of(page)


@pytest.mark.usefixtures("two")
def test_filters_that_mean_nothing_are_ignored(agent: Client) -> None:
    for query in (
        "status=weird",
        "assignee=x",
        "team=99999999999999999999999",
        "filter={",
        "filter=[]",
        "created_after=yesterday",
        "priority=%00",
    ):
        assert listed(agent, f"view=open&{query}") == (True, True), query
    assert listed(agent, "view=open&team=999") == (False, False)
    assert "Nothing matches the filters" in text_of(agent.get(f"{INBOX}?view=open&team=999").content)


@pytest.mark.usefixtures("two")
def test_due_flags_and_their_chips(agent: Client, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        one, other = Conversation.objects.order_by("pk")
        today = timezone.localtime(clock.now(), ZoneInfo(acme.time_zone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        Conversation.objects.filter(pk=one.pk).update(next_response_due_at=clock.now() - timedelta(days=30))
        Conversation.objects.filter(pk=other.pk).update(
            next_response_due_at=today + timedelta(hours=23, minutes=59), unread_count=0
        )
        actions.follow(conversation=other, user=ben.user, by=ben.actor, at=clock.now())
        reply(other, "see file", uploads=[ContentFile(b"%PDF-1.4 x", "a.pdf")])
        Conversation.objects.filter(pk=other.pk).update(
            next_response_due_at=today + timedelta(hours=23, minutes=59), status="open"
        )
    for query, expected in {
        "due=overdue": (True, False),
        "due=today": (False, True),
        "due=week": (False, True),
        "due=overdue&due=today": (True, True),
        "due=someday": (True, True),
        "unread=1": (True, False),
        "follower=me": (False, True),
        "mentioned=me": (False, False),
        "file=1": (False, True),
    }.items():
        assert listed(agent, f"view=open&{query}") == expected, query
    page = agent.get(f"{INBOX}?view=open&due=overdue&due=today&unread=1&follower=me&mentioned=me&file=1").content
    text = text_of(page)
    for chip in ("Due: Overdue, Today", "Unread", "Has a file", "Followed by is me", "Mentioned is me"):
        assert f"Remove filter: {chip}" in text, chip
    assert 'view=open&amp;due=overdue&amp;due=today&amp;unread=1&amp;mentioned=me&amp;file=1"' in markup_of(page)
    form = markup_of(agent.get(f"{INBOX}/filters?view=open&due=today&follower=me", headers=HTMX).content)
    assert '<input type="checkbox" name="due" value="today" checked>' in form
    assert '<input type="checkbox" name="follower" value="1" checked>' in form
    assert '<input type="checkbox" name="unread" value="1">' in form
    tickets = agent.get("/w/acme/tickets?due=overdue&unread=1&file=1")
    assert "Remove filter: Due: Overdue" in text_of(tickets.content)


def test_saved_view_has_its_own_order_which_links_leave_out(agent: Client, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        for n in range(51):
            ConversationFactory(workspace=acme, subject=f"Case {n}", at=clock.now() - timedelta(hours=n))
        view = actions.create_view(
            workspace=acme, name="All", condition={"field": "status", "is": "open"}, subject="conversation", sort="newest",
            by=ben.actor, at=clock.now(),
        )  # fmt: skip
    url = f"{INBOX}?view=v-{view.short_id}"
    page = markup_of(agent.get(url).content)
    assert 'data-sort="newest"' in page
    assert f'href="/w/acme/inbox?view=v-{view.short_id}&amp;sort=oldest"' in page
    assert f'href="/w/acme/inbox?view=v-{view.short_id}" aria-current="true"' in page
    assert 'href="/w/acme/inbox?view=mine"' in page
    oldest = markup_of(agent.get(f"{url}&sort=oldest").content)
    assert 'data-sort="oldest"' in oldest
    assert f"view=v-{view.short_id}&amp;sort=oldest&amp;after=" in oldest
    assert '<input type="hidden" name="sort" value="oldest">' in oldest


@pytest.mark.usefixtures("two")
def test_form_of_filters_shows_what_is_chosen_also_as_a_page(agent: Client, acme: Workspace) -> None:
    with tenancy.scope(acme):
        TeamFactory(workspace=acme, name="Billing")
        Attribute.objects.create(
            workspace=acme, subject="conversation", key="plan", name="Plan", kind="choice", choices=["Pro", "Free"]
        )
    for headers in ({}, HTMX):
        page = markup_of(agent.get(f"{INBOX}/filters?view=open&tag=vip&attribute.plan=Pro", headers=headers).content)
        assert '<input type="checkbox" name="tag" value="vip" checked>' in page
        assert '<input type="checkbox" name="attribute.plan" value="Pro" checked>' in page
        assert '<input type="checkbox" name="attribute.plan" value="Free">' in page
        assert "Billing" in page
    assert listed(agent, "view=open&attribute.plan=Pro") == (False, False)


@pytest.mark.usefixtures("two")
def test_view_is_saved_from_what_is_shown_and_opens_with_its_digit(agent: Client, acme: Workspace, ben: Member) -> None:
    assert "Save view" in text_of(agent.get(f"{INBOX}?view=unassigned&status=open&q=charger").content)
    new = f"{reverse('new-saved-view', args=['acme'])}?view=open&tag=vip&sort=newest"
    page = text_of(agent.get(new).content)
    assert "Status is Open and Tag is any of vip" in page
    condition = json.dumps({"all": [{"field": "status", "is": "open"}, {"field": "tag", "in": ["vip"]}]})
    answer = agent.post(
        new, {"name": "VIPs", "visibility": "private", "sort": "newest", "search": "", "condition": condition}
    )
    with tenancy.scope(acme):
        view = SavedView.objects.get()
    assert answer.headers["Location"] == f"{INBOX}?view=v-{view.short_id}"
    assert (view.subject, view.visibility, view.condition, view.sort) == (
        "conversation",
        "private",
        json.loads(condition),
        "newest",
    )
    assert listed(agent, f"view=v-{view.short_id}") == (True, False)
    assert listed(agent, f"view=v-{view.short_id}&q=money") == (True, False)
    assert listed(agent, f"view=v-{view.short_id}&q=charger") == (False, False)
    page = markup_of(agent.get(f"{INBOX}?view=open").content)
    assert f'href="/w/acme/inbox?view=v-{view.short_id}"' in page
    assert 'data-shortcut="saved-1"' in page
    counted = text_of(agent.get(f"{INBOX}/saved?view=open", headers=HTMX).content)
    assert "VIPs 1" in counted
    rows = agent.get(f"{INBOX}/rows?view=v-{view.short_id}&id=1&id=2", headers=HTMX)
    assert rows.status_code == 200


@pytest.mark.usefixtures("two")
def test_changed_filters_can_replace_those_of_the_view_they_began_with(
    agent: Client, acme: Workspace, ben: Member
) -> None:
    with tenancy.scope(acme):
        view = actions.create_view(
            workspace=acme, name="Mine", subject="conversation", visibility="private", condition={"field": "tag", "is": "vip"}, by=ben.actor, at=clock.now()
        )  # fmt: skip
    agent.post(f"/w/acme/settings/views/new?view=v-{view.short_id}&priority=high", {"replace": "yes"})
    view.refresh_from_db()
    assert view.condition == {"all": [{"field": "tag", "is": "vip"}, {"field": "priority", "in": ["high"]}]}


def test_saved_view_that_is_anothers_or_gone_is_the_default_view(agent: Client, ada: Member, acme: Workspace) -> None:
    with tenancy.scope(acme):
        view = actions.create_view(
            workspace=acme, name="Ada's", subject="conversation", visibility="private", by=ada.actor, at=clock.now()
        )
    for key in (view.short_id, "nothing1", "%00", "x" * 300):
        assert "Unassigned" in text_of(agent.get(f"{INBOX}?view=v-{key}").content).split("·")[0]
    assert agent.get(f"/w/acme/settings/views/{view.short_id}").status_code == 404


def test_pages_say_when_the_saved_view_of_their_address_is_gone(agent: Client, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        conversation = ConversationFactory(workspace=acme)
        act: dict[str, Any] = {"by": ben.actor, "at": clock.now(), "workspace": acme, "name": "Mine"}
        kept = {one: actions.create_view(subject=one, **act).short_id for one in ("conversation", "ticket")}
    line = "This saved view no longer exists, or is not shared with you."
    for path, subject in (
        (INBOX, "conversation"),
        (f"{INBOX}/{conversation.number}", "conversation"),
        ("/w/acme/tickets", "ticket"),
        ("/w/acme/tickets/board", "ticket"),
    ):
        assert line in text_of(agent.get(f"{path}?view=v-nothing1").content), path
        assert line not in text_of(agent.get(f"{path}?view=v-{kept[subject]}").content), path
        assert line not in text_of(agent.get(path).content), path
    # From the menu of a page that was open before, a whole page is asked for.
    boosted = {"HX-Request": "true", "HX-Target": "desk"}
    answer = agent.get(f"{INBOX}?view=v-nothing1", headers=boosted)
    assert answer["HX-Redirect"] == f"{INBOX}?view=v-nothing1"
    assert "HX-Redirect" not in agent.get(f"{INBOX}?view=v-{kept['conversation']}", headers=boosted)


def test_view_whose_field_is_gone_holds_nothing_and_says_so(agent: Client, ben: Member, acme: Workspace) -> None:
    with tenancy.scope(acme):
        view = actions.create_view(workspace=acme, name="Old", subject="conversation", by=ben.actor, at=clock.now())
        SavedView.objects.update(condition={"field": "attribute.gone", "is": "x"})
    assert agent.get(f"{INBOX}?view=v-{view.short_id}").status_code == 200
    assert "Asks for something that no longer exists" in text_of(agent.get("/w/acme/settings/views").content)


def test_views_are_managed_in_the_settings_and_only_read_by_viewers(
    agent: Client, viewer: Client, ada: Member, acme: Workspace
) -> None:
    with tenancy.scope(acme):
        shared = actions.create_view(
            workspace=acme, name="Shared", subject="conversation", by=ada.actor, at=clock.now()
        )
    page = f"/w/acme/settings/views/{shared.short_id}"
    for client in (agent, viewer):
        assert "View only" in text_of(client.get(page).content)
        assert client.post(page, {"name": "x"}).status_code in (403, 404)
        assert client.post(f"{page}/delete").status_code == 403
        assert client.post(f"{page}/favorite", {"favorite": "yes"}).status_code == 302
        assert "Favorites" in text_of(client.get("/w/acme/settings/views").content)
        assert client.post(f"{page}/move", {"before": ""}).status_code == 302
    assert viewer.get("/w/acme/settings/views/new?view=open").status_code == 403
    admin = ada.signed_in()
    given = {
        "name": "Renamed",
        "visibility": "shared",
        "sort": "oldest",
        "search": "",
        "condition": '{"field": "status", "is": "nonsense"}',
    }
    refused = admin.post(page, given)
    assert refused.status_code == 422
    assert "is: This must be one of open, pending, snoozed, resolved, closed." in text_of(refused.content)
    assert admin.post(page, {**given, "condition": "{"}).status_code == 422
    assert admin.post(page, {**given, "condition": "{}"}).status_code == 302
    assert "Renamed" in text_of(agent.get("/w/acme/settings/views").content)
    assert admin.post(f"{page}/delete").status_code == 302
    assert "Renamed" not in text_of(agent.get("/w/acme/settings/views").content)


@pytest.mark.usefixtures("two")
def test_what_was_found_is_marked_and_nothing_in_it_is_markup(agent: Client, acme: Workspace, ben: Member) -> None:
    page = markup_of(agent.get(f"{INBOX}?view=open&q=money").content)
    assert "The <mark>money</mark> &lt;b&gt;is&lt;/b&gt; &amp; was mine." in page
    assert "<mark>Refund</mark> please" in markup_of(agent.get(f"{INBOX}?view=open&q=refu+is:open").content)
    with tenancy.scope(acme):
        row = ConversationFactory(
            workspace=acme,
            subject="Files",
            body="See below.",
            contact=ContactFactory(workspace=acme, name="Zoë", email="zoe@quince.example"),
        )
        reply(row, "see", uploads=[ContentFile(b"%PDF-1.4 x", "plan & co.pdf")])
        actions.note(conversation=row, body="a secret handshake", by=ben.actor, at=clock.now())
    page = markup_of(agent.get(f"{INBOX}?view=open&q=plan").content)
    assert '<span class="row__where">File</span>' in page
    assert "<mark>plan</mark> &amp; co.pdf" in page
    assert '<span class="row__where">Note</span> a secret <mark>handshake</mark>' in markup_of(
        agent.get(f"{INBOX}?q=handshake").content
    )
    assert '<span class="row__where">Customer</span> zoe@<mark>quince</mark>.example' in markup_of(
        agent.get(f"{INBOX}?q=quince").content
    )


def test_words_are_marked_in_any_script_and_spelling() -> None:
    for text, typed, marked in (
        ("Das Ladegerät ist kaputt", "ladegerat", ["Ladegerät"]),
        ("充電器の注文をキャンセル", "注文", ["注文"]),
        ("a" * 200 + " needle here", "needle", ["needle"]),
        ("order 7731 and 77", "7731", ["7731"]),
        ("nothing", "else", []),
        ("x\x00y", "y", ["y"]),
    ):
        pieces = highlights.pieces(text, highlights.wanted(typed))
        assert [piece.text for piece in pieces if piece.is_found] == marked
        assert sum(len(piece.text) for piece in pieces) <= highlights.LENGTH + 2


def suggested(client: Client, typed: str) -> list[str]:
    page = markup_of(client.get(f"{INBOX}/suggestions", {"q": typed}).content)
    return [part.split('"')[0].replace("&#34;", '"') for part in page.split('data-value="')[1:]]


@pytest.mark.usefixtures("two")
def test_search_suggests_operators_values_and_customers(agent: Client, acme: Workspace) -> None:
    with tenancy.scope(acme):
        ContactFactory(workspace=acme, name="Tabea Quick", email="tabea@example.com")
        TeamFactory(workspace=acme, name="Second Line")
    assert suggested(agent, "ta") == ["tag:", "from:tabea@example.com"]
    assert suggested(agent, "money -ta") == ["-tag:"]
    assert suggested(agent, "tag:v") == ["tag:vip"]
    assert suggested(agent, "money is:un") == ["is:unread", "is:unassigned"]
    assert suggested(agent, "assignee:b") == ['assignee:"Ben Kimura"']
    assert suggested(agent, 'team:"sec') == ['team:"Second Line"']
    assert suggested(agent, "before:y") == ["before:yesterday"]
    assert "from:" in suggested(agent, "")
    for typed in ("zzz", "tag:a\x00", "x" * 10_000, 'from:"', "unknown:x", "is:nonsense"):
        assert isinstance(suggested(agent, typed), list)


@pytest.mark.usefixtures("two")
def test_palette_finds_a_few_of_each_kind(agent: Client, viewer: Client, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        one = ConversationFactory(
            workspace=acme, subject="Orchard delivery", contact=ContactFactory(workspace=acme, name="Orchard Ltd")
        )
        actions.escalate(conversation=one, by=ben.actor, at=clock.now())
    for client in (agent, viewer):
        page = markup_of(client.get("/w/acme/find", {"q": "orchard"}).content)
        for kind in ("conversation", "contact", "ticket"):
            assert f'<section data-kind="{kind}"' in page
        assert f'href="/w/acme/inbox/{one.number}"' in page
        assert "<mark>Orchard</mark> delivery" in page
    for query in ("", " ", "\x00", "#1", "is:open", "%", "zzzz", "x" * 5000):
        assert agent.get("/w/acme/find", {"q": query}).status_code == 200


def test_search_that_finds_nothing_names_what_was_not_understood(agent: Client, acme: Workspace) -> None:
    page = text_of(agent.get("/w/acme/inbox?q=is:foo after:notadate").content)
    assert "No such value, so it was searched as text: is:foo after:notadate" in page
    assert "No such value" not in text_of(agent.get("/w/acme/inbox?q=is:spam").content)
