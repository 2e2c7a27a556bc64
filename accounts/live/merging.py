"""Several sources of a live response as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

T = TypeVar("T")


@asynccontextmanager
async def merged(*sources: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """The items of all sources as they come, until all have ended; what one raises is raised here.

    The sources are closed with the block. Nothing of a source is read ahead but its next item.
    """
    waiting: dict[asyncio.Future[T], AsyncIterator[T]] = {}

    def wait_for(source: AsyncIterator[T]) -> None:
        waiting[asyncio.ensure_future(anext(source))] = source

    async def items() -> AsyncIterator[T]:
        for source in sources:
            wait_for(source)
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                source = waiting.pop(task)
                try:
                    item = task.result()
                except StopAsyncIteration:
                    continue
                wait_for(source)
                yield item

    try:
        yield items()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for source in sources:
            await cast(AsyncGenerator[T, None], source).aclose()
