"""Taking connections from the socket that all web processes share, so that each gets its part of them.

An event loop takes all that wait at once: one process may get eight connections and the next one none, and a
connection that is kept alive stays where it is. Here a process takes one at a time, and leaves it to the others for a moment
while one of them has fewer. A process that hangs or is being replaced costs that moment, and no connection.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from config.server.metrics import Metrics

logger = logging.getLogger(__name__)

MOMENT = 0.0005  # seconds after which a process that has more looks again
MOMENTS = 4  # so many; then it takes the connection although another has fewer
PAUSE = 0.5  # seconds before it is tried again after the system refused one, for want of files say


class Accepting:
    """Makes a protocol for each connection that this process takes, until it is closed."""

    def __init__(self, listener: socket.socket, make: Callable[[], asyncio.Protocol], metrics: Metrics) -> None:
        self._listener = listener
        self._make = make
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._starting: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._moments = 0
        listener.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Take no more; what has been taken goes on."""
        self._loop.remove_reader(self._listener)
        if self._later is not None:
            self._later.cancel()

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._take)

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._later = self._loop.call_later(seconds, self._listen)

    def _take(self) -> None:
        if self._moments < MOMENTS and self._metrics.is_ahead():
            self._moments += 1
            self._wait(MOMENT)
            return
        self._moments = 0
        try:
            taken, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the client has gone
        except OSError as error:
            logger.warning("connection_not_taken error=%s", error)
            self._wait(PAUSE)
            return
        taken.setblocking(False)
        self._metrics.connected()
        task = self._loop.create_task(self._start(taken))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start(self, taken: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, taken)
        except OSError:  # it has gone already
            taken.close()
            self._metrics.disconnected()
