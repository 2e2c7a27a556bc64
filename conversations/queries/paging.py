"""Pages of a query set by keyset: stable while rows move, as fast on page 1,000 as on page 1.

No URLs and no JSON here; a door prints a page in its own format.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypedDict, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower

from accounts.errors import Invalid

M = TypeVar("M", bound=Model)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and where the next ones begin: an opaque cursor, or None at the end."""

    rows: Sequence[R]
    next: str | None

    @property
    def has_more(self) -> bool:
        return self.next is not None


def keyset(
    rows: QuerySet[M],
    *,
    by: str,
    after: str | None,
    limit: int,
) -> Page[M]:
    """The rows after a cursor, ordered by a moment (`-name` for the newest first) and then by id in the same direction.

    Reads one row more than `limit` to know whether there is a next page. Raises Invalid for a cursor that this desk
    did not make.
    """
    return page_of(list(beyond(rows, by=by, **place(after))[: limit + 1]), by=by, limit=limit)


class Place(TypedDict):
    """Where a page by keyset begins: after the row of this moment and id, or with the first."""

    moment: datetime | None
    pk: int | None


def place(after: str | None) -> Place:
    """The place that a cursor names. Raises Invalid for a cursor that this desk did not make."""
    moment, pk = (None, None) if after is None else _read(after)
    return {"moment": moment, "pk": pk}


def beyond(rows: QuerySet[M], *, by: str, moment: datetime | None, pk: int | None) -> QuerySet[M]:
    """The rows after a place, in their order."""
    field, sign = by.removeprefix("-"), "-" if by.startswith("-") else ""
    rows = rows.order_by(f"{sign}{field}", f"{sign}pk")
    if moment is not None:
        than = "lt" if sign else "gt"
        # The first condition alone bounds the index scan; the second settles equal moments.
        rows = rows.filter(**{f"{field}__{than}e": moment}).filter(
            Q(**{f"{field}__{than}": moment}) | Q(**{f"pk__{than}": pk})
        )
    return rows


def page_of(found: Sequence[R], *, by: str, limit: int) -> Page[R]:
    """The page of rows of which one more than `limit` was read, to know whether there is a next page."""
    page, field = found[:limit], by.removeprefix("-")
    if len(found) <= limit or not page:
        return Page(rows=page, next=None)
    last: Any = page[-1]
    return Page(rows=page, next=_write(getattr(last, field), last.pk))


def by_name(rows: QuerySet[M], *, after: str | None, limit: int) -> Page[M]:
    """The rows after a cursor, ordered by `name` whatever its case; no two rows may share one.

    Reads one row more than `limit`, as `keyset` does. Raises Invalid for a cursor that this desk did not make.
    """
    key = "name_key"
    named = rows.annotate(**{key: Lower("name")}).order_by(key)
    if after is not None:
        named = named.filter(**{f"{key}__gt": _read_text(after)})
    found = list(named[: limit + 1])
    page = found[:limit]
    more = len(found) > limit and page
    return Page(rows=page, next=_write_text(getattr(page[-1], key)) if more else None)


def by_text(rows: QuerySet[M], *, by: str, after: str | None, limit: int) -> Page[M]:
    """The rows after a cursor, ordered by a text that several may share, and then by id. As `keyset` otherwise."""
    ordered = rows.order_by(by, "pk")
    if after is not None:
        pk, _space, text = _read_text(after).partition(" ")
        if not (pk.isascii() and pk.isdigit() and 0 < int(pk[:20]) < 2**63):
            raise Invalid("invalid cursor", field="cursor")
        ordered = ordered.filter(**{f"{by}__gte": text}).filter(Q(**{f"{by}__gt": text}) | Q(pk__gt=int(pk[:20])))
    found = list(ordered[: limit + 1])
    page = found[:limit]
    more = len(found) > limit and page
    return Page(rows=page, next=_write_text(f"{page[-1].pk} {getattr(page[-1], by)}") if more else None)


def _write(moment: datetime, pk: int) -> str:
    micros = int(moment.timestamp()) * 1_000_000 + moment.microsecond
    return _write_text(f"{micros}.{pk}")


def _write_text(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_text(cursor: str) -> str:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise Invalid("invalid cursor", field="cursor") from error
    if "\x00" in text:
        raise Invalid("invalid cursor", field="cursor")
    return text


def _read(cursor: str) -> tuple[datetime, int]:
    text = _read_text(cursor)
    try:
        micros, pk = (int(part) for part in text.encode("ascii").split(b"."))
        seconds, rest = divmod(micros, 1_000_000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("invalid cursor", field="cursor") from error
    if not 0 < pk < 2**63:
        raise Invalid("invalid cursor", field="cursor")
    return moment, pk
