"""Maps a format's enum to the desk's values and back. A value that the format does not know is mapped too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])


class _Printed(dict[str, str]):
    """The format's values by the desk's, with one for all others."""

    def __init__(self, known: Mapping[str, str], otherwise: str) -> None:
        super().__init__(known)
        self.otherwise = otherwise

    def __missing__(self, value: str) -> str:
        return self.otherwise


class Twins:
    """One enum of a format: each of its values with the desk's values that print as it, the first of which is stored.

    All other values of the desk, such as a channel of a later version, print as `otherwise`. The value "" stands for none
    and is not in `values`.
    """

    def __init__(self, ours: Mapping[str, Iterable[str]], *, otherwise: str) -> None:
        self.values = [value for value in ours if value]
        self._written = {word: str(value) for word, values in ours.items() for value in list(values)[:1]}
        self._printed = _Printed({str(value): word for word, values in ours.items() for value in values}, otherwise)
        self.printed: Callable[[str], str] = self._printed.__getitem__
        """The format's value for one of the desk's."""

    def written(self, word: str) -> str:
        """The desk's value that is stored for one of the format's."""
        return self._written[word]

    def among(self, rows: Rows, column: str, *wanted: str) -> Rows:
        """The rows whose value prints as one of the format's values."""
        choices = rows.model._meta.get_field(column).flatchoices
        if not choices and self._printed.otherwise in wanted:
            others = [value for value, word in self._printed.items() if word not in wanted]
            return rows.exclude(**{f"{column}__in": others})
        # By the matching values rather than without the others, so that an index can be used.
        stored = [value for value in (dict(choices) or self._printed) if self.printed(value) in wanted]
        return rows.filter(**{f"{column}__in": stored})
