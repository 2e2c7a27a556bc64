"""The part is one of those that a worker runs, and what it does can be done."""

import logging

import scene

from conversations import background
from conversations.notifications import backlog

with scene.workspace():
    (part,) = (part for part in background.PARTS if part.name == "backlog")
    backlog.MOST = -1
    handler = logging.Handler()
    lines: list[str] = []
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    backlog.logger.addHandler(handler)
    part.function()
    assert lines[0].startswith("dispatches_waiting count="), lines
