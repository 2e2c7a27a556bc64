"""The part is one of those that a worker runs, and what it does can be done."""

import logging

import scene

from conversations import background
from conversations.notifications import backlog

with scene.workspace():
    (part,) = (part for part in background.PARTS if part.name == "backlog")
    backlog.MOST = -1
    handler = logging.Handler()
    said: list[str] = []
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    backlog.logger.addHandler(handler)
    part.function()
    assert said[0].startswith("dispatches_waiting count="), said
