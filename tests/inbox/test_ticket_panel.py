"""The ticket beside a conversation: changed in place, linked, unlinked; and the API shows what the screens show."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.dialects.posthog_client import Posthog, posthog_api  # noqa: F401 (a fixture)
from tests.factories import TeamFactory, TicketFactory
from tests.inbox.conftest import HTMX, markup_of, now, queries_of, text_of
from tickets.models import Ticket

INBOX = "/w/acme/inbox"


@pytest.fixture
def ticket(conversation: Conversation, ben: Member) -> Ticket:
    """The ticket of the conversation."""
    with tenancy.scope(conversation.workspace):
        return actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())


def test_fields_are_changed_beside_the_thread(
    agent: Client, ben: Member, conversation: Conversation, ticket: Ticket
) -> None:
    team = TeamFactory(workspace=conversation.workspace, name="Billing")
    path = f"{INBOX}/{conversation.number}"
    for name, given, words in (
        ("status", {"status": "on_hold"}, "Status set to On hold."),
        ("priority", {"priority": "critical"}, "Priority set to Critical."),
        ("assign", {"owner": f"user-{ben.user.pk}"}, "Assigned to you."),
        ("tags", {"tags": "Api, billing"}, "Tags saved."),
        ("due", {"when": "2027-01-05T10:00"}, "Due "),
    ):
        answer = agent.post(f"{path}/ticket-{name}", given, headers=HTMX)
        assert answer.status_code == 200, name
        assert words in text_of(answer.content)
        assert 'id="side"' in answer.content.decode()
        assert agent.post(f"{path}/ticket-{name}", given).status_code == 302
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    assert (row.status, row.priority, row.assignee_id, row.tags) == (
        "on_hold", "critical", ben.user.pk, ["api", "billing"],
    )  # fmt: skip
    agent.post(f"{path}/ticket-assign", {"owner": f"team-{team.pk}"})
    page = agent.get(path).content
    panel = markup_of(page).split('id="ticket-card"')[1].split("</section>")[0]
    assert '<option value="on_hold" selected>' in panel
    assert "Billing" in panel
    assert 'href="/w/acme/tickets/1"' in panel
    assert 'value="2027-01-05T10:00"' in panel


def test_a_change_of_status_is_undone_unless_somebody_else_has_changed_it(
    agent: Client, conversation: Conversation, ticket: Ticket
) -> None:
    path = f"{INBOX}/{conversation.number}/ticket-status"
    answer = markup_of(agent.post(path, {"status": "resolved"}, headers=HTMX).content)
    assert f'action="{path}?' in answer.split("Status set to Resolved.")[1]
    assert '<input type="hidden" name="expected" value="resolved">' in answer
    agent.post(path, {"status": "on_hold"})
    refused = agent.post(path, {"status": "new", "expected": "resolved"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Nothing was undone" in text_of(refused.content)
    assert Ticket.all_workspaces.get(pk=ticket.pk).status == "on_hold"


def test_owners_are_asked_for_when_the_field_is_opened(
    agent: Client, ben: Member, conversation: Conversation, ticket: Ticket
) -> None:
    TeamFactory(workspace=conversation.workspace, name="Billing")
    found = text_of(agent.get(f"{INBOX}/{conversation.number}/ticket-owners", headers=HTMX).content)
    assert "Ben Kimura (you)" in found
    assert "Billing" in found


def test_a_ticket_is_found_by_number_or_words_and_linked(
    agent: Client, acme: Workspace, conversation: Conversation
) -> None:
    known = TicketFactory(workspace=acme, subject="Refunds are late")
    TicketFactory(workspace=acme, subject="Something else")
    path = f"{INBOX}/{conversation.number}/link-ticket"
    for headers in ({}, HTMX):
        for find in (f"%23{known.number}", "refunds"):
            found = text_of(agent.get(f"{path}?find={find}", headers=headers).content)
            assert "Refunds are late" in found
            assert "Something else" not in found
        assert "Something else" in text_of(agent.get(path, headers=headers).content)
        for nothing in ("zzz", "%00", "99999999999999999999", "x" * 5000):
            assert "No tickets found" in text_of(agent.get(f"{path}?find={nothing}", headers=headers).content)
    answer = agent.post(path, {"ticket": str(known.number)}, headers=HTMX)
    assert f"Linked to ticket {known.number}." in text_of(answer.content)
    assert f'action="{INBOX}/{conversation.number}/unlink' in markup_of(answer.content).split("Linked to ticket")[1]
    assert now(conversation).ticket_id == known.pk
    answer = agent.post(f"{INBOX}/{conversation.number}/unlink", headers=HTMX)
    assert f'<input type="hidden" name="ticket" value="{known.number}">' in markup_of(answer.content)
    assert now(conversation).ticket_id is None


def test_what_cannot_be_changes_nothing_and_is_explained(
    agent: Client, acme: Workspace, conversation: Conversation
) -> None:
    path = f"{INBOX}/{conversation.number}"
    other = TicketFactory(workspace=acme)
    for name, given, words in (
        ("ticket-status", {"status": "open"}, "This conversation has no ticket any more."),
        ("link-ticket", {"ticket": "777"}, "There is no ticket with this number."),
        ("link-ticket", {"ticket": "\u202e7"}, "There is no ticket with this number."),
        ("link-ticket", {}, "There is no ticket with this number."),
    ):
        answer = agent.post(f"{path}/{name}", given, headers=HTMX)
        assert (answer.status_code, words in text_of(answer.content)) == (422, True), name
    agent.post(f"{path}/link-ticket", {"ticket": str(other.number)})
    before = Event.objects.filter(workspace=acme).count()
    elsewhere = TicketFactory(workspace=acme)
    before += 1  # it was opened
    for name, given in (
        ("link-ticket", {"ticket": str(elsewhere.number)}),
        ("ticket-status", {"status": "nonsense"}),
        ("ticket-assign", {"owner": "user-99999999999999999999"}),
        ("ticket-due", {"when": "yesterday"}),
        ("ticket-tags", {"tags": ",".join(f"t{n}" for n in range(200))}),
    ):
        answer = agent.post(f"{path}/{name}", given, headers=HTMX)
        assert answer.status_code == 422, name
        assert "toast--bad" in answer.content.decode()
    assert now(conversation).ticket_id == other.pk
    assert Event.objects.filter(workspace=acme).count() == before


def test_viewers_read_the_ticket_and_change_nothing(
    viewer: Client, stranger: Client, conversation: Conversation, ticket: Ticket
) -> None:
    path = f"{INBOX}/{conversation.number}"
    page = markup_of(viewer.get(path).content)
    panel = page.split('id="ticket-card"')[1].split("</section>")[0]
    assert "<form" not in panel
    assert "New" in panel
    for name in ("ticket-status", "ticket-due", "link-ticket", "unlink"):
        assert viewer.post(f"{path}/{name}", {"status": "open", "ticket": "1"}).status_code == 403
        assert stranger.post(f"{path}/{name}", {"status": "open", "ticket": "1"}).status_code == 404
    assert viewer.get(f"{path}/link-ticket").status_code == 403
    assert viewer.get(f"{path}/ticket-owners").status_code == 403


def test_page_with_a_ticket_asks_no_more_than_one_without(
    agent: Client, conversation: Conversation, ben: Member
) -> None:
    path = f"{INBOX}/{conversation.number}"
    agent.get(path)
    without = queries_of(lambda: agent.get(path))
    actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())
    assert queries_of(lambda: agent.get(path)) <= without + 1  # the line in the thread


# --- The API shows what the screens show --------------------------------------------------------


def test_api_reads_what_the_screens_change(
    agent: Client, ben: Member, conversation: Conversation, ticket: Ticket, api: Posthog
) -> None:
    beside, page = f"{INBOX}/{conversation.number}/ticket-", f"/w/acme/tickets/{ticket.number}/"
    moment = datetime(2031, 3, 1, 12, tzinfo=ZoneInfo(conversation.workspace.time_zone))
    for name, given, field, value in (
        ("status", {"status": "pending"}, "status", "pending"),
        ("priority", {"priority": "high"}, "priority", "high"),
        ("assign", {"owner": f"user-{ben.user.pk}"}, "assignee", ben.user.pk),
        ("tags", {"tags": "Vip, billing"}, "tags", ["billing", "vip"]),
        ("due", {"when": "2031-03-01T12:00"}, "sla_due_at", moment),
        ("snooze", {"when": "2031-03-01T12:00"}, "snoozed_until", moment),
    ):
        for where in (page, beside) if name != "snooze" else (page,):
            assert agent.post(f"{where}{name}", given).status_code == 302
            read = api.get(f"tickets/{ticket.public_id}").json()[field]
            if field == "assignee":
                read = read["id"]
            if isinstance(value, datetime):
                read = datetime.fromisoformat(read)
            assert (sorted(read) if field == "tags" else read) == value, name
            if name not in ("snooze", "status"):
                empty = {
                    "priority": {"priority": ""},
                    "assign": {"owner": ""},
                    "tags": {"tags": ""},
                    "due": {"when": ""},
                }
                agent.post(f"{where}{name}", empty[name])
                assert not api.get(f"tickets/{ticket.public_id}").json()[field]
    assert api.get(f"tickets/{ticket.public_id}").json()["status"] == "on_hold"


def test_screens_show_what_the_api_changes(
    agent: Client, ben: Member, conversation: Conversation, ticket: Ticket, api: Posthog
) -> None:
    changed = {
        "status": "pending",
        "priority": "critical",
        "assignee": {"type": "user", "id": ben.user.pk},
        "tags": ["vip"],
        "sla_due_at": "2031-03-01T12:00:00Z",
    }
    assert api.patch(f"tickets/{ticket.public_id}", changed).status_code == 200
    card = (
        markup_of(agent.get(f"{INBOX}/{conversation.number}").content)
        .split('id="ticket-card"')[1]
        .split("</section>")[0]
    )
    page = markup_of(agent.get(f"/w/acme/tickets/{ticket.number}").content)
    for shown in (card, page):
        assert '<option value="pending" selected>' in shown
        assert '<option value="critical" selected>' in shown
        assert "Ben Kimura" in shown
        assert 'value="vip"' in shown
        assert 'value="2031-03-01T' in shown
    listed = text_of(agent.get("/w/acme/tickets?status=pending&tag=vip&assignee=me&priority=critical").content)
    assert "Help with order" in listed
    api.patch(f"tickets/{ticket.public_id}", {"snoozed_until": "2031-04-01T12:00:00Z"})
    page = markup_of(agent.get(f"/w/acme/tickets/{ticket.number}").content)
    assert 'value="2031-04-01T' in page
    assert '<option value="on_hold" selected>' in page
    api.patch(f"tickets/{ticket.public_id}", {"snoozed_until": None})
    assert '<option value="open" selected>' in markup_of(agent.get(f"/w/acme/tickets/{ticket.number}").content)
