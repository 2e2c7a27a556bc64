"""The names of event data: what the version before wrote has the new ones too, beside its own."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Event, Workspace

EARLIER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("reply.sent", {"message": 7, "status": "pending"}, {"message_id": 7}),
    (
        "conversation.assigned",
        {"to": 5, "team": None, "previous": 4},
        {"assignee_id": 5, "team_id": None, "previous_assignee_id": 4},
    ),
    ("ticket.assigned", {"to": None, "team": 3}, {"assignee_id": None, "team_id": 3}),
    ("conversation.status_changed", {"status": "open", "previous": "closed", "message": 7}, {"message_id": 7}),
    ("assistant.handed_over", {"call": "asked", "ticket": 2}, {"ticket_id": 2}),
    ("assistant.queue_changed", {"removed": 2}, {"removed_count": 2}),
    ("ticket.broadcast", {"messages": [7, 8]}, {"message_ids": [7, 8]}),
    ("ticket.recounted", {"messages": 8}, {"message_count": 8}),
    ("member.removed", {"user": 5, "tickets": 2}, {"user_id": 5, "unassigned": {"tickets": 2}}),
    ("member.removed", {"user": 5}, {"user_id": 5}),
    ("person.deactivated", {"conversations": 1}, {"unassigned": {"conversations": 1}}),
    ("conversation.tagged", {"added": ["a"], "removed": ["b"]}, {}),
    ("ticket.status_changed", {"status": "open", "previous": "new"}, {}),
    ("reply.sent", {"message_id": 7, "status": "pending"}, {}),
    ("team.created", {}, {}),
]


def write(workspace: Workspace, kind: str, data: dict[str, Any]) -> int:
    """A row as a process of any version writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_event (workspace_id, type, actor_kind, subject_type, subject_id, data, depth, at) "
            "VALUES (%s, %s, 'system', 'conversation', 1, %s, 0, now()) RETURNING id",
            [workspace.pk, kind, json.dumps(data)],
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(("kind", "data", "names"), EARLIER)
def test_event_of_a_process_of_the_version_before_has_the_new_names_beside_its_own(
    acme: Workspace, kind: str, data: dict[str, Any], names: dict[str, Any]
) -> None:
    event = Event.objects.get(pk=write(acme, kind, data))
    assert event.data == {**data, **names}


def test_earlier_events_are_given_the_new_names_once_and_the_others_are_left_alone(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = importlib.import_module("accounts.migrations.0015_name_data_of_earlier_events")
    monkeypatch.setattr(migration, "BATCH", 4)
    rows = {write(acme, kind, {}): (kind, data, names) for kind, data, names in EARLIER}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL parley.purge = 'on'")
        for pk, (_, data, _) in rows.items():
            cursor.execute("UPDATE accounts_event SET data = %s WHERE id = %s", [json.dumps(data), pk])
        cursor.execute("SET LOCAL parley.purge = ''")
    for _ in range(2):
        with connection.schema_editor() as editor:
            migration.fill(None, editor)
        kept = dict(Event.objects.filter(pk__in=rows).values_list("pk", "data"))
        assert kept == {pk: {**data, **names} for pk, (_, data, names) in rows.items()}


def test_journal_is_append_only_again_after_the_names_are_given(acme: Workspace) -> None:
    migration = importlib.import_module("accounts.migrations.0015_name_data_of_earlier_events")
    with connection.schema_editor() as editor:
        migration.fill(None, editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('parley.purge', true)")
        assert cursor.fetchone()[0] != "on"
