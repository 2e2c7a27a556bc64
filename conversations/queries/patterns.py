"""Comparing texts with a pattern that is a value: `icontains` makes one of its own, which no compiled query set could be given."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import CharField, Lookup, TextField


def exactly(text: str) -> str:
    """The pattern of this text alone."""
    return _literally(text)


def within(text: str) -> str:
    """The pattern of all texts with this one in them."""
    return f"%{_literally(text)}%"


def beginning(text: str) -> str:
    """The pattern of all texts that begin with this one."""
    return f"{_literally(text)}%"


def ending(text: str) -> str:
    """The pattern of all texts that end with this one."""
    return f"%{_literally(text)}"


def _literally(text: str) -> str:
    return connection.ops.prep_for_like_query(text)


class Like(Lookup):
    """`filter(word__like=ending("ing"))`."""

    lookup_name = "like"
    template = "{}::text LIKE %s"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        text, parameters = self.process_lhs(compiler, connection)
        return self.template.format(text), [*parameters, self.rhs]


class LikeInAnyCase(Like):
    """`filter(subject__like_in_any_case=within("refund"))`: what `icontains` finds, by the same indexes."""

    lookup_name = "like_in_any_case"
    template = "UPPER({}::text) LIKE UPPER(%s)"


for field in (CharField, TextField):
    field.register_lookup(Like)
    field.register_lookup(LikeInAnyCase)
