"""Running numbers and exact counts of a workspace, kept in one row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy, writing
from accounts.counters import Counter
from accounts.models import Workspace
from tickets.models import Ticket, TicketNumbers, TicketStatus

TICKETS = Counter(TicketNumbers, last="last", statuses=TicketStatus.values)


@pytest.fixture(autouse=True)
def in_acme(acme: Workspace) -> Iterator[None]:
    with tenancy.scope(acme):
        yield


def row() -> dict[str, int]:
    kept = TicketNumbers.objects.get()
    return {name: getattr(kept, name) for name in ("last", *TicketStatus.values) if getattr(kept, name)}


def test_each_workspace_numbers_its_own_rows(acme: Workspace, globex: Workspace) -> None:
    assert [TICKETS.draw(one.pk, TicketStatus.NEW) for one in (acme, acme, globex, acme)] == [1, 2, 1, 3]


def test_drawing_counts_the_new_row_in_its_status_or_in_none(acme: Workspace) -> None:
    for status in (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.NEW, None):
        TICKETS.draw(acme.pk, status)
    assert row() == {"last": 4, "new": 2, "open": 1}


def test_a_row_gets_its_number_in_the_statement_that_inserts_it(acme: Workspace) -> None:
    TICKETS.draw(acme.pk, TicketStatus.NEW)
    at = clock.now()
    tickets = [Ticket(workspace=acme, subject=name, number=0, created_at=at, updated_at=at) for name in ("A", "B")]
    for ticket in tickets:
        with CaptureQueriesContext(connection) as captured, writing.together():
            TICKETS.number(ticket, "number", TicketStatus.OPEN)
        assert len(captured) == 1
    assert [ticket.number for ticket in tickets] == [2, 3]
    assert list(Ticket.objects.order_by("pk").values_list("subject", "number")) == [("A", 2), ("B", 3)]
    assert row() == {"last": 3, "new": 1, "open": 2}


def test_two_rows_that_wait_together_get_two_numbers(acme: Workspace) -> None:
    at = clock.now()
    tickets = [Ticket(workspace=acme, subject=name, number=0, created_at=at, updated_at=at) for name in ("A", "B")]
    with writing.together():
        for ticket in tickets:
            TICKETS.number(ticket, "number", None)
    assert [ticket.number for ticket in tickets] == [1, 2]
    assert row() == {"last": 2}


def test_many_rows_are_numbered_and_counted_at_once(acme: Workspace) -> None:
    TICKETS.draw(acme.pk, TicketStatus.NEW)
    assert TICKETS.grow(acme.pk, 5, {TicketStatus.NEW: 2, TicketStatus.OPEN: 3}) == 6
    assert row() == {"last": 6, "new": 3, "open": 3}
    with pytest.raises(AssertionError, match="does not count"):
        TICKETS.grow(acme.pk, 1, {"closed": 1})


def test_moving_counts_a_row_out_of_one_status_and_into_another(acme: Workspace) -> None:
    TICKETS.draw(acme.pk, TicketStatus.NEW)
    TICKETS.move(acme.pk, TicketStatus.NEW, TicketStatus.RESOLVED)
    assert row() == {"last": 1, "resolved": 1}
    TICKETS.move(acme.pk, TicketStatus.RESOLVED, None)
    assert row() == {"last": 1}
    TICKETS.move(acme.pk, None, TicketStatus.OPEN)
    assert row() == {"last": 1, "open": 1}


def test_holding_makes_a_row_and_changes_nothing(acme: Workspace) -> None:
    TICKETS.hold(acme.pk)
    assert row() == {}
    TICKETS.draw(acme.pk, TicketStatus.NEW)
    TICKETS.hold(acme.pk)
    assert row() == {"last": 1, "new": 1}


@pytest.mark.parametrize("status", ["", "last", "workspace_id", "new = 5, last"])
def test_what_is_no_status_is_counted_nowhere(acme: Workspace, status: str) -> None:
    with pytest.raises(AssertionError, match="does not count"), transaction.atomic():
        TICKETS.draw(acme.pk, status)
    assert not TicketNumbers.objects.exists()
