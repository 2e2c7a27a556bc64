"""The list: its views, its orders, and what a row says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import CallbackRequest, Conversation, Mention
from conversations.screens.inbox import list_rows
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, reply
from tests.inbox.conftest import HTMX, text_of

URL = "/w/acme/inbox"
NOON = datetime.fromisoformat("2026-11-30T12:00:00+00:00")


def subjects(view: str, member: Member, **values: Any) -> list[str]:
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS[view], user=member.user, **values)
    return [row.subject for row in page.rows]


def made(acme: Workspace, subject: str, **columns: Any) -> Conversation:
    """An open conversation with some columns as they are given."""
    row: Conversation = ConversationFactory(workspace=acme, subject=subject)
    Conversation.all_workspaces.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()
    return row


@pytest.mark.usefixtures("in_acme")
def test_my_teams_holds_what_is_open_of_the_teams_that_a_member_is_in(acme: Workspace, ben: Member) -> None:
    mine, other = TeamFactory(workspace=acme, name="Mine"), TeamFactory(workspace=acme, name="Other")
    mine.members.add(ben.user)
    made(acme, "mine", team=mine)
    made(acme, "mine, with a colleague", team=mine, assignee=ben.user)
    made(acme, "theirs", team=other)
    made(acme, "mine, snoozed", team=mine, snoozed_until=clock.now() + timedelta(days=1))
    assert set(subjects("teams", ben)) == {"mine", "mine, with a colleague"}
    assert inbox_queries.inbox_counts(ben.user)["teams"] == 2


@pytest.mark.usefixtures("in_acme")
def test_mentions_holds_where_a_member_was_mentioned_and_counts_what_they_have_not_seen(
    acme: Workspace, ben: Member, ada: Member
) -> None:
    seen, unseen, of_ada = (made(acme, name) for name in ("seen", "unseen", "of Ada"))
    for row, who, at in ((seen, ben, NOON), (unseen, ben, None), (of_ada, ada, None)):
        Mention.objects.create(
            workspace=acme, conversation=row, message=reply(row), user=who.user, seen_at=at, created_at=NOON
        )
    assert set(subjects("mentions", ben)) == {"seen", "unseen"}
    assert inbox_queries.inbox_counts(ben.user)["mentions"] == 1
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["waiting"], user=ben.user)
    assert {row.subject: row.mentioned for row in page.rows} == {
        "seen": [],
        "unseen": [ben.user.pk],
        "of Ada": [ada.user.pk],
    }


@pytest.mark.usefixtures("in_acme")
def test_callbacks_holds_whom_nobody_has_called_yet(acme: Workspace, ben: Member) -> None:
    for subject, done_at in (("to call", None), ("called", NOON)):
        row = made(acme, subject)
        CallbackRequest.objects.create(
            workspace=acme, conversation=row, phone_typed="030 1", due_at=NOON, done_at=done_at
        )
    assert subjects("callbacks", ben) == ["to call"]
    assert inbox_queries.inbox_counts(ben.user)["callbacks"] == 1


@pytest.mark.usefixtures("in_acme")
def test_deadlines_come_soonest_first_and_pages_go_on_among_those_without_one(acme: Workspace, ben: Member) -> None:
    at = clock.now()

    def due(minutes: int) -> datetime:
        return at + timedelta(minutes=minutes)

    made(acme, "none, first")
    made(acme, "next in 20", next_response_due_at=due(20))
    made(acme, "first in 10", first_response_due_at=due(10), next_response_due_at=due(30))
    made(acme, "answered, next in 15", first_response_due_at=due(1), first_response_at=at, next_response_due_at=due(15))
    made(acme, "answered, none", first_response_due_at=due(1), first_response_at=at)
    made(acme, "overdue", first_response_due_at=due(-5))
    wanted = ["overdue", "first in 10", "answered, next in 15", "next in 20", "none, first", "answered, none"]
    assert subjects("open", ben, sort="deadline") == wanted
    seen: list[str] = []
    after: str | None = None
    for _ in wanted:
        page = inbox_queries.inbox_page(
            inbox_queries.INBOX_VIEWS["open"], user=ben.user, sort="deadline", after=after, limit=1
        )
        seen += [row.subject for row in page.rows]
        after = page.next
    assert (seen, after) == (wanted, None)


@pytest.mark.parametrize(
    ("waited", "left", "look", "text"),
    [
        (10, 300, "", "Due in 5 h"),
        (60, 30, "", "Due in 30 min"),
        (60, 20, "chip--warn", "Due in 20 min"),
        (60, 19, "chip--warn", "Due in 19 min"),
        (60, -5, "chip--bad", "Overdue 5 min"),
        (60, -60 * 50, "chip--bad", "Overdue 2 d"),
    ],
)
def test_deadline_has_a_colour_in_its_last_quarter_and_always_a_text(
    waited: int, left: int, look: str, text: str
) -> None:
    chip = list_rows._deadline(NOON + timedelta(minutes=left), NOON - timedelta(minutes=waited), NOON)
    assert (chip.look, chip.text) == (look, text)


@pytest.mark.parametrize("room", [120, 236])
@pytest.mark.parametrize(
    "tag", ["api", "Rechtsschutzversicherungsgesellschaften", "返品と返金の手続きについて", "طلب استرداد المبلغ"]
)
def test_chips_fit_beside_each_other_and_what_is_left_out_is_counted(tag: str, room: int) -> None:
    chips = [list_rows.Chip("chip--bad", "", "Overdue 2 h"), list_rows.Chip("", "ticket", "1234")]
    chips += [list_rows.Chip("chip--tag hue--10", "", f"{number}{tag}") for number in range(4)]
    shown, left_out = list_rows._fitted(chips, room)
    assert len(shown) + len(left_out) == len(chips)
    assert shown[0].text == "Overdue 2 h"
    assert sum(chip.look.startswith("chip--tag") for chip in shown) <= list_rows.MOST_TAGS
    more = list_rows.MORE if left_out else -list_rows.GAP
    assert sum(chip.width + list_rows.GAP for chip in shown) + more <= room


@pytest.mark.parametrize("text", ["Zoë" * 20, "Ze\u0301" * 20, "👩‍👩‍👧‍👦" * 5])
def test_text_is_not_cut_between_a_letter_and_its_accent(text: str) -> None:
    cut = list_rows._cut(text, 60)
    assert cut.endswith("…")
    assert not text[len(cut) - 1].startswith("\u0301")
    assert not cut.endswith("\u200d…")


def test_row_says_what_it_holds_and_who_has_it(agent: Client, acme: Workspace, ben: Member) -> None:
    by, at = ben.actor, clock.now()
    row = made(acme, "Order")
    actions.assign(conversation=row, to=ben.user, by=by, at=at)
    actions.set_priority(conversation=row, priority="urgent", by=by, at=at)
    actions.set_tags(conversation=row, names=["one", "two", "three"], by=by, at=at)
    html = agent.get(URL, {"view": "mine"}).content.decode()
    shown = re.search(r'<a\s+id="row-.*?</a>', html, flags=re.S)
    assert shown
    text = text_of(shown[0].encode())
    for words in ("Urgent", "one", "two", "+1"):
        assert words in text, words
    assert 'title="three"' in shown[0]
    assert f'title="Assigned to {ben.user.name}"' in shown[0]


def test_snoozed_until_they_reply_is_shown_in_words(agent: Client, acme: Workspace) -> None:
    made(acme, "Order", snoozed_until=datetime.fromisoformat("9999-01-01T00:00:00+00:00"))
    assert "Until they reply" in text_of(agent.get(URL, {"view": "snoozed"}).content)


def test_mine_says_how_many_were_resolved_today(agent: Client, acme: Workspace, ben: Member, ada: Member) -> None:
    with time_machine.travel(NOON, tick=False):
        for who, at in ((ben, NOON), (ben, NOON - timedelta(hours=1)), (ben, NOON - timedelta(days=1)), (ada, NOON)):
            row = made(acme, "Order", assignee=who.user)
            actions.set_status(conversation=row, status="resolved", by=who.actor, at=at)
        assert "2 resolved today" in text_of(agent.get(URL, {"view": "mine"}).content)
        assert "resolved today" not in text_of(agent.get(URL, {"view": "open"}).content)


def test_orders_and_density_are_words_in_one_menu(agent: Client, conversation: Conversation, ben: Member) -> None:
    text = text_of(agent.get(URL, {"view": "open", "sort": "deadline"}).content)
    assert "Sort by Longest waiting Newest Deadline" in text
    assert "Comfortable" in text
    assert "rows--compact" not in agent.get(URL).content.decode()
    agent.post("/w/acme/preferences", {"density": "compact"}, headers=HTMX)
    assert "rows rows--compact" in agent.get(URL).content.decode()
    agent.post("/w/acme/preferences", {"density": "tiny"}, headers=HTMX)
    ben.user.refresh_from_db()
    assert ben.user.preferences["density"] == "compact"


def test_all_views_are_in_the_menu_and_the_current_one_is_in_the_bar(agent: Client, conversation: Conversation) -> None:
    html = agent.get(URL, {"view": "snoozed"}).content.decode()
    bar, menu = html.split('class="views__bar"')[1].split('id="menu-views"')
    assert re.search(r'aria-current="page"\s+data-shortcut="view-snoozed"', bar)
    listed = set(re.findall(r'data-shortcut="view-(\w+)"', menu))
    assert listed == set(inbox_queries.INBOX_VIEWS) - {"news", "failed"}  # these only when there is something in them


def test_going_back_from_a_conversation_needs_no_list(agent: Client, conversation: Conversation) -> None:
    part = agent.get(URL, {"view": "open"}, headers={**HTMX, "HX-Target": "open"})
    assert "Pick a conversation" in text_of(part.content)
    assert 'id="rows"' not in part.content.decode()
    assert "<title>All open (1) · Acme</title>" in re.sub(r"\s+", " ", part.content.decode()).replace("> ", ">")


@pytest.mark.parametrize("view", inbox_queries.INBOX_VIEWS)
def test_empty_view_says_why(agent: Client, conversation: Conversation, acme: Workspace, view: str) -> None:
    Conversation.all_workspaces.filter(pk=conversation.pk).update(handler="nobody" if view != "spam" else "people")
    html = agent.get(URL, {"view": view}).content
    assert 'class="empty"' in html.decode()
    assert "appear here" in text_of(html) or "g " in text_of(html)


def test_name_that_turns_its_letters_is_shown_as_it_was_written(agent: Client, acme: Workspace) -> None:
    ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, name="\u202eevil txt"), subject="One")
    page = agent.get("/w/acme/inbox").content.decode()
    assert "evil txt" in page
    assert "\u202e" not in page


class Links(HTMLParser):
    """The links of a page, each with what htmx puts its answer into; "" where the browser follows it."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "hr", "path", "circle", "rect", "line", "use"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inherited: list[tuple[str, bool, str]] = [("", False, "")]
        self.found: list[tuple[dict[str, str], str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        _tag, is_boosted, target = self.inherited[-1]
        is_boosted = given.get("hx-boost", str(is_boosted).lower()) == "true"
        target = given.get("hx-target", target)
        if tag == "a":
            self.found.append((given, target if is_boosted or "hx-get" in given else ""))
        if tag not in self.VOID:
            self.inherited.append((tag, is_boosted, target))

    def handle_endtag(self, tag: str) -> None:
        while len(self.inherited) > 1 and self.inherited.pop()[0] != tag:
            pass


@pytest.mark.parametrize("query", ["", "?view=open", "?view=mine", "?q=nothing-like-this", "?view=spam"])
@pytest.mark.parametrize("is_new", [True, False])
def test_rows_alone_lead_into_the_pane_beside_the_list(ada: Member, acme: Workspace, query: str, is_new: bool) -> None:
    if not is_new:
        ConversationFactory(workspace=acme)
    links = Links(ada.signed_in().get(f"{URL}{query}").content.decode()).found
    assert all("row" in given.get("class", "").split() for given, target in links if target == "#open")
    where = {given["href"]: target for given, target in links}
    if is_new and query == "":
        assert where["/w/acme/start"] == ""
    if query == "?q=nothing-like-this":
        assert where[f"{URL}?view=unassigned"] == "#desk"
    rows = [target for given, target in links if given.get("class", "").startswith("row")]
    assert {*rows} <= {"#open"}
