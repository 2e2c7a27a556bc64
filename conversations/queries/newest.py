"""The newest rows that a search finds: a frequent thing by walking from the newest on, a rare one by its index. See docs/adr/0024.

Everything here is compiled once for each form of a question, so that a search costs what PostgreSQL needs for it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, QuerySet, Subquery

from accounts import clock
from accounts.compiled import Compiled, compiled
from conversations.models import Tally
from conversations.queries.search import Among, Question, own

SAMPLE = 300
"""So many of the newest rows tell how frequent something is."""
BOUNDED_SAMPLE = 100
"""So many of them where looking among the newer ones alone costs little."""
LOOK_UP = 3
"""So many rows are walked along in the time in which one is looked up that holds something."""
_SPREAD = 2  # standard deviations by which what was found may be more than usual
_MOST_WIDER = 128  # times as many rows are looked through next


@dataclass(frozen=True, slots=True)
class Listed:
    """Among which rows to look, and by which moment they are ordered, for which there is an index.

    The rows follow from the shape and the values, as those of a compiled query set; `shown` gives those that are found the
    columns that are wanted.
    """

    rows: Callable[..., QuerySet[Any, Any]]
    by: str
    shape: tuple[Hashable, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    shown: Callable[[Any], QuerySet[Any, Any]] | None = None


@dataclass(frozen=True, slots=True)
class _Search:
    listed: Listed
    question: Question

    def ask(self, asked: Compiled[Any], *shape: Hashable, by_part: int | None = None, **values: Any) -> list[Any]:
        """The rows of one of the query sets below that look for something, `by_part` by the index of that part."""
        question = self.question
        given = question.values if by_part is None else question.leading(by_part)
        form = (question.make, question.form, question.of, *(() if by_part is None else (by_part,)), *shape)
        return self._rows(asked, *form, **given, **values)

    def moment(self, far: int) -> datetime | None:
        """The moment of the row that stands so far from the newest; None where there are not as many."""
        return next((moment for (moment,) in self._rows(_moment, far)), None)

    def shown(self, ids: list[int]) -> list[Any]:
        """The rows of some ids as they are wanted."""
        return self._rows(_shown, self.listed.shown, ids=ids)

    def _rows(self, asked: Compiled[Any], *shape: Hashable, **values: Any) -> list[Any]:
        listed = self.listed
        form, given = (listed.rows, listed.shape, listed.by, *shape), {**listed.values, **values}
        # Admin looks into the workspace that it shows, in no scope.
        is_compiled = self.question.of is own and self.question.is_compiled
        return asked.rows(*form, **given) if is_compiled else list(asked.build(*form, **given))


def newest(listed: Listed, question: Question, count: int, start: int = 0) -> list[Any]:
    """The newest `count` of the rows that hold all that is looked for, without the first `start`."""
    if not question.size:
        return []
    search = _Search(listed, question)
    found = _found(search, count)[start:count]
    return search.shown(found) if found else []


def _found(search: _Search, count: int) -> list[int]:
    """The ids of the newest `count` rows that hold it, newest first."""
    is_bounded = search.question.by == search.listed.by
    most = min(SAMPLE, BOUNDED_SAMPLE) if is_bounded else SAMPLE
    sample = search.ask(_sample, most)
    near = [pk for pk, *held in sample if all(held)]
    if len(near) >= count or len(sample) < most:
        return near[:count]
    if search.question.led is None:
        return _pks(search.ask(_walked, count))
    # Of several parts, the rarest leads to the others.
    leads = range(search.question.size) if search.question.leads is None else search.question.leads
    rarest = min(leads, key=lambda n: sum(bool(held[n]) for _, *held in sample))
    if sample and is_bounded:
        found = _looked_up_lately(search, count, rarest, len(near), len(sample))
    else:
        found = _walked_on(search, count, len(near), len(sample))
    return found or _pks(search.ask(_looked_up, count, by_part=rarest))


def _walked_on(search: _Search, count: int, near: int, sample: int) -> list[int]:
    """What walks from the newest on find, each further than the last, while that is less to do than looking all up."""
    looked, found, everything = sample, near, _all(search.question)
    while found and (far := _rounded(_enough(count, found, looked))) < everything:
        if count * looked / found > LOOK_UP * everything * found / looked:
            break
        ids = _pks(search.ask(_walked, count, far))
        if len(ids) >= count:
            return ids
        looked, found = far, len(ids)
    return []


def _looked_up_lately(search: _Search, count: int, rarest: int, near: int, sample: int) -> list[int]:
    """What the index finds among the newer ones, which are made more until there is enough."""
    looked, found, everything, lasted = sample, near, _all(search.question), timedelta()
    while (far := _enough(count, found, looked)) < everything // 2:
        if lasted:  # As many in the same time as before, about: counting them costs as much as looking.
            since: datetime | None = clock.now() - lasted * (far / looked)
        else:
            far = _rounded(far)
            since = search.moment(far)
        if since is None:
            break
        ids = _pks(search.ask(_looked_up, count, by_part=rarest, since=since))
        if len(ids) >= count:
            return ids
        looked, found, lasted = far, len(ids), max(clock.now() - since, timedelta())
    return []


def _enough(count: int, found: int, looked: int) -> int:
    """Among how many rows there should be `count` of them, when so many were found among fewer, perhaps by chance."""
    usual = max(found, 0.75)  # of none there may have been one nearly
    return min(int(count * looked / usual * (1 + _SPREAD / sqrt(usual))), looked * _MOST_WIDER)


def _all(question: Question) -> int:
    """How many conversations there are, about."""
    if question.of is own:
        return max((number for (number,) in _last_number.rows()), default=0)
    return max(question.of(Tally).values_list("last_number", flat=True), default=0)


def _rounded(far: int) -> int:
    """The next of a few numbers: each is a statement of its own."""
    whole = 1 << (far - 1).bit_length()
    return whole * 3 // 4 if far <= whole * 3 // 4 else whole


def _pks(found: list[tuple[int]]) -> list[int]:
    return [pk for (pk,) in found]


# --- What is asked ------------------------------------------------------------------------------


@compiled
def _last_number() -> QuerySet[Tally, tuple[int]]:
    return Tally.objects.order_by("pk").values_list("last_number")[:1]


def _ordered(rows: Any, shape: tuple[Hashable, ...], by: str, values: dict[str, Any]) -> QuerySet[Any, Any]:
    own_values = {name: value for name, value in values.items() if not name.startswith("asked_")}
    found: QuerySet[Any, Any] = rows(*shape, **own_values)
    return found.order_by(f"-{by}", *(() if by == "pk" else ("-pk",)))


def _parts(make: Any, form: Any, of: Any, values: dict[str, Any]) -> Any:
    return make(form, of, **{name: value for name, value in values.items() if name.startswith("asked_")})


@compiled
def _moment(rows: Any, shape: Any, by: str, far: int, **values: Any) -> QuerySet[Any, Any]:
    return _ordered(rows, shape, by, values).values_list(by)[far : far + 1]


@compiled
def _sample(
    rows: Any, shape: Any, by: str, make: Any, form: Any, of: Any, most: int, **values: Any
) -> QuerySet[Any, Any]:
    """The newest rows: their ids, and whether they hold each part."""
    asked = {
        f"holds_{n}": ExpressionWrapper(part.holds, BooleanField())
        for n, part in enumerate(_parts(make, form, of, values))
    }
    found: QuerySet[Any, Any] = _ordered(rows, shape, by, values).annotate(**asked).values_list("pk", *asked)
    return found[:most]


@compiled
def _walked(
    rows: Any, shape: Any, by: str, make: Any, form: Any, of: Any, count: int, far: int | None = None, **values: Any
) -> QuerySet[Any, Any]:
    """The ids of those that hold all parts, among so many of the newest rows."""
    ordered = _ordered(rows, shape, by, values)
    found = ordered.filter(*(part.holds for part in _parts(make, form, of, values)))
    if far is not None:
        found = found.filter(**{f"{by}__gte": Subquery(ordered.values(by)[far : far + 1])})
    return found.values_list("pk")[:count]


@compiled
def _looked_up(
    rows: Any,
    shape: Any,
    by: str,
    make: Any,
    form: Any,
    of: Any,
    rarest: int,
    count: int,
    *,
    since: datetime | None = None,
    **values: Any,
) -> QuerySet[Any, Any]:
    """The ids of those that hold all parts, among those to which the index of one leads."""
    parts = _parts(make, form, of, values)
    others = [part.holds for n, part in enumerate(parts) if n != rarest]
    found = _ordered(rows, shape, by, values).filter(Among("pk", parts[rarest].ids(since)), *others)
    return found.values_list("pk")[:count]


@compiled
def _shown(rows: Any, shape: Any, by: str, shown: Any, *, ids: list[int], **values: Any) -> QuerySet[Any, Any]:
    found = _ordered(rows, shape, by, values).filter(pk__any_of=ids)
    wanted: QuerySet[Any, Any] = found if shown is None else shown(found)
    return wanted
