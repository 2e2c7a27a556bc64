"""The filter of a condition finds exactly the rows for which its predicate holds: any condition, on rows that are odd."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Workspace
from conversations import conditions
from conversations.conditions import kinds
from conversations.conditions.context import RELATIVE
from conversations.models import Contact, Conversation
from tests.conditions import odd_rows as odd
from tests.conftest import Member
from tickets.models import Attribute, Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

_SPELLINGS = [str, str.upper, str.lower, lambda text: text[:4], lambda text: text[1:-1]]
_TEXTS = (
    st.builds(
        lambda text, case, form: unicodedata.normalize(form, case(text)),
        st.sampled_from(odd.TEXTS + odd.TAGS),
        st.sampled_from(_SPELLINGS),
        st.sampled_from(["NFC", "NFD"]),
    )
    | st.text(max_size=20)
).filter(lambda text: bool(text.strip()) and "\x00" not in text)
_MOMENTS = st.builds(
    lambda moment, seconds: (moment + timedelta(seconds=seconds)).isoformat(),
    st.sampled_from(odd.MOMENTS),
    st.sampled_from([-1, 0, 1]),
) | st.sampled_from(
    ["2026-03-29", "2026-03-28", "2026-03-30", "2026-03-29T03:00:00", "1000-02-01", "9999-12-01", *RELATIVE]
)
_NUMBERS = (
    st.integers(-10, 10)
    | st.sampled_from([10**29, 2**31, 2**63, "12.50", "12.5", "-0.001", "5.0"])
    | st.integers(1, 60).map(str)
)


def _values(field: conditions.Field, operator: str, ids: dict[str, Sequence[Any]]) -> st.SearchStrategy[Any]:
    kind = field.kind
    if operator == "exists" or kind.endswith("yes_or_no"):
        return st.booleans()
    if operator in ("older_than", "newer_than"):
        return st.sampled_from(["1m", "60min", "2h", "1d", "57w", "10 d"])
    if kind in ids:
        one: st.SearchStrategy[Any] = st.sampled_from(ids[kind])
    elif kind == "moment":
        one = _MOMENTS
    elif kind == "day":
        one = st.sampled_from(["2026-03-29", "2026-03-28", "0001-01-01", "9999-12-31"])
    elif kind == "number":
        one = _NUMBERS
    elif kind.endswith("choice"):
        one = st.sampled_from(list(field.values))
    elif kind == "tags":
        one = st.sampled_from(odd.TAGS) | _TEXTS
    else:
        one = _TEXTS
    return st.lists(one, min_size=1, max_size=3) if operator in ("in", "not_in") else one


def _leaves(subject: str, ids: dict[str, Sequence[Any]]) -> st.SearchStrategy[Any]:
    return st.one_of(
        [
            _values(field, operator, ids).map(
                lambda value, name=field.name, operator=operator: {"field": name, operator: value}  # type: ignore[misc]
            )
            for field in conditions.fields(subject, [*Attribute.objects.order_by("pk")])
            for operator in kinds.KINDS[field.kind]
        ]
    )


def _any(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda parts: st.dictionaries(st.sampled_from(["all", "any", "none"]), st.lists(parts, max_size=3), max_size=2),
        max_leaves=6,
    )


@pytest.mark.parametrize("subject", conditions.SUBJECTS)
def test_filter_and_predicate_agree(subject: str, acme: Workspace, ada: Member, ben: Member) -> None:
    conversations, tickets, contacts, teams = odd.arrange(acme, ada, ben)
    rows: Any = {"conversation": conversations, "ticket": tickets, "contact": contacts}[subject]
    model: Any = {"conversation": Conversation, "ticket": Ticket, "contact": Contact}[subject]
    ids: dict[str, Sequence[Any]] = {
        "member": ["me", "nobody", ada.user.pk, ben.user.pk, 2**62],
        "team": ["mine", "none", *(team.pk for team in teams), 2**62],
    }
    leaves = _leaves(subject, ids)

    @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(
        json=leaves | _any(leaves),
        me=st.sampled_from([None, ada.user.pk, ben.user.pk]),
        zone=st.sampled_from(["Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns"]),
    )
    def agree(json: Any, me: int | None, zone: str) -> None:
        condition = conditions.parse(json, subject)
        context = conditions.Context(at=odd.AT, me=me, zone=ZoneInfo(zone))
        found = list(
            model.objects.filter(conditions.to_q(condition, context)).order_by("pk").values_list("pk", flat=True)
        )
        held = [row.pk for row in rows if conditions.holds(condition, row, context)]
        assert found == held, json
        again = conditions.parse(condition.as_json(), subject)
        assert again.as_json() == condition.as_json()
        assert isinstance(conditions.described(condition), str)

    agree()


@pytest.mark.parametrize("operator", ["before", "after"])
def test_no_deadline_is_before_and_after_no_moment_however_far(
    operator: str, acme: Workspace, ada: Member, ben: Member
) -> None:
    rows, _, _, _ = odd.arrange(acme, ada, ben)
    condition = conditions.parse({"field": "deadline", operator: "9999-12-01"}, "conversation")
    context = conditions.Context(at=odd.AT, me=None, zone=ZoneInfo("Europe/Berlin"))
    found = set(Conversation.objects.filter(conditions.to_q(condition, context)).values_list("pk", flat=True))
    assert found == {row.pk for row in rows if conditions.holds(condition, row, context)}
    assert len(found) < len(rows)
