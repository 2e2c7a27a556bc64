"""Who may do what: the whole table, as people would say it."""

from __future__ import annotations

import pytest

from accounts.errors import Forbidden, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind, Role, holds_scope, may, permit, rules, scopes
from conversations.permissions import ConversationScope
from tickets.permissions import TicketScope

BY_VIEWER = {"conversation.read", "knowledge.read", "ticket.read"}
BY_ADMIN = {
    "workspace.update", "workspace.rotate_identity_secret", "member.invite", "member.change_role", "member.remove",
    "team.write", "api_key.create", "api_key.revoke",
}  # fmt: skip


MEMBERS_MAY = [verb for verb, rule in rules().items() if rule.role is not None]


def operator(role: Role) -> Actor:
    return Actor(kind=ActorKind.MEMBER, workspace_id=1, id=7, role=role)


def key(*scopes: str) -> Actor:
    return Actor(kind=ActorKind.API_KEY, workspace_id=1, id=9, scopes=frozenset(scopes))


@pytest.mark.parametrize("verb", MEMBERS_MAY)
def test_each_role_includes_the_ones_below_it(verb: str) -> None:
    allowed = [may(operator(role), verb) for role in (Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER)]
    assert allowed == sorted(allowed)
    assert allowed[-1]


def test_viewers_read_and_change_nothing() -> None:
    assert {verb for verb in rules() if may(operator(Role.VIEWER), verb)} >= BY_VIEWER
    assert not any(
        may(operator(Role.VIEWER), verb)
        for verb in rules()
        if verb.split(".")[1] in {"reply", "update", "assign", "write", "mark_read"}
    )


def test_reading_scopes_and_viewers_mark_nothing_as_read() -> None:
    for verb in ("conversation.mark_read", "ticket.mark_read"):
        assert not may(operator(Role.VIEWER), verb)
        assert not may(key(ConversationScope.READ, TicketScope.READ), verb)


def test_people_keys_and_the_workspace_are_for_admins() -> None:
    for verb in BY_ADMIN:
        assert not may(operator(Role.AGENT), verb), verb
        assert may(operator(Role.ADMIN), verb), verb


@pytest.mark.parametrize("verb", ["member.add", "person.create", "person.deactivate", "person.set_superuser"])
def test_no_role_runs_the_installation(verb: str) -> None:
    for actor in (operator(Role.OWNER), key(*scopes()), Actor(kind=ActorKind.ASSISTANT, workspace_id=1)):
        assert not may(actor, verb)
        with pytest.raises(Forbidden):
            permit(actor, verb)
    permit(Actor.installation(), verb)


def test_no_key_runs_the_workspace_whatever_its_scopes() -> None:
    everything = key(*scopes())
    assert not any(may(everything, verb) for verb in BY_ADMIN)


@pytest.mark.parametrize("verb", [verb for verb, rule in rules().items() if rule.scope is not None])
def test_key_without_the_scope_is_refused_with_its_name(verb: str) -> None:
    wanted = rules()[verb].scope
    assert wanted is not None
    assert may(key(wanted), verb)
    with pytest.raises(Forbidden) as refused:
        permit(key(), verb)
    assert refused.value.scope == wanted.value
    assert wanted.value in refused.value.message


def test_write_satisfies_read_and_nothing_else_does() -> None:
    assert holds_scope(frozenset({"conversation:write"}), ConversationScope.READ)
    assert not holds_scope(frozenset({"conversation:read"}), ConversationScope.WRITE)
    assert not holds_scope(frozenset({"ticket:write"}), ConversationScope.READ)


def test_customer_starts_reads_and_writes_and_does_nothing_else() -> None:
    customer = Actor(kind=ActorKind.CONTACT, workspace_id=1, id=3)
    for verb in ("conversation.start", "conversation.read", "conversation.receive"):
        assert may(customer, verb)
    assert not any(
        may(customer, verb)
        for verb in rules()
        if verb.split(".")[0] in {"ticket", "api_key", "member", "workspace", "team"}
    )
    assert not may(customer, "conversation.note")


def test_operator_without_a_role_may_do_nothing() -> None:
    nobody = Actor(kind=ActorKind.MEMBER, workspace_id=1, id=7)
    assert not any(may(nobody, verb) for verb in rules())


def test_row_of_another_workspace_is_missing_even_for_the_desk_itself() -> None:
    row = Workspace(pk=2)
    row.workspace_id = 2  # type: ignore[attr-defined]
    for actor in (operator(Role.OWNER), key(*scopes()), Actor.system(1)):
        with pytest.raises(NotFound):
            permit(actor, "conversation.read", row)  # type: ignore[arg-type]


def test_verb_that_the_table_does_not_name_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        permit(Actor(kind=ActorKind.MEMBER, workspace_id=1, id=7, role=Role.OWNER), "conversation.explode")
