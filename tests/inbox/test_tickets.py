"""The screens of tickets: list, board, page, links, and the reply to all; what they change, the API reads, and the reverse."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels import outbox
from conversations.models import Conversation, Delivery, Message, SavedView
from tests.conftest import Key, Member
from tests.factories import ConversationFactory, TeamFactory, TicketFactory
from tests.inbox.conftest import markup_of, text_of
from tickets import actions as ticket_actions
from tickets.models import Attribute, Ticket, TicketNote, TicketNumbers

LIST = "/w/acme/tickets"


def linked(acme: Workspace, ticket: Ticket, count: int = 2, **values: object) -> list[Conversation]:
    """Conversations of a ticket, each of another customer."""
    rows = []
    with tenancy.scope(acme):
        for _ in range(count):
            row = ConversationFactory(workspace=acme, **values)
            rows.append(actions.link(conversation=row, ticket=ticket, by=Actor.system(acme.pk), at=clock.now()))
    return rows


def test_list_shows_what_is_not_resolved_and_each_status_by_itself(ben: Member, acme: Workspace) -> None:
    for status in ("new", "open", "resolved"):
        TicketFactory(workspace=acme, subject=f"Is {status}", status=status)
    client = ben.signed_in()
    page = text_of(client.get(LIST).content)
    assert "Is new" in page
    assert "Is open" in page
    assert "Is resolved" not in page
    page = text_of(client.get(f"{LIST}?status=resolved").content)
    assert "Is resolved" in page
    assert "Is open" not in page


def test_list_asks_as_many_questions_for_one_ticket_as_for_twenty(
    ben: Member, acme: Workspace, django_assert_max_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = ben.signed_in()
    counts = []
    for more in (1, 19):
        for n in range(more):
            ticket = TicketFactory(workspace=acme, subject=f"Ticket {n}")
            linked(acme, ticket, 1)
        client.get(LIST)
        with CaptureQueriesContext(connection) as asked:
            client.get(LIST)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


@pytest.mark.parametrize("sort", ["updated", "created", "due"])
def test_every_ticket_is_on_one_of_the_pages_whatever_the_order(ben: Member, acme: Workspace, sort: str) -> None:
    import re

    now = clock.now()
    made = [
        TicketFactory(workspace=acme, subject=f"T{n}", sla_due_at=now + timedelta(hours=n) if n % 2 else None)
        for n in range(120)
    ]
    client, seen, path = ben.signed_in(), [], f"{LIST}?sort={sort}"
    while path:
        page = client.get(path, headers={"HX-Request": "true", "HX-Target": "ticket-more"}).content.decode()
        seen += re.findall(r'href="/w/acme/tickets/(\d+)"', page)
        more = re.search(r'hx-get="([^"]*after=[^"]*)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(made)
    assert set(seen) == {str(one.number) for one in made}
    if sort == "due":
        dues = {str(one.number): one.sla_due_at for one in made}
        assert [bool(dues[number]) for number in seen] == [True] * 60 + [False] * 60


def test_owner_and_search_narrow_list_and_board(ben: Member, acme: Workspace) -> None:
    mine = TicketFactory(workspace=acme, subject="Mine alone", assignee=ben.user)
    TicketFactory(workspace=acme, subject="Nobodys")
    client = ben.signed_in()
    for path in (LIST, f"{LIST}/board"):
        assert "Nobodys" not in text_of(client.get(f"{path}?owner=me").content)
        assert "Mine alone" not in text_of(client.get(f"{path}?owner=nobody").content)
        assert "Mine alone" in text_of(client.get(f"{path}?q=%23{mine.number}").content)
        assert client.get(f"{path}?owner=%00&q=%00&sort=x&status=x").status_code in (200, 400)


def test_fields_are_changed_by_their_verbs_and_read_by_the_api(ben: Member, acme: Workspace, acme_key: Key) -> None:
    ticket = TicketFactory(workspace=acme, subject="Old")
    team = TeamFactory(workspace=acme, name="Billing")
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    for name, given in {
        "status": {"status": "pending"},
        "priority": {"priority": "high"},
        "assign": {"owner": f"user-{ben.user.pk}"},
        "tags": {"tags": "Api, billing"},
        "subject": {"subject": "New"},
        "due": {"when": "2027-01-05T10:00"},
        "reason": {"reason": "Needs a fix"},
    }.items():
        assert client.post(f"{page}/{name}", given).status_code == 302, name
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    assert (row.status, row.priority, row.assignee_id, row.tags, row.subject) == (
        "pending", "high", ben.user.pk, ["api", "billing"], "New",
    )  # fmt: skip
    assert row.sla_due_at is not None
    assert row.escalation_reason == "Needs a fix"
    client.post(f"{page}/assign", {"owner": f"team-{team.pk}"})
    row.refresh_from_db()
    assert (row.assignee_id, row.team_id) == (None, team.pk)
    history = client.get(page).content.decode()
    for line in (
        "Status: <b>Waiting on customer</b>, was ",
        "Priority: <b>High</b>",
        "Assigned to <b>Ben Kimura</b>",
        "Tags: <b>+api, +billing</b>",
    ):
        assert line in history


def test_attributes_are_edited_shown_and_in_the_history(ben: Member, vic: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme)
    with tenancy.scope(acme):
        for n, (name, kind) in enumerate([("Seats", "number"), ("Plan", "choice"), ("Signed", "date")]):
            Attribute.objects.create(
                workspace=acme, subject="ticket", key=name.lower(), name=name, kind=kind, position=n,
                choices=["Pro", "Free"] if kind == "choice" else [], created_at=clock.now(),
            )  # fmt: skip
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    given = {"attribute-seats": "12", "attribute-plan": "Pro", "attribute-signed": "2027-02-03"}
    assert client.post(f"{page}/attributes", given).status_code == 302
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    assert row.attributes == {"seats": 12, "plan": "Pro", "signed": "2027-02-03"}
    shown = client.get(page).content.decode()
    assert 'value="12"' in shown
    assert "Attributes changed: <b>Plan: Pro, Seats, Signed</b>" in shown, "no text or number that may be of a person"
    client.post(f"{page}/attributes", {"attribute-plan": ""})
    assert "Attributes changed: <b>Plan: None</b>" in client.get(page).content.decode()
    client.post(f"{page}/attributes", {"attribute-plan": "Pro"})
    row.refresh_from_db()
    assert "3 February 2027" in text_of(vic.signed_in().get(page).content)
    asked = {"HX-Request": "true", "HX-Target": "ticket"}
    refused = client.post(f"{page}/attributes", {"attribute-seats": "many"}, headers=asked)
    assert refused.status_code == 422
    assert "Seats must be a whole number" in text_of(refused.content)
    assert 'value="many"' in refused.content.decode()
    assert Ticket.all_workspaces.get(pk=ticket.pk).attributes == row.attributes


def test_history_names_the_due_date_the_team_and_how_many_were_answered(ben: Member, acme: Workspace) -> None:
    ticket, team = TicketFactory(workspace=acme), TeamFactory(workspace=acme, name="Billing")
    linked(acme, ticket, 3)
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"

    def history() -> str:
        return text_of(client.get(page).content).partition(" History ")[2]

    client.post(f"{page}/due", {"when": "2027-02-03T10:00"})
    assert "Due 3 Feb 2027" in history()
    client.post(f"{page}/due", {"when": ""})
    assert "Due date removed" in history()
    client.post(f"{page}/assign", {"owner": f"team-{team.pk}"})
    assert "Assigned to Billing" in history()
    with tenancy.scope(acme):
        sent, at = [*Conversation.objects.order_by("pk")[:2]], clock.now()
        event, _ = actions.broadcast_later(ticket=ticket, bodies={row.pk: "Up" for row in sent}, by=ben.actor, at=at)
        ticket_actions.update(ticket=ticket, subject="Lamp", sla_due_at=at, by=ben.actor, at=at)
    assert "Reply sent to 2 conversations" in history()
    assert f'href="{page}/broadcast/{event.pk}"' in client.get(page).content.decode()
    assert " · Changed the subject" in history()
    # An event of before says what it knows.
    Event.objects.create(
        workspace=acme, type="ticket.updated", subject_type="ticket", subject_id=ticket.pk, actor_kind="system",
        data={"fields": ["sla_due_at"]}, at=at,
    )  # fmt: skip
    assert "Changed the due date" in history()


def test_a_change_is_answered_with_the_ticket_and_can_be_undone(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, status="open")
    client = ben.signed_in()
    asked = {"HX-Request": "true", "HX-Target": "ticket"}
    answer = client.post(f"{LIST}/{ticket.number}/status", {"status": "resolved"}, headers=asked)
    page = answer.content.decode()
    assert 'id="ticket"' in page
    assert "Status set to Resolved." in page
    assert 'name="expected" value="resolved"' in page
    # Somebody else has changed it meanwhile: nothing is undone.
    ticket_actions.set_status(ticket=ticket, status="on_hold", by=Actor.system(acme.pk), at=clock.now())
    back = client.post(f"{LIST}/{ticket.number}/status", {"status": "open", "expected": "resolved"}, headers=asked)
    assert back.status_code == 422
    assert "Nothing was undone" in back.content.decode()
    ticket.refresh_from_db()
    assert ticket.status == "on_hold"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("status", {"status": "nonsense"}),
        ("priority", {"priority": "x" * 10_000}),
        ("assign", {"owner": "user-999999999999999999999"}),
        ("assign", {"owner": "team-0"}),
        ("due", {"when": "0001-01-01T00:00"}),
        ("due", {"when": "yesterday"}),
        ("tags", {"tags": ",".join(f"t{n}" for n in range(200))}),
        ("link", {"conversation": "999999"}),
        ("link", {"conversation": "\u202e42"}),
        ("note", {"body": ""}),
    ],
)
def test_what_cannot_be_changes_nothing_and_is_explained(
    ben: Member, acme: Workspace, name: str, given: dict[str, str]
) -> None:
    ticket = TicketFactory(workspace=acme)
    before = Event.objects.filter(workspace=acme).count()
    answer = ben.signed_in().post(
        f"{LIST}/{ticket.number}/{name}", given, headers={"HX-Request": "true", "HX-Target": "ticket"}
    )
    assert answer.status_code == 422
    assert "toast--bad" in answer.content.decode()
    assert Event.objects.filter(workspace=acme).count() == before


def test_viewers_read_and_strangers_find_nothing(vic: Member, cleo: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, subject="For reading")
    viewer, stranger = vic.signed_in(), cleo.signed_in()
    page = viewer.get(f"{LIST}/{ticket.number}")
    assert page.status_code == 200
    assert "<form" not in page.content.decode().split('id="ticket"')[1].split("</main>")[0]
    assert viewer.post(f"{LIST}/{ticket.number}/status", {"status": "open"}).status_code == 403
    assert viewer.get(f"{LIST}/new").status_code == 403
    assert viewer.get(f"{LIST}/{ticket.number}/broadcast").status_code == 403
    for path in (LIST, f"{LIST}/board", f"{LIST}/{ticket.number}"):
        assert stranger.get(path).status_code == 404
    assert viewer.get(f"{LIST}/99999").status_code == 404


def test_conversations_are_linked_and_unlinked_and_the_first_is_primary(ben: Member, acme: Workspace) -> None:
    ticket, other = TicketFactory(workspace=acme), TicketFactory(workspace=acme)
    one, two = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    elsewhere = linked(acme, other, 1)[0]
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    for row in (one, two):
        client.post(f"{page}/link", {"conversation": f"#{row.number}"})
    shown = text_of(client.get(page).content)
    assert f"#{one.number}" in shown
    assert "Primary" in shown
    answer = client.post(
        f"{page}/link", {"conversation": str(elsewhere.number)}, headers={"HX-Request": "true", "HX-Target": "ticket"}
    )
    assert "It is linked to another ticket." in text_of(answer.content)
    client.post(f"{page}/links/{one.number}/remove")
    one.refresh_from_db()
    assert one.ticket_id is None
    assert Ticket.all_workspaces.get(pk=ticket.pk).message_count == 1


def test_a_note_is_the_note_of_the_api_too(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme)
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    conversation = linked(acme, ticket, 1)[0]
    client.post(f"{page}/note", {"body": "Look at <b>this</b>"})
    note = Message.all_workspaces.get(conversation=conversation, kind="internal-note")
    assert note.body == "Look at <b>this</b>"
    shown = client.get(page).content.decode()
    assert "Look at &lt;b&gt;this&lt;/b&gt;" in shown


def test_a_ticket_without_a_conversation_has_notes_of_its_own(
    ada: Member, ben: Member, vic: Member, acme: Workspace
) -> None:
    ticket = TicketFactory(workspace=acme)
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    assert "No notes. What your team notes about this ticket appears here." in text_of(
        vic.signed_in().get(page).content
    )
    assert client.post(f"{page}/note", {"body": "Ask <b>finance</b>"}).status_code == 302
    client.post(f"{page}/note", {"body": "Ask <b>finance</b>"})  # a double click
    note = TicketNote.all_workspaces.get()
    shown = client.get(page).content.decode()
    assert "Ask &lt;b&gt;finance&lt;/b&gt;" in shown
    assert "Note added" in shown
    # What is noted later beside a conversation is above it.
    linked(acme, ticket, 1)
    client.post(f"{page}/note", {"body": "Paid"})
    both = client.get(page).content.decode()
    assert both.index("Paid") < both.index("Ask &lt;b&gt;finance")
    # Its author changes it, an admin may delete it, a viewer reads.
    assert ada.signed_in().post(f"{page}/notes/{note.pk}", {"body": "Mine"}).status_code == 403
    assert vic.signed_in().post(f"{page}/notes/{note.pk}/delete").status_code == 403
    assert "Ask &lt;b&gt;finance&lt;/b&gt;" in vic.signed_in().get(page).content.decode()
    assert client.post(f"{page}/notes/{note.pk}", {"body": " "}, headers={"HX-Request": "true"}).status_code == 422
    client.post(f"{page}/notes/{note.pk}", {"body": "Ask legal"})
    assert "Ask legal" in text_of(client.get(page).content)
    other = f"{LIST}/{TicketFactory(workspace=acme).number}"
    assert client.post(f"{other}/notes/{note.pk}/delete").status_code == 404
    assert ada.signed_in().post(f"{page}/notes/{note.pk}/delete").status_code == 302
    assert not TicketNote.all_workspaces.exists()
    assert "Note deleted" in text_of(client.get(page).content)


def test_palette_has_what_changes_the_ticket_of_a_row(ben: Member, vic: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, subject="Late parcels", tag_names=["vip"], status="new")
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    assert vic.signed_in().get(f"{page}/commands").status_code == 403
    shown = client.get(f"{page}/commands").content.decode()
    for command in ("done", "assign-me"):
        assert f'data-command="{command}"' in shown
    for menu in ("assign", "snooze", "priority", "tags"):
        assert f'data-menu="{menu}"' in shown
    assert "Remove vip" in text_of(shown.encode())
    when = re.search(r'name="when"\s+value="([^"]+)"', shown)
    assert when
    client.post(f"{page}/snooze", {"when": html.unescape(when[1])})
    ticket.refresh_from_db()
    assert ticket.snoozed_until is not None
    assert 'data-command="snooze"' in client.get(f"{page}/commands").content.decode()


def test_tickets_are_found_by_their_own_notes(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, subject="Late parcels")
    TicketFactory(workspace=acme, subject="Broken lamp")
    ticket_actions.add_note(ticket=ticket, body="The customs office holds it", by=ben.actor, at=clock.now())
    shown = text_of(ben.signed_in().get(f"{LIST}?q=customs+office").content)
    assert "Late parcels" in shown
    assert "Broken lamp" not in shown


def test_a_ticket_is_opened_with_a_conversation_or_without(ben: Member, acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    client = ben.signed_in()
    answer = client.post(
        f"{LIST}/new", {"subject": "Fix it", "conversation": f"#{conversation.number}", "owner": f"user-{ben.user.pk}"}
    )
    assert answer.status_code == 302
    conversation.refresh_from_db()
    ticket = Ticket.all_workspaces.get(pk=conversation.ticket_id)
    assert (ticket.subject, ticket.assignee_id) == ("Fix it", ben.user.pk)
    assert answer["Location"].endswith(f"/tickets/{ticket.number}")
    before = TicketNumbers.all_workspaces.get(workspace=acme).last
    refused = client.post(f"{LIST}/new", {"subject": "Fix it", "conversation": "77777"})
    assert refused.status_code == 422
    assert "There is no conversation with this number." in text_of(refused.content)
    assert TicketNumbers.all_workspaces.get(workspace=acme).last == before
    assert client.post(f"{LIST}/new", {"subject": ""}).status_code == 422


def test_deleting_keeps_the_conversations(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme)
    conversation = linked(acme, ticket, 1)[0]
    assert ben.signed_in().post(f"{LIST}/{ticket.number}/delete").status_code == 302
    assert not Ticket.all_workspaces.filter(pk=ticket.pk).exists()
    conversation.refresh_from_db()
    assert conversation.ticket_id is None


# --- The reply to all ---------------------------------------------------------------------------


def test_reply_to_all_is_previewed_for_each_and_leaves_through_the_outbox(
    ben: Member, acme: Workspace, client: Client
) -> None:
    ticket = TicketFactory(workspace=acme, status="open")
    one, two = linked(acme, ticket)
    agent, page = ben.signed_in(), f"{LIST}/{ticket.number}/broadcast"
    typed = {
        "body": "Hello {{customer.first_name}}, it is fixed.",
        "seen": "1",
        "to": [one.pk, two.pk],
        "then": "resolved",
        "ticket": "resolved",
    }
    preview = agent.post(page, {**typed, "do": "preview"})
    assert preview.status_code == 200
    assert text_of(preview.content).count("it is fixed.") == 3  # what was typed, and both
    assert not Delivery.all_workspaces.exists()
    sent = agent.post(page, {**typed, "do": "send"})
    assert sent.status_code == 302
    waiting = Delivery.all_workspaces.order_by("pk")
    assert [row.conversation_id for row in waiting] == [one.pk, two.pk]
    assert {row.state for row in waiting} == {"scheduled"}
    assert Ticket.all_workspaces.get(pk=ticket.pk).status == "resolved"
    assert "2 replies leave in a moment." in text_of(agent.get(sent["Location"]).content)
    Delivery.all_workspaces.update(send_after=clock.now(), due_at=clock.now())
    outbox.leave_due()
    for row in (one, two):
        row.refresh_from_db()
        assert row.status == "resolved"
        assert Message.all_workspaces.filter(conversation=row, sender_user=ben.user).count() == 1
    assert "Sent" in text_of(agent.get(sent["Location"]).content)


def test_reply_to_all_is_taken_back_before_it_leaves(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme)
    one, two = linked(acme, ticket)
    agent = ben.signed_in()
    page = f"{LIST}/{ticket.number}/broadcast"
    typed = {"body": "Dear {{customer.name}}, fixed.", "seen": "1", "to": [one.pk], "then": "resolved"}
    sent = agent.post(page, {**typed, "do": "send"})
    assert Delivery.all_workspaces.count() == 1
    agent.post(f"{sent['Location']}/undo")
    assert Delivery.all_workspaces.get().state == "cancelled"
    shown = agent.get(sent["Location"])
    assert "Taken back" in text_of(shown.content)
    again = re.search(r'href="([^"]+again=[0-9]+)"', shown.content.decode())
    assert again is not None
    # The form has it as it was typed, for those to whom it has not gone.
    form = agent.get(again.group(1)).content.decode()
    assert "Dear {{customer.name}}, fixed.</textarea>" in form
    assert re.findall(r'value="([^"]*)" checked', form) == ["resolved", str(one.pk)]
    assert "Dear " not in ben.signed_in().get(again.group(1)).content.decode(), "it is kept for the one who typed it"
    assert not Message.all_workspaces.filter(conversation=two, sender_user=ben.user).exists()


def test_reply_to_all_needs_words_recipients_and_known_placeholders(ben: Member, acme: Workspace) -> None:
    ticket, other = TicketFactory(workspace=acme), TicketFactory(workspace=acme)
    row, strange = linked(acme, ticket, 1)[0], linked(acme, other, 1)[0]
    agent, page = ben.signed_in(), f"{LIST}/{ticket.number}/broadcast"
    for given, text in (
        ({"body": "", "to": [row.pk]}, "This field is required"),
        ({"body": "Hi"}, "Choose at least one conversation."),
        ({"body": "Hi {{customer.wat}}", "to": [row.pk]}, "is not a placeholder"),
        ({"body": "Hi", "to": [strange.pk]}, "Choose at least one conversation."),
    ):
        answer = agent.post(page, {**given, "seen": "1", "do": "send"})
        assert answer.status_code == 422
        assert text in text_of(answer.content)
    assert not Delivery.all_workspaces.exists()


# --- Filters and saved views --------------------------------------------------------------------


def test_filters_narrow_list_and_board_and_are_chips(ben: Member, acme: Workspace) -> None:
    TicketFactory(workspace=acme, subject="Tagged one", tag_names=["vip"], priority="high")
    TicketFactory(workspace=acme, subject="Plain one", assignee=ben.user)
    with tenancy.scope(acme):
        Attribute.objects.create(
            workspace=acme, subject="ticket", key="plan", name="Plan", kind="choice", choices=["Pro"],
            created_at=clock.now(),
        )  # fmt: skip
    Ticket.all_workspaces.filter(subject="Tagged one").update(attributes={"plan": "Pro"})
    client = ben.signed_in()
    for path in (LIST, f"{LIST}/board"):
        for query in ("tag=vip", "priority=high&priority=critical", "assignee=nobody", "attribute.plan=Pro"):
            page = text_of(client.get(f"{path}?{query}").content)
            assert "Tagged one" in page, query
            assert "Plain one" not in page, query
        assert "Plain one" in text_of(client.get(f"{path}?assignee=me&due_after=x&team=y&filter=%7B").content)
    page = client.get(f"{LIST}?status=new&sort=due&tag=vip&owner=nobody&q=one").content
    assert "Remove filter: Tag: vip" in text_of(page)
    assert 'href="/w/acme/tickets?status=new&amp;owner=nobody&amp;q=one&amp;sort=due"' in markup_of(page)
    for headers in ({}, {"HX-Request": "true"}):
        form = client.get(f"{LIST}/filters?tag=vip&q=one&layout=board", headers=headers).content.decode()
        assert 'action="/w/acme/tickets/board"' in form
        assert 'name="q" value="one"' in form
        assert 'name="tag" value="vip" checked' in form
        assert 'name="attribute.plan" value="Pro"' in form
        assert 'name="status"' not in form
    assert client.get(f"{LIST}/filters?tag=%00").status_code in (200, 400)


def test_what_the_list_shows_is_saved_as_a_view_and_opened_again(ben: Member, acme: Workspace) -> None:
    team = TeamFactory(workspace=acme, name="Billing")
    TicketFactory(workspace=acme, subject="Open and tagged", tag_names=["vip"], team=team)
    TicketFactory(workspace=acme, subject="Resolved and tagged", tag_names=["vip"], team=team, status="resolved")
    TicketFactory(workspace=acme, subject="Of nobody", tag_names=["vip"])
    client = ben.signed_in()
    page = client.get(f"{LIST}?tag=vip&owner={team.pk}&sort=due").content
    found = re.search(r'href="([^"]*/settings/views/new[^"]*)"', markup_of(page))
    assert found is not None
    new = found[1].replace("&amp;", "&")
    shown = client.get(new).context
    given = {name: shown["form"][name].value() or "" for name in ("visibility", "sort", "search")}
    given["condition"] = shown["editor"].text
    assert given["sort"] == "due"
    answer = client.post(new, {**given, "name": "Billing VIPs"})
    view = SavedView.all_workspaces.get()
    assert (view.subject, view.name) == ("ticket", "Billing VIPs")
    assert answer["Location"] == f"{LIST}?view=v-{view.short_id}"
    for path in (LIST, f"{LIST}/board"):
        text = text_of(client.get(f"{path}?view=v-{view.short_id}").content)
        assert "Billing VIPs" in text
        assert "Open and tagged" in text
        assert "Resolved and tagged" not in text
        assert "Of nobody" not in text
    narrowed = client.get(f"{LIST}?view=v-{view.short_id}&status=resolved&q=tagged").content
    assert "No tickets found" in text_of(narrowed)
    assert f'name="view" value="v-{view.short_id}"' in narrowed.decode()
    # A view of conversations, and one that nobody has, are no views of tickets.
    assert "Of nobody" in text_of(client.get(f"{LIST}?view=v-nothing").content)


# --- Undo, history, renewal ---------------------------------------------------------------------

ASKED = {"HX-Request": "true", "HX-Target": "ticket"}


def undo_of(page: bytes) -> tuple[str, dict[str, str]]:
    """Where the toast's Undo posts to, and what."""
    toast = markup_of(page).split('class="toast"')[1]
    action = re.search(r'action="([^"]*)"', toast)
    assert action is not None
    fields = re.findall(r'<input type="hidden" name="(\w[\w-]*)" value="([^"]*)"', toast.split("</form>")[0])
    given = {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}
    return action[1], given


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("status", {"status": "resolved"}),
        ("priority", {"priority": "critical"}),
        ("assign", {"owner": ""}),
        ("tags", {"tags": "new"}),
        ("due", {"when": "2027-01-05T10:00"}),
        ("due", {"when": ""}),
        ("snooze", {"when": "2027-01-05T10:00"}),
        ("snooze", {"when": "2027-01-05T10:00:00+09:00"}),  # as the menu posts a time of another zone
        ("due", {"when": "2027-01-05T10:00:00+09:00"}),
        ("subject", {"subject": "New"}),
        ("reason", {"reason": ""}),
        ("attributes", {"attribute-seats": "13"}),
    ],
)
def test_every_field_is_undone_exactly_unless_somebody_else_has_changed_it(
    ben: Member, acme: Workspace, name: str, given: dict[str, str]
) -> None:
    Attribute.all_workspaces.create(
        workspace=acme, subject="ticket", key="seats", name="Seats", kind="number", created_at=clock.now()
    )
    ticket = TicketFactory(
        workspace=acme, subject='A "quoted" & long one', status="open", priority="low", assignee=ben.user,
        tag_names=["a, b", "plain"], sla_due_at=clock.now() + timedelta(days=1, seconds=7), escalation_reason="Why",
    )  # fmt: skip
    Ticket.all_workspaces.filter(pk=ticket.pk).update(attributes={"seats": 12})
    kept = ("status", "priority", "assignee_id", "tags", "sla_due_at", "snoozed_until", "subject", "escalation_reason", "attributes")  # fmt: skip

    def values() -> list[object]:
        return list(Ticket.all_workspaces.values_list(*kept).get(pk=ticket.pk))

    before, client = values(), ben.signed_in()
    answer = client.post(f"{LIST}/{ticket.number}/{name}", given, headers=ASKED)
    assert answer.status_code == 200
    assert values() != before
    path, back = undo_of(answer.content)
    undone = client.post(path, back, headers=ASKED)
    assert undone.status_code == 200
    assert "data-undo" not in undone.content.decode()  # the key goes on to the change before
    assert values() == before
    # Pressed again, there is nothing left to undo.
    late = client.post(path, back, headers=ASKED)
    assert late.status_code == 422
    assert "The ticket has changed since. Nothing was undone." in text_of(late.content)
    assert values() == before


