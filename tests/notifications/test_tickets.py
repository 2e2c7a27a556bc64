"""Members whom a ticket's own notes mention, and the earlier texts of these notes."""

from __future__ import annotations

import pytest

from accounts import journal, tenancy
from accounts.errors import Forbidden
from accounts.models import Event, Workspace
from accounts.permissions import Role, Visibility
from conversations import actions
from conversations.models import Notification
from conversations.notifications import sentences
from tests.conftest import Member, member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ConversationFactory, TeamFactory, TicketFactory
from tests.inbox.conftest import text_of
from tests.notifications.conftest import wants
from tickets.models import Ticket, TicketNote, TicketNoteVersion

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return TicketFactory(workspace=acme, subject="Late  parcels")


def note(ticket: Ticket, body: str, by: Member, minute: int = 1) -> TicketNote:
    written, is_new = actions.note_on_ticket(ticket=ticket, body=body, by=by.actor, at=minutes(minute))
    assert is_new
    assert isinstance(written, TicketNote)
    return written


def of(member: Member) -> list[tuple[str, int | None, int]]:
    journal.drain()
    rows = Notification.objects.filter(user=member.user, read_at=None).select_related("ticket").order_by("pk")
    return [(row.kind, row.ticket.number if row.ticket else None, row.count) for row in rows]


def test_member_mentioned_in_a_tickets_own_note_is_notified_once(ticket: Ticket, ada: Member, ben: Member) -> None:
    written = note(ticket, f"@{ben.user.name} and @{ada.user.name}, look", ada)
    assert of(ben) == [("mentioned", ticket.number, 1)]
    assert of(ada) == []
    [line] = Event.objects.filter(type="ticket.mentioned")
    assert line.data == {"user_id": ben.user.pk, "note_id": written.pk}
    row = Notification.objects.select_related("actor", "ticket").get()
    assert sentences.title(row) == f"{ada.user.name} mentioned you in ticket {ticket.number}"
    assert sentences.path(row) == f"/w/acme/tickets/{ticket.number}"
    assert sentences.subject(row) == "Late parcels"
    # Edited, it notifies whom it mentions now; who was mentioned before is not notified again.
    actions.edit_note_of_ticket(note=written, body=f"@{ben.user.name}, look again", by=ada.actor, at=minutes(2))
    assert of(ben) == [("mentioned", ticket.number, 1)]
    note(ticket, f"@{ben.user.name} please", ada, 3)
    assert of(ben) == [("mentioned", ticket.number, 2)]
    with nothing_changes():
        journal.drain()


def test_an_edit_and_a_team_mention_others(acme: Workspace, ticket: Ticket, ada: Member, ben: Member) -> None:
    noor = member(acme, "Noor Haddad", Role.AGENT)
    TeamFactory(workspace=acme, name="Night shift", members=[noor.user, ben.user])
    written = note(ticket, "Nobody yet", ada)
    assert of(noor) == []
    actions.edit_note_of_ticket(note=written, body="@Night shift: yours", by=ada.actor, at=minutes(2))
    assert of(noor) == of(ben) == [("mentioned", ticket.number, 1)]


def test_what_a_member_has_switched_off_or_does_not_see_is_not_notified(
    acme: Workspace, ticket: Ticket, ada: Member, ben: Member
) -> None:
    noor = member(acme, "Noor Haddad", Role.AGENT)
    noor.membership.visibility = Visibility.TEAMS
    noor.membership.save()
    wants(ben, mentioned=())
    note(ticket, f"@{ben.user.name} @Noor Haddad", ada)
    assert of(ben) == of(noor) == []
    Ticket.objects.filter(pk=ticket.pk).update(assignee=noor.user)
    note(ticket, "@Noor Haddad it is yours", ada, 2)
    assert of(noor) == [("mentioned", ticket.number, 1)]
    # Taken away, it is in nobody's list who does not see the ticket.
    Ticket.objects.filter(pk=ticket.pk).update(assignee=ada.user)
    with tenancy.scope(acme, noor.membership.viewer):
        assert not Notification.objects.filter(user=noor.user).exists()


def test_a_note_beside_a_conversation_is_notified_as_of_that(
    acme: Workspace, ticket: Ticket, ada: Member, ben: Member
) -> None:
    talk = ConversationFactory(workspace=acme, at=MORNING)
    actions.link(conversation=talk, ticket=ticket, by=ada.actor, at=minutes(1))
    actions.note_on_ticket(ticket=ticket, body=f"@{ben.user.name}", by=ada.actor, at=minutes(2))
    journal.drain()
    [row] = Notification.objects.filter(user=ben.user)
    assert (row.conversation_id, row.ticket_id) == (talk.pk, None)


def test_the_page_offers_colleagues_and_its_visit_is_the_reading(
    ticket: Ticket, ada: Member, ben: Member, vic: Member
) -> None:
    note(ticket, f"@{ben.user.name}", ada)
    journal.drain()
    client, url = ben.signed_in(), f"/w/acme/tickets/{ticket.number}"
    page = client.get(url).content.decode()
    assert f'data-mentions="{url}/mentions"' in page
    assert 'data-notified="/w/acme/notifications/read"' in page
    assert ada.user.name in [one["text"] for one in client.get(f"{url}/mentions").json()]
    assert vic.signed_in().get(f"{url}/mentions").status_code == 403
    shown = text_of(client.get("/w/acme/notifications").content)
    assert f"mentioned you in ticket {ticket.number}" in shown
    assert "Late parcels" in shown
    client.post("/w/acme/notifications/read", {"ticket": str(ticket.pk)})
    assert of(ben) == []
    assert "data-notified" not in client.get(url).content.decode()
    ticket.delete()
    assert not Notification.objects.exists()


def test_an_edited_note_keeps_its_versions_for_owners_and_admins(ticket: Ticket, ada: Member, ben: Member) -> None:
    written = note(ticket, "First text", ben)
    for minute, body in enumerate(("Second text", "Third text"), 2):
        actions.edit_note_of_ticket(note=written, body=body, by=ben.actor, at=minutes(minute))
    with nothing_changes():
        actions.edit_note_of_ticket(note=written, body="Third text", by=ben.actor, at=minutes(9))
    with refused(Forbidden):
        actions.edit_note_of_ticket(note=written, body="Not mine", by=ada.actor, at=minutes(9))
    kept = TicketNoteVersion.objects.order_by("pk").values_list("body", "replaced_by", "replaced_at")
    assert [*kept] == [("First text", ben.user.pk, minutes(2)), ("Second text", ben.user.pk, minutes(3))]
    url = f"/w/acme/tickets/{ticket.number}"
    seen = text_of(ada.signed_in().get(url).content)
    assert (
        seen.index("Third text") < seen.index("Earlier versions") < seen.index("Second text") < seen.index("First text")
    )
    assert "First text" not in text_of(ben.signed_in().get(url).content)
    ada.signed_in().post(f"{url}/notes/{written.pk}/delete")
    assert not TicketNoteVersion.objects.exists()
