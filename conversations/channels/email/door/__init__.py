"""The door at which a mail server of one's own hands mails over, by LMTP or SMTP; kept open by a worker where MAIL_DOOR says so.

Only one worker of a machine can have it: the others wait, and one of them opens it when that one is gone.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

AGAIN = 3.0  # seconds until a door that another one has, or that cannot be opened, is tried again


@asynccontextmanager
async def running() -> AsyncIterator[Awaitable[None]]:
    """Keep the door open for as long as it is held. Without the setting there is none."""
    wanted = settings.MAIL_DOOR
    task: asyncio.Future[None] = (
        asyncio.ensure_future(_keep_open(wanted)) if wanted else asyncio.get_running_loop().create_future()
    )
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_open(wanted: Any) -> None:
    from conversations.channels.email.door.talking import Room  # most desks have no door

    shown, room = "", Room(wanted.protocol)
    try:
        while True:
            try:
                await _serve(wanted, room)
            except OSError as error:
                code = "door_is_taken" if error.errno in (errno.EADDRINUSE, errno.EWOULDBLOCK) else "door_failed"
                if shown != code:
                    logger.log(
                        logging.INFO if code == "door_is_taken" else logging.ERROR,
                        "%s error=%s", code, error.strerror or type(error).__name__,
                    )  # fmt: skip
                shown = code
                await asyncio.sleep(AGAIN)
    finally:
        await room.close()


async def _serve(wanted: Any, room: Any) -> None:
    """Take connections until cancelled. Raises OSError where the address cannot be had."""
    loop = asyncio.get_running_loop()
    with _alone(wanted.path):
        if wanted.path:
            server = await loop.create_unix_server(room.talk, wanted.path)
            os.chmod(wanted.path, 0o666)  # noqa: S103 - its folder says who may come to it
        else:
            server = await loop.create_server(room.talk, wanted.host, wanted.port)
        logger.info("door_open protocol=%s", wanted.protocol)
        try:
            await loop.create_future()
        finally:
            server.close()


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Hold a lock beside a socket: unlike a port, a path can be taken from who has it. Raises OSError while another one does."""
    if not path:
        yield
        return
    with open(f"{path}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