def test_fields_of_a_ticket_are_saved_when_they_are_left_and_by_a_button_without_script(
    ben: Member, acme: Workspace
) -> None:
    Attribute.all_workspaces.create(
        workspace=acme, subject="ticket", key="seats", name="Seats", kind="number", created_at=clock.now()
    )
    ticket = TicketFactory(workspace=acme)
    page = ben.signed_in().get(f"{LIST}/{ticket.number}").content.decode()
    fields = page.split('id="ticket-fields"')[1].split('id="ticket-linked"')[0]
    saving = re.findall(r'action="[^"]*/(\w+)"\s+data-change="at-once"', fields)
    assert saving == ["status", "priority", "assign", "due", "tags", "subject", "reason", "attributes"]
    buttons = re.findall(r'<button class="btn( no-script)?">(?:Save|Set)</button>', fields)
    assert buttons == [" no-script"] * len(saving)


def test_what_changes_nothing_offers_no_undo(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, priority="low", tag_names=["one"])
    client = ben.signed_in()
    for name, given in (("priority", {"priority": "low"}), ("tags", {"tags": "One"}), ("due", {"when": ""})):
        answer = client.post(f"{LIST}/{ticket.number}/{name}", given, headers=ASKED)
        assert "data-undo" not in answer.content.decode(), name


