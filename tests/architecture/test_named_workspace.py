"""Every statement names the workspace of the rows that it reaches: what counts as that. Every test of the desk keeps it (conftest)."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.db import connection

from accounts import tenancy
from accounts.models import Workspace
from conversations.models import Conversation, Message
from tests import named_workspace
from tests.factories import ConversationFactory, reply
from tests.named_workspace import without_workspace

TABLES = {
    "C": "conversations_conversation", "M": "conversations_message", "T": "tickets_ticket", "F": "conversations_assistantframe",
    "W": "accounts_workspace", "E": "accounts_event",
}  # fmt: skip


def tables(statement: str) -> list[str]:
    """The aliases that a statement does not hold; its tables by one letter, as in TABLES."""
    words = [f'"{TABLES[word]}" {word}' if word in TABLES else word for word in statement.split(" ")]
    return [table.split()[1] for table in without_workspace(" ".join(words))]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM C WHERE C.workspace_id = %s AND C.status = %s",
        "SELECT 1 FROM C WHERE (C.workspace_id IN (%s, %s) AND NOT (C.status = %s))",
        "SELECT 1 FROM C WHERE C.id = %s",
        "SELECT 1 FROM C WHERE C.id IN (SELECT U0.conversation_id FROM conversations_message U0 WHERE U0.workspace_id = %s)",
        "SELECT 1 FROM C WHERE (C.id = %s OR C.workspace_id = %s)",
        "SELECT 1 FROM M INNER JOIN C ON (M.conversation_id = C.id) WHERE M.workspace_id = %s",
        "SELECT 1 FROM C INNER JOIN M ON (M.workspace_id = C.workspace_id AND M.conversation_id = C.id) WHERE C.workspace_id = %s",
        "SELECT 1 FROM C LEFT OUTER JOIN T ON (C.ticket_id = T.id) WHERE C.workspace_id = %s",
        "SELECT 1 FROM F WHERE F.run_id = %s AND F.sequence = %s",
        "SELECT 1 FROM E WHERE E.workspace_id IS NULL",
        "SELECT EXISTS(SELECT 1 FROM M WHERE M.workspace_id = C.workspace_id) FROM C WHERE C.id = %s",
        "UPDATE C SET status = %s WHERE C.workspace_id = %s",
        "DELETE FROM M WHERE M.id IN (%s)",
        "SELECT COUNT(*) FROM (SELECT 1 FROM C WHERE C.workspace_id = %s LIMIT 9) subquery",
        "SELECT 1 FROM W",
        "INSERT INTO C (workspace_id) VALUES (%s)",
    ],
)
def test_statement_that_names_the_workspace_or_a_key_is_well(statement: str) -> None:
    assert tables(statement) == []


@pytest.mark.parametrize(
    ("statement", "free"),
    [
        ("SELECT 1 FROM C", ["C"]),
        ("SELECT 1 FROM C WHERE C.ticket_id = %s", ["C"]),
        ("SELECT 1 FROM C WHERE NOT (C.workspace_id = %s)", ["C"]),
        ("SELECT 1 FROM C WHERE (C.workspace_id = %s OR C.status = %s)", ["C"]),
        ("SELECT 1 FROM C WHERE C.workspace_id > %s", ["C"]),
        ("SELECT 1 FROM C WHERE C.id = C.number", ["C"]),
        ("SELECT 1 FROM C INNER JOIN W ON (C.workspace_id = W.id)", ["C"]),
        ("SELECT 1 FROM C LEFT OUTER JOIN T ON (C.ticket_id = T.id AND C.workspace_id = %s)", ["C", "T"]),
        ("SELECT 1 FROM C LEFT OUTER JOIN M ON (C.id = M.conversation_id) WHERE C.workspace_id = %s", ["M"]),
        (
            "SELECT 1 FROM C WHERE C.workspace_id = %s AND C.id IN (SELECT M.conversation_id FROM M WHERE M.kind = %s)",
            ["M"],
        ),
        ("SELECT 1 FROM F WHERE F.sequence = %s", ["F"]),
        ("UPDATE C SET workspace_id = %s WHERE C.contact_id = %s", ["C"]),
        ("DELETE FROM M WHERE M.conversation_id IN (%s)", ["M"]),
        ("(SELECT C.id FROM C WHERE C.workspace_id = %s) UNION ALL (SELECT M.id FROM M WHERE M.kind = %s)", ["M"]),
        ("SELECT COUNT(*) FROM (SELECT 1 FROM C LIMIT 9) subquery", ["C"]),
    ],
)
def test_statement_that_reads_across_workspaces_is_found(statement: str, free: list[str]) -> None:
    assert tables(statement) == free


def test_statement_of_the_desk_is_found_and_one_of_a_test_is_not(acme: Workspace) -> None:
    by_hand: dict[str, Any] = {"__name__": "conversations.somewhere"}
    exec("def look(rows): return list(rows)", by_hand)
    assert list(Conversation.all_workspaces.all()) == []
    assert named_workspace.found == []
    by_hand["look"](Conversation.all_workspaces.all())
    assert [(one.tables, one.sender) for one in named_workspace.found] == [
        (("conversations_conversation conversations_conversation",), "conversations.somewhere:look")
    ]
    named_workspace.found.clear()


@pytest.mark.parametrize("name", named_workspace.SPANS)
def test_function_that_spans_workspaces_is_there(name: str) -> None:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    assert callable(found)


def test_row_in_a_filter_names_its_workspace(in_acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=in_acme)
    message = reply(conversation)
    for rows in (
        Message.all_workspaces.filter(conversation=conversation),
        Message.all_workspaces.filter(conversation__in=[conversation]),
        Message.all_workspaces.exclude(conversation=conversation),
        conversation.messages.all(),
        message.attachments.all(),
    ):
        assert '"workspace_id" = ' in str(rows.query), rows.query


def test_workspace_is_named_once(in_acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=in_acme)
    assert str(Message.objects.filter(conversation=conversation).query).count('."workspace_id" = ') == 1


def test_prefetched_rows_and_deletions_name_the_workspaces(acme: Workspace, globex: Workspace) -> None:
    rows = [ConversationFactory(workspace=workspace) for workspace in (acme, globex)]
    with connection.execute_wrapper(_only_with_workspace):
        found = list(Conversation.all_workspaces.filter(pk__in=[row.pk for row in rows]).prefetch_related("messages"))
        assert [len(row.messages.all()) for row in found] == [1, 1]
        with tenancy.scope(acme):
            reply(rows[0]).delete()
    assert Message.all_workspaces.count() == 2


def _only_with_workspace(execute: Any, statement: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    assert without_workspace(statement) == (), statement
    return execute(statement, params, many, context)
