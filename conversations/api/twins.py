"""A format's words for the desk's values, in both directions. A value that the format does not know has a twin too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])


class _Printed(dict[str, str]):
    """The words by value, and one for all other values."""

    def __init__(self, words: Mapping[str, str], otherwise: str) -> None:
        super().__init__(words)
        self.otherwise = otherwise

    def __missing__(self, value: str) -> str:
        return self.otherwise


class Twins:
    """One enum of a format: its words, each with the desk's values that print as it, the first of which is written.

    All other values, such as a channel that the desk will have one day, print as `otherwise`. The word "" stands for
    nothing and is none of `words`.
    """

    def __init__(self, ours: Mapping[str, Iterable[str]], *, otherwise: str) -> None:
        self.words = [word for word in ours if word]
        self._written = {word: str(value) for word, values in ours.items() for value in list(values)[:1]}
        self._printed = _Printed({str(value): word for word, values in ours.items() for value in values}, otherwise)
        self.printed: Callable[[str], str] = self._printed.__getitem__
        """The word for one of the desk's values."""

    def written(self, word: str) -> str:
        """The desk's value that a word is stored as."""
        return self._written[word]

    def among(self, rows: Rows, column: str, *words: str) -> Rows:
        """The rows whose value prints as one of the words."""
        choices = rows.model._meta.get_field(column).flatchoices
        if not choices and self._printed.otherwise in words:
            others = [value for value, word in self._printed.items() if word not in words]
            return rows.exclude(**{f"{column}__in": others})
        # By what there is, and not by what there is not: that, an index can find.
        stored = [value for value in (dict(choices) or self._printed) if self.printed(value) in words]
        return rows.filter(**{f"{column}__in": stored})