def test_linking_is_undone_too(ben: Member, acme: Workspace) -> None:
    ticket, row = TicketFactory(workspace=acme), ConversationFactory(workspace=acme)
    client = ben.signed_in()
    answer = client.post(f"{LIST}/{ticket.number}/link", {"conversation": str(row.number)}, headers=ASKED)
    path, given = undo_of(answer.content)
    client.post(path, given, headers=ASKED)
    row.refresh_from_db()
    assert row.ticket_id is None
    linked(acme, ticket, 1)
    [other] = Conversation.all_workspaces.filter(ticket=ticket)
    path, given = undo_of(client.post(f"{LIST}/{ticket.number}/links/{other.number}/remove", headers=ASKED).content)
    client.post(path, given, headers=ASKED)
    other.refresh_from_db()
    assert other.ticket_id == ticket.pk


def test_history_shows_what_was_linked_and_unlinked_by_whom(ben: Member, acme: Workspace) -> None:
    ticket, row = TicketFactory(workspace=acme), ConversationFactory(workspace=acme, subject="Late & <b>lost</b>")
    client, page = ben.signed_in(), f"{LIST}/{ticket.number}"
    client.post(f"{page}/link", {"conversation": str(row.number)})
    client.post(f"{page}/links/{row.number}/remove")
    history = markup_of(client.get(page).content).split('id="ticket-history"')[1]
    link = f'<a href="/w/acme/inbox/{row.number}" title="Late &amp; &lt;b&gt;lost&lt;/b&gt;">#{row.number}</a>'
    assert f"Linked <b>{link}</b>" in history
    assert f"Unlinked <b>{link}</b>" in history
    assert "Ben" in history
    # One in the Trash has no page any more.
    Conversation.all_workspaces.filter(pk=row.pk).update(handler="trash", trashed_at=clock.now())
    assert "Linked <b>a conversation</b>" in markup_of(client.get(page).content)


