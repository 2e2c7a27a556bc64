"""The files of a message, copied as soon as it comes: their addresses are good for hours only."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from conversations.channels.discord import receiving
from conversations.channels.discord.payloads import File, Post
from conversations.channels.discord.receiving import Copied

FILE_TIMEOUT = 60.0  # seconds
FILE_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}
REFUSED = "Discord did not give it out"


async def copied(post: Post, *, anywhere: bool) -> list[Copied]:
    """The files of a message. `anywhere`: its server is not Discord's own, and has its files where it wants."""
    return [await _copy(file, anywhere) for file in post.files]


async def _copy(file: File, anywhere: bool) -> Copied:
    limit = settings.UPLOAD_LIMIT
    if file.size > limit:
        return Copied(file.name, None, receiving.too_large())
    try:
        parts = urlsplit(file.url)
    except ValueError:
        return Copied(file.name, None, REFUSED)
    if parts.scheme not in ("http", "https") or (not anywhere and parts.hostname not in FILE_HOSTS):
        return Copied(file.name, None, "it is not on Discord")
    timeout = aiohttp.ClientTimeout(total=FILE_TIMEOUT, connect=10)
    for attempt in (1, 2):
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(file.url, allow_redirects=False) as response,
            ):
                if response.status == 200:
                    content = await response.content.read(limit + 1)
                    while len(content) <= limit and (more := await response.content.read(limit + 1 - len(content))):
                        content += more
                    if len(content) > limit:
                        return Copied(file.name, None, receiving.too_large())
                    return Copied(file.name, content)
                if response.status < 500 or attempt == 2:
                    return Copied(file.name, None, REFUSED)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            if attempt == 2:
                return Copied(file.name, None, REFUSED)
        await asyncio.sleep(1)
    return Copied(file.name, None, REFUSED)
