"""Several live sources as one: each item comes once, an end ends its own source alone, and all are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from accounts.live.merging import merged

closed: list[str] = []


async def source(name: str, items: list[int], *, is_over: bool = True, fails: bool = False) -> AsyncIterator[str]:
    try:
        for item in items:
            await asyncio.sleep(0)
            yield f"{name}{item}"
        if fails:
            raise ValueError(name)
        if not is_over:
            await asyncio.Event().wait()
    finally:
        closed.append(name)


def test_all_items_come_and_the_end_of_one_source_is_not_the_end() -> None:
    async def scenario() -> list[str]:
        async with merged(source("a", [1]), source("b", [1, 2, 3])) as items:
            return [item async for item in items]

    found = asyncio.run(scenario())
    assert sorted(found) == ["a1", "b1", "b2", "b3"]
    assert [item for item in found if item.startswith("b")] == ["b1", "b2", "b3"]


def test_sources_are_closed_when_nobody_reads_any_more_and_when_one_fails() -> None:
    async def left() -> None:
        async with merged(source("a", [1], is_over=False), source("b", [], is_over=False)) as items:
            assert await anext(items) == "a1"

    closed.clear()
    asyncio.run(left())
    assert sorted(closed) == ["a", "b"]

    async def failed() -> None:
        async with merged(source("a", [], is_over=False), source("b", [], fails=True)) as items:
            await anext(items)

    closed.clear()
    with pytest.raises(ValueError, match="b"):
        asyncio.run(failed())
    assert sorted(closed) == ["a", "b"]
