"""What a line of the log belongs to: the request, the job or the event that is worked on. Names and ids, nothing personal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from types import MappingProxyType

Facts = Mapping[str, "str | int"]
NOTHING: Facts = MappingProxyType({})

_facts: ContextVar[Facts] = ContextVar("log_context", default=NOTHING)


def current() -> Facts:
    """What the lines that are written here carry."""
    return _facts.get()


@contextmanager
def about(facts: Facts) -> Iterator[None]:
    """Lines that are written inside carry these facts, beside those from around."""
    token = _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def apart() -> Context:
    """A context for a task that outlives the request which happens to start it: its lines belong to nobody."""
    context = copy_context()
    context.run(_facts.set, NOTHING)
    return context


def begin(facts: Facts) -> None:
    """Lines of the present asyncio task carry these facts from now on, and no others."""
    _facts.set(facts)
