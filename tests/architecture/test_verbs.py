"""Every change goes through a verb: it names its actor and its moment, runs in one transaction, and records an event."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from accounts import transaction
from tests.architecture.verbs import MODULES

# Parts that verbs share; they are called inside a verb's transaction and record nothing themselves.
PARTS = {
    "accounts.actions.joining",
    "accounts.actions.validation",
    "conversations.assistant.actions.ledger",
    "conversations.assistant.actions.messages",
    "conversations.assistant.actions.proposing",
    "conversations.assistant.actions.threads",
    "conversations.chat.actions.holding",
    "conversations.channels.email.actions.acknowledging",
    "conversations.channels.email.actions.checking",
    "conversations.channels.email.actions.contents",
    "conversations.channels.email.actions.joining",
    "conversations.channels.email.actions.people",
    "conversations.channels.email.actions.reports",
    "conversations.channels.email.actions.suppressing",
    "conversations.actions.ahead",
    "conversations.actions.aliases",
    "conversations.actions.automatic_mails",
    "conversations.actions.carrying",
    "conversations.actions.checking",
    "conversations.actions.drafted",
    "conversations.actions.entries",
    "conversations.actions.erased",
    "conversations.actions.summaries",
    "conversations.actions.taking_over",
    "conversations.actions.kept_answers",
    "conversations.actions.lifecycle",
    "conversations.actions.locking",
    "conversations.actions.forgetting",
    "conversations.actions.mentioning",
    "conversations.actions.releasing",
    "conversations.actions.tag_mentions",
    "conversations.actions.routing",
    "conversations.actions.senders",
    "conversations.actions.settling",
    "conversations.actions.turns",
    "conversations.actions.triage_back",
    "conversations.actions.turns_back",
    "conversations.actions.ticket_counts",
    "conversations.actions.files",
    "conversations.actions.outgoing",
    "conversations.actions.wishes",
}
AN_ATOMIC_ONE = transaction.atomic(lambda: None)
QUESTIONS = {"clean_origin", "check_priority"}


def public_functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if not name.startswith("_") and function.__module__ == module.__name__ and name not in QUESTIONS:
            yield name, function


VERBS = [
    pytest.param(importlib.import_module(path), name, function, id=f"{path}.{name}")
    for path in MODULES
    if path not in PARTS
    for name, function in public_functions(importlib.import_module(path))
]


@pytest.mark.parametrize(("module", "name", "verb"), VERBS)
def test_verb_takes_its_actor_and_its_moment_by_keyword(
    module: ModuleType, name: str, verb: Callable[..., Any]
) -> None:
    parameters = inspect.signature(verb).parameters
    assert {"by", "at"} <= set(parameters)
    assert all(parameter.kind is not parameter.POSITIONAL_OR_KEYWORD for parameter in parameters.values())


@pytest.mark.parametrize(("module", "name", "verb"), VERBS)
def test_verb_is_one_transaction(module: ModuleType, name: str, verb: Callable[..., Any]) -> None:
    assert verb.__code__ is AN_ATOMIC_ONE.__code__, (
        f"{name} lacks @transaction.atomic of accounts.transaction, outermost"
    )


@pytest.mark.parametrize(("module", "name", "verb"), VERBS)
def test_verb_records_an_event(module: ModuleType, name: str, verb: Callable[..., Any]) -> None:
    assert _records(module, name, set()), f"{name} changes rows and tells nobody"


@pytest.mark.parametrize(("module", "name", "verb"), VERBS)
def test_verb_asks_for_permission(module: ModuleType, name: str, verb: Callable[..., Any]) -> None:
    # `note_message` and `recount` are the conversation verbs' calls into tickets, `create_workspace` has no workspace to
    # ask yet.
    if name in {"note_message", "recount", "create_workspace"}:
        pytest.skip("permitted by its caller")
    assert "permit(" in inspect.getsource(verb), f"{name} permits anyone"


def test_no_lock_keeps_others_from_pointing_at_the_row() -> None:
    """An insert of a row that points at another one takes a shared lock on that at commit, in no order of ours."""
    root = Path(__file__).resolve().parents[2]
    for app in ("accounts", "tickets", "conversations"):
        for source in (root / app).rglob("*.py"):
            for call in re.findall(r"select_for_update\([^)]*\)?[^)]*\)", source.read_text()):
                assert "no_key=True" in call, f"{source}: {call}"


def _records(module: ModuleType, name: str, seen: set[tuple[str, str]]) -> bool:
    """Whether a function records an event: itself, or through another of its module or of another module of verbs."""
    tree = ast.parse(inspect.getsource(module))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if (module.__name__, name) in seen or name not in functions:
        return False
    seen.add((module.__name__, name))
    for call in (node for node in ast.walk(functions[name]) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and _records(module, call.func.id, seen):
            return True
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            if call.func.attr in ("record", "record_each"):
                return True
            called = getattr(getattr(module, call.func.value.id, None), call.func.attr, None)
            home = (
                inspect.getmodule(called) if inspect.isfunction(called) else None
            )  # a package names those of its modules
            if home is not None and home.__name__ in MODULES and _records(home, call.func.attr, seen):
                return True
    return False
