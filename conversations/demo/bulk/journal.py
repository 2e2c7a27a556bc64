"""Lines of the journal, as the verbs would have recorded them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from accounts.journal import EventType
from accounts.permissions import ActorKind
from conversations import events
from conversations.demo.bulk.copytext import NULL, isoformat, moment
from conversations.demo.bulk.plan import Place
from conversations.demo.bulk.threads import Standing, Thread
from tickets import events as ticket_events

COLUMNS: Final = (
    "id", "workspace_id", "type", "actor_kind", "actor_id", "subject_type", "subject_id", "data", "depth", "at",
)  # fmt: skip
SYSTEM: Final = f"{ActorKind.SYSTEM}\t{NULL}"


def member(user_id: int) -> str:
    """A member as the one who did it."""
    return f"{ActorKind.MEMBER}\t{user_id}"


class Journal:
    """The events of one piece of work; their ids are in the order of their moments."""

    def __init__(self, place: Place) -> None:
        self._workspace = place.workspace_id
        self._lines: list[tuple[int, str]] = []

    def rows(self, first_id: int) -> list[str]:
        """Rows of COPY."""
        self._lines.sort(key=lambda line: line[0])
        return [f"{first_id + n}\t{line}" for n, (_, line) in enumerate(self._lines)]

    def note(self, kind: EventType, subject_id: int, at: int, data: str = "{}", by: str = SYSTEM) -> None:
        """Add one line."""
        self._lines.append((
            at,
            f"{self._workspace}\t{kind.name}\t{by}\t{kind.subject}\t{subject_id}\t{data}\t0\t{moment(at)}",
        ))  # fmt: skip

    def contact_created(self, contact_id: int, at: int) -> None:
        self.note(events.CONTACT_CREATED, contact_id, at)

    def started(self, conversation_id: int, channel: str, message_id: int, at: int, by: str) -> None:
        data = f'{{"channel": "{channel}", "message_id": {message_id}}}'
        self.note(events.CONVERSATION_STARTED, conversation_id, at, data, by)

    def assigned(self, conversation_id: int, user_id: int | None, team_id: int | None, at: int, by: str) -> None:
        to = "null" if user_id is None else user_id
        team = "null" if team_id is None else team_id
        data = f'{{"assignee_id": {to}, "team_id": {team}, "previous_assignee_id": null, "previous_team_id": null}}'
        self.note(events.CONVERSATION_ASSIGNED, conversation_id, at, data, by)

    def status_changes(
        self, conversation_id: int, thread: Thread, times: Sequence[int], ids: Sequence[int], by: str
    ) -> None:
        for entry, before, after in thread.changes:
            data = (
                f'{{"status": "{after.status}", "previous": "{before.status}", "message_id": {ids[entry]}, '
                f'"before": {_standing(before, times)}, "after": {_standing(after, times)}}}'
            )
            self.note(events.CONVERSATION_STATUS_CHANGED, conversation_id, times[entry], data, by)

    def snoozed(
        self, conversation_id: int, until: int, standing: Standing, times: Sequence[int], at: int, by: str
    ) -> None:
        data = (
            f'{{"until": "{isoformat(until)}", "before": {_standing(standing, times)}, '
            f'"after": {_standing(standing, times, until)}}}'
        )
        self.note(events.CONVERSATION_SNOOZED, conversation_id, at, data, by)

    def linked(self, conversation_id: int, ticket_id: int, message_count: int, at: int, by: str) -> None:
        """A conversation was linked, and its ticket's counts made anew."""
        counted = f'{{"message_count": {message_count}, "linked_id": {conversation_id}}}'
        self.note(ticket_events.TICKET_RECOUNTED, ticket_id, at, counted, by)
        self.note(events.CONVERSATION_LINKED, conversation_id, at, f'{{"ticket_id": {ticket_id}}}', by)

    def ticket_opened(self, ticket_id: int, priority: str | None, at: int, by: str) -> None:
        stated = "null" if priority is None else f'"{priority}"'
        self.note(ticket_events.TICKET_OPENED, ticket_id, at, f'{{"status": "new", "priority": {stated}}}', by)

    def ticket_moved(self, ticket_id: int, status: str, at: int, by: str) -> None:
        self.note(
            ticket_events.TICKET_STATUS_CHANGED, ticket_id, at, f'{{"status": "{status}", "previous": "new"}}', by
        )

    def ticket_snoozed(self, ticket_id: int, until: int, at: int, by: str) -> None:
        self.note(ticket_events.TICKET_SNOOZED, ticket_id, at, f'{{"until": "{isoformat(until)}"}}', by)


def _standing(standing: Standing, times: Sequence[int], snoozed_until: int | None = None) -> str:
    until = "null" if snoozed_until is None else f'"{isoformat(snoozed_until)}"'
    closed = "null" if standing.closed < 0 else f'"{isoformat(times[standing.closed])}"'
    return (
        f'{{"status": "{standing.status}", "snoozed_until": {until}, '
        f'"waiting_since": "{isoformat(times[standing.waiting])}", "closed_at": {closed}, '
        f'"unread_count": {standing.unread}, "message_count": {standing.count}}}'
    )