def test_a_card_that_was_moved_meanwhile_stays_where_it_is(ben: Member, acme: Workspace) -> None:
    ticket = TicketFactory(workspace=acme, status="on_hold")
    moved = {"status": "resolved", "expected": "new"}
    answer = ben.signed_in().post(
        f"{LIST}/{ticket.number}/status", moved, headers={"HX-Request": "true", "Desk-Board": "1"}
    )
    assert answer.status_code == 422
    assert "Someone has moved it meanwhile: its status is On hold." in text_of(answer.content)
    ticket.refresh_from_db()
    assert ticket.status == "on_hold"


def test_renewal_keeps_the_rows_that_were_added(ben: Member, acme: Workspace) -> None:
    for n in range(80):
        TicketFactory(workspace=acme, subject=f"T{n}")
    client, asked = ben.signed_in(), {"HX-Request": "true", "HX-Target": "tickets"}

    def count(path: str, sign: str) -> int:
        return client.get(path, headers=asked).content.decode().count(sign)

    assert count(LIST, 'id="ticket-row-') == 50
    assert count(f"{LIST}?rows=70", 'id="ticket-row-') == 70
    assert count(f"{LIST}/board", 'id="card-') == 25
    assert count(f"{LIST}/board?new=60", 'id="card-') == 60
    for strange in ("-1", "99999999999999999999", "x", "301"):
        assert count(f"{LIST}?rows={strange}", 'id="ticket-row-') == 50


