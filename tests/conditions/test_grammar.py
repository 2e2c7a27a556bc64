"""What JSON is a condition, what is wrong with other JSON and where, and how a condition reads."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import Invalid
from accounts.models import Workspace
from conversations import conditions
from tests.conditions import odd_rows as odd
from tests.conftest import Member
from tests.factories import TeamFactory
from tickets import tags

FAULTS: list[tuple[Any, str | None, str]] = [
    ([], None, "not_an_object"),
    ("open", None, "not_an_object"),
    ({"all": {}}, "all", "wrong_value"),
    ({"all": [{"field": "status", "is": "open"}, 3]}, "all[1]", "not_an_object"),
    ({"every": []}, "every", "unknown_field"),
    ({"field": "nothing", "is": 1}, "field", "unknown_field"),
    ({"field": {"a": 1}, "is": 1}, "field", "unknown_field"),
    ({"field": "status"}, None, "unknown_operator"),
    ({"field": "status", "is": "open", "in": ["open"]}, None, "unknown_operator"),
    ({"field": "status", "contains": "open"}, "contains", "unknown_operator"),
    ({"all": [{"any": []}, {"none": [{"field": "status", "is": "done"}]}]}, "all[1].none[0].is", "wrong_value"),
    ({"field": "status", "in": []}, "in", "wrong_value"),
    ({"field": "status", "in": ["open"] * 21}, "in", "wrong_value"),
    ({"field": "assignee", "is": 0}, "is", "wrong_value"),
    ({"field": "assignee", "is": True}, "is", "wrong_value"),
    ({"field": "assignee", "is": "mine"}, "is", "wrong_value"),
    ({"field": "assignee", "is": 2**63}, "is", "wrong_value"),
    ({"field": "tag", "is": "  "}, "is", "wrong_value"),
    ({"field": "tag", "is": "x" * 101}, "is", "wrong_value"),
    ({"field": "subject", "contains": "a\x00b"}, "contains", "wrong_value"),
    ({"field": "subject", "contains": "x" * 501}, "contains", "wrong_value"),
    ({"field": "subject", "contains": "\ud800"}, "contains", "wrong_value"),
    ({"field": "created", "before": "2026-02-30"}, "before", "wrong_value"),
    ({"field": "created", "before": "0001-01-01"}, "before", "wrong_value"),
    ({"field": "created", "before": "9999-12-31"}, "before", "wrong_value"),
    ({"field": "created", "older_than": "0h"}, "older_than", "wrong_value"),
    ({"field": "created", "older_than": "999999w"}, "older_than", "wrong_value"),
    ({"field": "number", "gt": "1e999999999"}, "gt", "wrong_value"),
    ({"field": "number", "gt": float("nan")}, "gt", "wrong_value"),
    ({"field": "unread", "is": "yes"}, "is", "wrong_value"),
    ({"all": [{"field": "unread", "is": True}] * 51}, "all", "too_many"),
]  # fmt: skip


@pytest.mark.parametrize(("json", "path", "code"), FAULTS)
def test_fault_says_where_it_is(json: Any, path: str | None, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        conditions.parse(json, attributes=())
    assert (refused.value.field, refused.value.code) == (path, code)


def test_conditions_are_neither_too_deep_nor_too_many() -> None:
    deep: Any = {"field": "unread", "is": True}
    for _ in range(500):
        deep = {"all": [deep]}
    with pytest.raises(Invalid) as refused:
        conditions.parse(deep, attributes=())
    assert refused.value.code == "too_deep"
    many = {"any": [{"all": [{"field": "unread", "is": True}] * 20}] * 3}
    with pytest.raises(Invalid) as refused:
        conditions.parse(many, attributes=())
    assert refused.value.code == "too_many"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["all", "any", "none", "field", "is", "in", "before"]) | st.text(), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_condition_or_invalid(json: Any) -> None:
    for subject in conditions.SUBJECTS:
        with suppress(Invalid):
            conditions.parse(json, subject, attributes=())


def test_condition_of_everything_is_empty() -> None:
    for json in ({}, {"all": []}, {"none": []}):
        assert conditions.parse(json).is_empty
        assert conditions.parse(json).as_json() == {}
    assert not conditions.parse({"any": []}).is_empty


def test_attributes_are_fields_by_their_kind(in_acme: Workspace) -> None:
    odd.define_attributes(in_acme)
    assert conditions.parse({"field": "attribute.seats", "gte": 5}).as_json() == {
        "field": "attribute.seats",
        "gte": "5",
    }
    conditions.parse({"field": "contact.attribute.tier", "in": ["gold", "silver"]})
    for json in ({"field": "attribute.tier", "is": "bronze"}, {"field": "attribute.unknown", "is": "x"}):
        with pytest.raises(Invalid):
            conditions.parse(json)
    names = [field.name for field in conditions.fields("contact")]
    assert [name for name in names if "attribute" in name] == [f"attribute.{key}" for key in odd.KINDS]


def test_condition_reads_as_a_sentence(in_acme: Workspace, ada: Member) -> None:
    team = TeamFactory(workspace=in_acme, name="Billing")
    tags.remember(in_acme.pk, ["Refund"], odd.AT)
    json = {
        "all": [
            {"field": "status", "in": ["open", "snoozed"]},
            {"field": "tag", "is": "refund"},
            {"any": [{"field": "assignee", "is": ada.user.pk}, {"field": "team", "is": team.pk}]},
            {"field": "waiting", "older_than": "2h"},
            {"field": "file", "is": False},
            {"none": [{"field": "channel", "is": "email"}]},
        ]
    }
    assert conditions.described(conditions.parse(json)) == (
        "Status is any of Open, Snoozed and Tag is refund and (Assigned to is Ada Duarte or Team is Billing)"
        " and Waiting since more than 2h ago and not: Has a file and none of (Channel is Email)"
    )
    gone = {"all": [{"field": "assignee", "is": 999}, {"field": "team", "is": 999}]}
    assert (
        conditions.described(conditions.parse(gone)) == "Assigned to is a member (removed) and Team is a team (removed)"
    )
    assert conditions.described(conditions.every("ticket")) == ""
