"""The report on the assistant: the outcomes of its conversations and drafts in a period, and their cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from accounts.models import Workspace
from conversations.assistant import choice as choices
from conversations.assistant import gate
from conversations.assistant.engines.protocol import Call
from conversations.models import AssistantThread, Outcome, Suggestion, SuggestionKind


def percent(part: int, whole: int) -> int | None:
    """Rounded to a whole number; None of nothing."""
    return round(100 * part / whole) if whole else None


@dataclass(frozen=True, slots=True)
class Threads:
    """Conversations that began in the period. Those that are neither solved nor with people are open."""

    total: int = 0
    solved: int = 0
    called: int = 0
    taken: int = 0

    @property
    def with_people(self) -> int:
        return self.called + self.taken

    @property
    def ended(self) -> int:
        """Solved, or with people."""
        return self.solved + self.with_people

    @property
    def open(self) -> int:
        return max(0, self.total - self.ended)

    @property
    def solved_rate(self) -> int | None:
        """The share of ended conversations that needed no person, in percent."""
        return percent(self.solved, self.ended)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of drafts, or of answers."""

    accepted: int = 0
    edited: int = 0
    rejected: int = 0
    open: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.accepted + self.edited + self.rejected + self.open + self.failed

    @property
    def decided(self) -> int:
        return self.accepted + self.edited + self.rejected

    @property
    def used_rate(self) -> int | None:
        """The share of the decided ones that were used, edited or not, in percent."""
        return percent(self.accepted + self.edited, self.decided)


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one engine and model. `cost` is in the operator's currency, `took` in seconds on average."""

    engine: str
    model: str
    drafts: Outcomes
    answers: Outcomes
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal
    took: float

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def failed(self) -> int:
        return self.drafts.failed + self.answers.failed


@dataclass(frozen=True, slots=True)
class Day:
    """How many drafts and answers one day had, with the height (0 to 100) and place of its bar."""

    date: date
    count: int
    height: int
    place: int

    @property
    def x(self) -> int:
        """The left edge of its bar; a day has ten units."""
        return self.place * 10

    @property
    def y(self) -> int:
        """The upper edge of its bar."""
        return 100 - self.height


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page shows."""

    threads: Threads
    drafts: Outcomes
    answers: Outcomes
    work: Sequence[Work]
    calls: Sequence[tuple[Call, int]]
    days: Sequence[Day]
    spent: Decimal
    budget: Decimal | None

    @property
    def most(self) -> int:
        """The count of the busiest day."""
        return max((day.count for day in self.days), default=0)

    @property
    def width(self) -> int:
        """The width of the chart in its own units."""
        return len(self.days) * 10

    @property
    def spent_share(self) -> int | None:
        """The share of the month's budget that is spent, in percent; at most 100."""
        if self.budget is None:
            return None
        return min(100, round(100 * self.spent / self.budget)) if self.budget else 100


def report(workspace: Workspace, days: int, at: datetime) -> Report:
    """The last `days` days, today included, in the workspace's time zone (which is the current one): five queries."""
    today = at.astimezone(workspace.zone)
    since = today.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    work = _work(since)
    return Report(
        threads=_threads(since),
        drafts=_sum(one.drafts for one in work),
        answers=_sum(one.answers for one in work),
        work=work,
        calls=_calls(since),
        days=_days(since, days),
        spent=gate.spent(workspace, at),
        budget=choices.choice(workspace).budget,
    )


def _threads(since: datetime) -> Threads:
    solved, called, taken = Q(ai_resolved=True), Q(handed_over_at__isnull=False), Q(taken_over_at__isnull=False)
    counts = AssistantThread.objects.filter(created_at__gte=since).aggregate(
        total=Count("pk"),
        solved=Count("pk", filter=solved),
        called=Count("pk", filter=called & ~solved),
        taken=Count("pk", filter=taken & ~called & ~solved),
    )
    return Threads(**counts)


def _work(since: datetime) -> list[Work]:
    rows = (
        Suggestion.objects.filter(created_at__gte=since)
        .values("engine", "model", "kind", "outcome")
        .order_by("engine", "model")
        .annotate(
            n=Count("pk"),
            prompt=Sum("prompt_tokens"),
            completion=Sum("completion_tokens"),
            spent=Sum("cost"),
            time=Sum("took_ms"),
        )
    )
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        groups[row["engine"], row["model"]].append(row)
    return [
        Work(
            engine=name,
            model=model,
            drafts=_outcomes(row for row in found if row["kind"] == SuggestionKind.DRAFT),
            answers=_outcomes(row for row in found if row["kind"] == SuggestionKind.ANSWER),
            prompt_tokens=sum(row["prompt"] for row in found),
            completion_tokens=sum(row["completion"] for row in found),
            cost=sum((row["spent"] for row in found), Decimal(0)),
            took=sum(row["time"] for row in found) / 1000 / sum(row["n"] for row in found),
        )
        for (name, model), found in groups.items()
    ]


def _outcomes(rows: Iterable[Mapping[str, Any]]) -> Outcomes:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["outcome"]] += row["n"]
    return Outcomes(**{outcome.value: counts[outcome.value] for outcome in Outcome})


def _sum(given: Iterable[Outcomes]) -> Outcomes:
    parts = list(given)
    return Outcomes(**{one.value: sum(getattr(part, one.value) for part in parts) for one in Outcome})


def _calls(since: datetime) -> list[tuple[Call, int]]:
    called = AssistantThread.objects.filter(created_at__gte=since, handed_over_at__isnull=False, ai_resolved=False)
    rows = called.values_list("call").annotate(n=Count("pk")).order_by()
    counts = dict(rows)
    return [(call, counts[call.value]) for call in Call if counts.get(call.value)]


def _days(since: datetime, days: int) -> list[Day]:
    rows = (
        Suggestion.objects.filter(created_at__gte=since)
        .annotate(day=TruncDate("created_at", tzinfo=since.tzinfo))
        .values_list("day")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts = dict(rows)
    most = max(counts.values(), default=0)
    dates = [since.date() + timedelta(days=n) for n in range(days)]
    return [
        Day(day, counts.get(day, 0), round(100 * counts.get(day, 0) / most) if most else 0, place)
        for place, day in enumerate(dates)
    ]