def test_list_and_board_lead_to_each_other_with_all_that_was_asked_for(ben: Member, acme: Workspace) -> None:
    TicketFactory(workspace=acme, subject="One", status="open", tag_names=["vip"])
    client = ben.signed_in()
    query = "status=open&amp;owner=nobody&amp;q=One&amp;sort=due&amp;tag=vip"
    for path in (LIST, f"{LIST}/board"):
        for headers in ({}, {"HX-Request": "true", "HX-Target": "tickets"}):
            page = markup_of(client.get(f"{path}?{query.replace('&amp;', '&')}", headers=headers).content)
            for other in (LIST, f"{LIST}/board"):
                assert f'href="{other}?{query}"' in page, (path, headers)
        form = markup_of(client.get(f"{path}?{query.replace('&amp;', '&')}").content).split('class="narrow"')[1]
        assert '<input type="hidden" name="status" value="open">' in form
        assert '<input type="hidden" name="tag" value="vip">' in form
    assert '<input type="hidden" name="sort" value="due">' in form


def test_a_search_counts_no_tabs_and_the_board_asks_as_much_for_one_card_as_for_many(
    ben: Member, acme: Workspace
) -> None:
    client, statements = ben.signed_in(), []
    for more in (1, 19):
        for n in range(more):
            linked(acme, TicketFactory(workspace=acme, subject=f"Late {n}", status="open"), 1)
        client.get(f"{LIST}/board")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{LIST}/board")
        statements.append(len(asked))
    assert statements[0] == statements[1]
    for path in (LIST, f"{LIST}/board"):
        with CaptureQueriesContext(connection) as asked:
            page = text_of(client.get(f"{path}?q=late").content)
        assert not [
            one for one in asked.captured_queries if "count(*) FROM" in one["sql"] and "tickets_ticket" in one["sql"]
        ]
        assert "Late 1" in page
    assert re.search(r"Open 20\b", page)


def test_saved_views_have_counts_and_keys(ben: Member, acme: Workspace) -> None:
    for n in range(3):
        TicketFactory(workspace=acme, subject=f"Late {n}", tag_names=["vip"], status="resolved" if n else "open")
    for name, condition in (("VIPs", {"field": "tag", "is": "vip"}), ("Open", {"field": "status", "is": "open"})):
        actions.create_view(
            workspace=acme, name=name, subject="ticket", visibility="shared", condition=condition,
            by=ben.actor, at=clock.now(),
        )  # fmt: skip
    client = ben.signed_in()
    assert 'data-shortcut="saved-1"' in markup_of(client.get(LIST).content)
    with CaptureQueriesContext(connection) as asked:
        menu = client.get(f"{LIST}/saved?layout=board", headers={"HX-Request": "true"}).content
    assert (
        len([one for one in asked.captured_queries if "count(*) FROM" in one["sql"] and "tickets_ticket" in one["sql"]])
        == 1
    )
    assert "Open 1" in text_of(menu)
    assert "VIPs 3" in text_of(menu)
    assert 'data-shortcut="saved-2"' in markup_of(menu)
    assert 'href="/w/acme/tickets/board?view=' in markup_of(menu)
