"""Every permission that the source asks for has a rule, which the app of its verbs registers, and every rule is asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.permissions import Role, Rule, client_scopes, register, rules, scopes
from conversations.permissions import ConversationScope
from tickets.permissions import TicketScope

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "tickets", "conversations", "config")


def calls(*names: str) -> Iterator[tuple[ast.Call, str]]:
    """Every call in the source of a function or a method of these names, with its file and line."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) in names:
                    yield node, f"{path.relative_to(ROOT)}:{node.lineno}"


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def _verb(call: ast.Call) -> str | None:
    given = call.args[1] if len(call.args) > 1 else None
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def asked() -> set[tuple[str, str]]:
    """Every verb that permission is asked for, with where that is. `MemberAccess.of(request, verb)` keeps it for later."""
    found = {(_verb(call), place) for call, place in calls("permit", "may", "of")}
    return {(verb, place) for verb, place in found if verb is not None}


def test_every_permission_that_is_asked_for_has_a_rule() -> None:
    assert not {(verb, place) for verb, place in asked() if verb not in rules()}


def test_every_rule_is_asked_for() -> None:
    assert rules().keys() == {verb for verb, _ in asked()}


def test_every_verb_names_its_permission_in_plain_text() -> None:
    assert not [place for call, place in calls("permit") if _verb(call) is None]


def test_every_scope_has_a_meaning_and_a_rule() -> None:
    assert list(scopes()) == [*ConversationScope, *TicketScope]
    assert all(scopes().values())
    assert {rule.scope for rule in rules().values() if rule.scope} == set(scopes())


def test_public_keys_hold_scopes_of_conversations_alone() -> None:
    assert client_scopes() == list(ConversationScope)


def test_each_rule_and_each_scope_is_registered_once() -> None:
    with pytest.raises(ValueError, match=r"registered twice: ticket\.open"):
        register({"ticket.open": Rule(Role.OWNER)})
    with pytest.raises(ValueError, match="registered twice: ticket:read"):
        register({}, scopes={TicketScope.READ: "anything"})
    assert rules()["ticket.open"].role == Role.AGENT
