"""Typing is signalled to whom it concerns, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import connections

from accounts import tenancy
from accounts.live.hub import Hub
from accounts.live.responses import LiveContext
from accounts.models import Event, Workspace
from conversations.chat import typing
from conversations.models import Channel, Conversation
from tests.factories import ConversationFactory
from tests.runtime.machine import DEADLINE

pytestmark = pytest.mark.django_db(transaction=True)

ODD = {
    "Ben\x00\r\n\tOkoro": "Ben Okoro",
    "  ": "",
    "Zoe\u0308 \u4f0a\u85e4 \u0633\u0627\u0631\u0629": "Zoe\u0308 \u4f0a\u85e4 \u0633\u0627\u0631\u0629",
    "\ud800lone": "lone",
    "\U0001f600" * 9000: "\U0001f600" * 100,
    "'; DROP TABLE x; --": "'; DROP TABLE x; --",
}


@asynccontextmanager
async def listening() -> AsyncIterator[LiveContext]:
    hub = Hub()
    with ThreadPoolExecutor(1) as threads:
        yield LiveContext(hub, threads)
        threads.submit(connections.close_all)
    await hub.close()


async def soon(source: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(DEADLINE):
        return await anext(source)


def chat(workspace: Workspace) -> Conversation:
    with tenancy.scope(workspace):
        return ConversationFactory(workspace=workspace, channel=Channel.CHAT)


def test_the_customer_learns_that_an_agent_is_typing_and_nobody_else_does(acme: Workspace) -> None:
    ours, others = chat(acme), chat(acme)
    before = Event.objects.count()

    async def scenario() -> None:
        async with listening() as context:
            mine, theirs = typing.agents_typing(context, ours.contact_id), typing.agents_typing(context, others.contact)
            assert [await soon(mine), await soon(theirs)] == [None, None]
            for name, shown in ODD.items():
                await context.run(typing.agent_is_typing, ours, name)
                assert await soon(mine) == (ours.public_id, shown)
            await context.run(typing.agent_is_typing, others, "Ada")
            assert await soon(theirs) == (others.public_id, "Ada")

    asyncio.run(scenario())
    assert Event.objects.count() == before


def test_the_team_learns_that_a_customer_of_theirs_is_typing(acme: Workspace, globex: Workspace) -> None:
    ours, foreign = chat(acme), chat(globex)

    async def scenario() -> None:
        async with listening() as context:
            begun = context.listen(typing.CUSTOMER)
            signals = typing.customers_typing(context, acme.pk)
            first = asyncio.create_task(soon(signals))
            assert await soon(begun) == ""  # both are listening
            await context.run(typing.customer_is_typing, foreign)
            await context.run(typing.customer_is_typing, ours)
            assert await first == ours.pk

    asyncio.run(scenario())
