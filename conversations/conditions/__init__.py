"""Conditions on conversations, tickets and contacts: one vocabulary for filters, saved views, macros and rules.

For: code that keeps or shows a condition. A condition is JSON: `{"field": "status", "is": "open"}`, combined by `all`, `any` and
`none`; docs/conditions.md lists the fields and operators.
In: JSON of a person or of a stored row. Out: `parse` reads it, `to_q` makes a filter of it, `holds` asks it of one row, and
`described` says it in words. A test holds the filter and the predicate equal.

`sources` knows where a field's value stands, in SQL and in Python; `fields` names the fields of each subject; `kinds` has the
operators of each kind. Imports the queries below it; the actions and everything above may import it.
"""

from conversations.conditions.asking import for_tickets, holds, parts, to_q
from conversations.conditions.context import Context
from conversations.conditions.descriptions import described
from conversations.conditions.fields import SUBJECTS, Field, fields
from conversations.conditions.grammar import Condition, Group, Leaf, every, parse

__all__ = [
    "SUBJECTS",
    "Condition",
    "Context",
    "Field",
    "Group",
    "Leaf",
    "described",
    "every",
    "fields",
    "for_tickets",
    "holds",
    "parse",
    "parts",
    "to_q",
]
