"""Following rows: many streams share one listener and one pulse, and neither a lost notification nor a lost database ends one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import pytest
from django.db import OperationalError

from accounts.live import watching
from accounts.live.hub import Hub
from accounts.live.watching import Changes, Source


class Front:
    """The web front's side of a stream: it gets what is announced, and calls functions at once."""

    def __init__(self, *announced: str) -> None:
        self.hub, self.announced, self.listeners = Hub(), announced, 0

    async def listen(self, channel: str, key: str | None = None) -> AsyncIterator[str]:
        self.listeners += 1
        for payload in self.announced:
            yield payload
        await asyncio.sleep(60)

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


class Row:
    """A row whose looks are dictated: each is what is found, the number of the newest change, and whether it is over."""

    def __init__(self, *looks: Changes[str] | Exception) -> None:
        self.looks, self.asked = [*looks], list[int]()
        self.pulses = 0

    @property
    def source(self) -> Source[str]:
        return Source(channel="rows", pulse=self.pulse, look=self.look)

    def pulse(self, ids: Collection[int]) -> dict[int, int]:
        self.pulses += 1
        return dict.fromkeys(ids, 99)

    def look(self, row_id: int, after: int) -> Changes[str]:
        self.asked.append(after)
        found = self.looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
def pulse_every_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(watching, "LOOK_AGAIN", 0.01)


async def followed(front: Any, row: Row) -> list[str]:
    return [found async for found in watching.follow(front, row.source, 1)]


def test_change_of_which_nobody_was_notified_is_seen_by_the_pulse() -> None:
    row = Row(Changes(4, "first", False), Changes(4, "", False), Changes(9, "last", True))
    assert asyncio.run(followed(Front(), row)) == ["first", "", "last"]
    assert row.asked == [0, 4, 4]


def test_look_that_loses_the_database_is_repeated() -> None:
    row = Row(OperationalError("away"), Changes(4, "all", True))
    assert asyncio.run(followed(Front("1"), row)) == ["all"]


def test_streams_of_one_kind_share_a_listener() -> None:
    front, row = Front(), Row(*[Changes(1, "", False)] * 3, *[Changes(2, "end", True)] * 50)

    async def three() -> list[list[str]]:
        return await asyncio.gather(*(followed(front, row) for _ in range(3)))

    assert [found[-1] for found in asyncio.run(three())] == ["end"] * 3
    assert front.listeners == 1


def test_outcome_is_what_the_first_look_after_its_announcement_finds() -> None:
    answers: list[Any] = [None, OperationalError("away"), "made"]

    def look() -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    front: Any = Front("", "done")
    assert asyncio.run(watching.outcome(front, "rows", "7", look, 5)) == "made"


def test_outcome_that_does_not_come_is_none() -> None:
    front: Any = Front("")
    assert asyncio.run(watching.outcome(front, "rows", "7", lambda: None, 0.05)) is None
