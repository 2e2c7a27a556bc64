"""Who may do each verb of a ticket: a table over members, keys, the customer, the assistant and the desk itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from accounts import tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from tests.conftest import Key, Member
from tests.effects import DESK, MEMBERS, MORNING, actors, is_missing_for, minutes, who_may
from tests.factories import ContactFactory, TeamFactory, TicketFactory
from tickets import actions
from tickets.models import Attribute, Ticket, TicketNote

pytestmark = pytest.mark.usefixtures("in_acme")

WRITERS = {*MEMBERS, *DESK, "ticket:write"}
Verb = Callable[[Ticket, dict[str, Any]], object]
ON_A_TICKET: dict[str, Verb] = {
    "set_status": lambda ticket, how: actions.set_status(ticket=ticket, status="open", **how),
    "snooze": lambda ticket, how: actions.snooze(ticket=ticket, until=minutes(60), **how),
    "unsnooze": lambda ticket, how: actions.unsnooze(ticket=ticket, **how),
    "assign": lambda ticket, how: actions.assign(ticket=ticket, **how),
    "set_priority": lambda ticket, how: actions.set_priority(ticket=ticket, priority="low", **how),
    "set_tags": lambda ticket, how: actions.set_tags(ticket=ticket, names=["vip"], **how),
    "set_attributes": lambda ticket, how: actions.set_attributes(ticket=ticket, values={}, **how),
    "replace_tag": lambda ticket, how: actions.replace_tag(ticket=ticket, name="vip", by_name=None, **how),
    "update": lambda ticket, how: actions.update(ticket=ticket, subject="x", **how),
    "mark_read": lambda ticket, how: actions.mark_read(ticket=ticket, **how),
    "add_note": lambda ticket, how: actions.add_note(ticket=ticket, body="x", **how),
    "edit_note": lambda ticket, how: actions.edit_note(note=_note(ticket), body="x", **how),
    "delete_note": lambda ticket, how: actions.delete_note(note=_note(ticket), **how),
    "delete": lambda ticket, how: actions.delete(ticket=ticket, **how),
}
IN_A_WORKSPACE: dict[str, Verb] = {
    "open_ticket": lambda ticket, how: actions.open_ticket(workspace=ticket.workspace, **how),
    "unassign_member": lambda ticket, how: actions.unassign_member(
        workspace=ticket.workspace, user=ticket.assignee, **how
    ),
    "move_team": lambda ticket, how: actions.move_team(
        workspace=ticket.workspace, team=TeamFactory(workspace=ticket.workspace), to=None, **how
    ),
}
BY_CONVERSATIONS = {"note_message", "recount"}
"""Called by the verbs of conversations, which permit the act itself."""
ELSEWHERE = {
    "set_hours", "erase", "create_attribute", "update_attribute", "archive_attribute", "move_attribute",
}  # fmt: skip
"""Of admins: tested in test_hours.py and tests/customers; attributes below."""


def _note(ticket: Ticket) -> TicketNote:
    """A program's, which is everybody's."""
    return TicketNote.objects.create(workspace=ticket.workspace, ticket=ticket, body="Ask finance")


@pytest.fixture
def ticket(acme: Workspace, ben: Member) -> Ticket:
    return TicketFactory(workspace=acme, assignee=ben.user, at=MORNING)


def test_table_has_every_verb() -> None:
    verbs = {
        name
        for name, function in vars(actions).items()
        if inspect.isfunction(function) and not name.startswith("_") and "by" in inspect.signature(function).parameters
    } - {"permit"}
    assert {*ON_A_TICKET} | {*IN_A_WORKSPACE} | BY_CONVERSATIONS | ELSEWHERE == verbs


@pytest.mark.parametrize("name", [*ON_A_TICKET, *IN_A_WORKSPACE])
def test_verb_is_for_writers_of_tickets(ticket: Ticket, ben: Member, acme_key: Key, name: str) -> None:
    verb = {**ON_A_TICKET, **IN_A_WORKSPACE}[name]
    everyone = actors(ben.actor, Actor.key(acme_key.row), ContactFactory(workspace=ticket.workspace))
    assert who_may(lambda by: verb(ticket, {"by": by, "at": minutes(1)}), everyone) == WRITERS


@pytest.mark.parametrize("name", ON_A_TICKET)
def test_ticket_is_missing_for_a_stranger(ticket: Ticket, cleo: Member, name: str) -> None:
    with tenancy.scope(cleo.membership.workspace):
        is_missing_for(lambda by: ON_A_TICKET[name](ticket, {"by": by, "at": minutes(1)}), cleo.actor)


ON_AN_ATTRIBUTE: dict[str, Callable[[Attribute, dict[str, Any]], object]] = {
    "create_attribute": lambda row, how: actions.create_attribute(
        workspace=row.workspace, subject="ticket", name="Other", kind="text", **how
    ),
    "update_attribute": lambda row, how: actions.update_attribute(attribute=row, name="Plan", **how),
    "archive_attribute": lambda row, how: actions.archive_attribute(attribute=row, **how),
    "move_attribute": lambda row, how: actions.move_attribute(attribute=row, up=True, **how),
}


@pytest.mark.parametrize("name", ON_AN_ATTRIBUTE)
def test_attributes_are_for_owners_and_admins(
    ticket: Ticket, ada: Member, ben: Member, acme_key: Key, name: str
) -> None:
    row = actions.create_attribute(
        workspace=ticket.workspace, subject="ticket", name="Tier", kind="text", by=ada.actor, at=MORNING
    )
    everyone = actors(ben.actor, Actor.key(acme_key.row), ContactFactory(workspace=ticket.workspace))
    assert who_may(lambda by: ON_AN_ATTRIBUTE[name](row, {"by": by, "at": minutes(1)}), everyone) == {
        "owner",
        "admin",
        *DESK,
    }
