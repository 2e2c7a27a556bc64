"""The search tokens of a row's texts, kept with the row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import connection, models, transaction
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan
from django.db.models.sql.compiler import SQLCompiler

from conversations.texts import tokens


class TokensField(SearchVectorField):  # type: ignore[type-arg]  # generic to its stubs alone
    """A `tsvector` of other fields of the row, made anew with each insert and each save; see `conversations.texts.tokens`.

    It is null only in rows that were written by an earlier version: `index_missing` fills it in. It is for the database
    alone: reading a row never reads it, so it is None on every instance.
    """

    def __init__(self, *, of: Sequence[str], **options: Any) -> None:
        self.of = tuple(of)
        super().__init__(**{"null": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        return self.made_from(getattr(model_instance, name) for name in self.of)

    def select_format(self, compiler: SQLCompiler, sql: str, params: Any) -> tuple[str, Any]:
        return "NULL", ()

    @staticmethod
    def made_from(texts: Iterable[str | Sequence[str] | None]) -> str:
        return tokens.vector(*(text if isinstance(text, str) else " ".join(text or ()) for text in texts))


class TokensQuery(SearchQuery):
    """A question to a TokensField, as `tokens.query` writes it: taken as it stands, parsed by no configuration."""

    template = "%(expressions)s::tsquery"

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(asked)

    @classmethod
    def of(cls, typed: str, *, inflected: bool = False) -> TokensQuery | None:
        """For rows that hold all that was typed; None where there is nothing to look for."""
        terms = tokens.query(typed, inflected=inflected)
        return cls(" & ".join(terms if len(terms) < 2 else map("({})".format, terms))) if terms else None


class Day(models.Func):
    """The day of a moment, in the words of the index by it: its zone is not a value."""

    template = "(%(expressions)s AT TIME ZONE 'UTC')::date"
    output_field = models.DateField()


def holding(typed: str, *, inflected: bool = False) -> models.Q:
    """Rows that hold all that was typed; every row where nothing was, none where it is nothing that search knows."""
    if not typed.strip():
        return models.Q()
    words = TokensQuery.of(typed, inflected=inflected)
    return models.Q(tokens=words) if words is not None else models.Q(pk__in=())


def cut(field: str) -> models.Q:
    """Rows with a text of which the tokens may not hold everything: a very long one, or one with a very long word."""
    is_long = models.Q(GreaterThan(Length(field), tokens.LONGEST // 2))
    return models.Q(**{f"{field}__regex": "[^[:space:][:punct:]]{61}"}) | is_long


class Searched(models.Model):
    """A row with `tokens` that follow its texts, also where only some fields are saved."""

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        field = self._meta.get_field("tokens")
        assert isinstance(field, TokensField)
        saved = None if update_fields is None else {*update_fields}
        if saved and not saved.isdisjoint(field.of):
            saved.add("tokens")
        super().save(*args, update_fields=saved, **options)


def index_missing(model: type[models.Model], *, most: int = 500) -> int:
    """Make the tokens of some rows that have none, newest first, in one transaction; says how many rows there were."""
    field = model._meta.get_field("tokens")
    of: Sequence[str] = field.of  # type: ignore[union-attr]  # also of a migration's model
    with transaction.atomic():
        rows = model._base_manager.filter(tokens=None).select_for_update(skip_locked=True, no_key=True).order_by("-pk")
        found = list(rows.values_list("pk", *of)[:most])
        made = [TokensField.made_from(texts) for _, *texts in found]
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"UPDATE {table} SET tokens = made.tokens::tsvector "  # noqa: S608 (a model's own table)
                f"FROM unnest(%s::bigint[], %s::text[]) AS made(id, tokens) WHERE {table}.id = made.id",
                [[pk for pk, *_ in found], made],
            )
    return len(found)
