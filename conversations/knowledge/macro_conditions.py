"""Where macros are offered: in the conversations for which their conditions hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import BooleanField, Case, Value, When
from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Invalid
from accounts.permissions import Actor
from conversations import conditions
from conversations.conditions import Condition, Context
from conversations.models import Conversation, Macro
from tickets.models import Attribute

EVERYWHERE: Mapping[str, Any] = {}
NOWHERE: Mapping[str, Any] = {"any": []}


def condition_of(macro: Macro, attributes: Sequence[Attribute] | None = None) -> Condition:
    """What conversations have to be like; none is where it asks for something that no longer exists."""
    try:
        return conditions.parse(macro.condition or EVERYWHERE, attributes=attributes)
    except Invalid:
        return conditions.parse(NOWHERE)


def holds(macro: Macro, conversation: Conversation, by: Actor) -> bool:
    """Whether a macro is for a conversation."""
    condition = condition_of(macro)
    return condition.is_empty or conditions.holds(condition, conversation, context(by))


def offered(macros: Iterable[Macro], conversation: Conversation, by: Actor) -> list[Macro]:
    """Those of the macros that are for a conversation, in their order: all conditions are asked in one statement."""
    rows = list(macros)
    wanted = conditions_of(rows)
    columns = {
        f"macro_{pk}": Case(
            When(conditions.to_q(condition, context(by)), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        for pk, condition in wanted.items()
    }
    if not columns:
        return rows
    found = Conversation.objects.filter(pk=conversation.pk).annotate(**columns).values(*columns).first() or {}
    return [row for row in rows if row.pk not in wanted or found.get(f"macro_{row.pk}")]


def conditions_of(macros: Iterable[Macro]) -> dict[int, Condition]:
    """The conditions of those that have one, by the macros' ids; custom attributes are looked up once for all."""
    rows = [row for row in macros if row.condition]
    names_any = any("attribute." in str(row.condition) for row in rows)
    attributes = list(Attribute.objects.order_by("position", "pk")) if names_any else []
    return {row.pk: condition_of(row, attributes) for row in rows}


def words(condition: Condition) -> str:
    """A macro's condition in words of the current language."""
    if condition.as_json() == NOWHERE:
        return _("It asks for something that no longer exists.")
    return conditions.described(condition)


def context(by: Actor) -> Context:
    """Now, for who asks."""
    return Context(at=clock.now(), me=by.user_id)
