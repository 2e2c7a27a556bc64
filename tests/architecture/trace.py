"""What one request runs through: the modules that it executes, their rooms, and the calls that lead back up.

- A *module* counts when at least one function of it runs, in any thread that serves the request. What runs at import does
  not count: a flow is played once before it is traced. Values that are made count, for their classes have to be read.
- A *room* is what a contract of import-linter in pyproject.toml names inside `conversations`, the innermost if several do;
  of a family such as `conversations.dialects.*` each folder is one. The other apps are one room each, however divided.
- A *climb* is a call from a function of the project into a room that a layers contract puts above its own: a callback
  that was registered, or a method that a class in a higher room overrides. A function that is handed another one and calls it, or
  decorates it, is looked through: the call counts as made by the one that handed it on, or that called the decorated one.
- A *return* is the same by way of Django, REST framework or the standard library: from a middleware to the view, from a
  view to its template's tags. Returns are counted by rooms, and allowed.

`python -m tests.architecture.trace` plays the flows of test_flows.py and prints their numbers; `--all` every name as well.
"""

from __future__ import annotations

import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from pathlib import Path
from types import FrameType, FunctionType, GeneratorType, MethodType
from typing import Any

PYPROJECT = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"
FLOW = "flow"  # the property under which a test reports its trace


# --- The law --------------------------------------------------------------------------------------


@dataclass
class Law:
    """The rooms that import-linter's contracts name, and which of them stand above which."""

    roots: frozenset[str]
    rooms: frozenset[str]
    floors: tuple[dict[str, int], ...]  # for each layers contract and container: a room -> its layer, 0 the highest

    @classmethod
    def read(cls, path: Path = PYPROJECT, divided: str = "conversations") -> Law:
        linter = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["importlinter"]
        floors, names = [], set()
        for contract in linter["contracts"]:
            if contract["type"] == "layers":
                floors += [_floors(contract["layers"], within) for within in contract.get("containers", [""])]
            elif contract["type"] == "independence":
                names.update(contract["modules"])
        rooms = {
            name
            for given in names.union(*floors)
            for name in (_folders(path.parent, given) if "*" in given else [given])
            if name.startswith(f"{divided}.")
        }
        return cls(frozenset(linter["root_packages"]), frozenset(rooms), tuple(floors))

    def room(self, module: str) -> str:
        while module not in self.rooms and "." in module:
            module = module.rpartition(".")[0]
        return module

    def climbs(self, caller: str, callee: str) -> bool:
        """Whether a call from one module into another leads upwards."""
        for layers in self.floors:
            below, above = _layer(layers, caller), _layer(layers, callee)
            if below is not None and above is not None and above < below:
                return True
        return False


def _floors(layers: list[str], within: str) -> dict[str, int]:
    names = ((number, name) for number, layer in enumerate(layers) for name in re.findall(r"[\w.]+", layer))
    return {f"{within}.{name}".lstrip("."): number for number, name in names}


def _folders(place: Path, family: str) -> list[str]:
    """The members of a family, such as `conversations.dialects.*`."""
    home = family.partition(".*")[0]
    return [f"{home}.{path.parent.name}" for path in place.joinpath(*home.split(".")).glob("*/__init__.py")]


def _layer(layers: dict[str, int], module: str) -> int | None:
    while module not in layers and "." in module:
        module = module.rpartition(".")[0]
    return layers.get(module)


# --- The trace ------------------------------------------------------------------------------------


DECLARED = frozenset({"conversations.api.outputs", "accounts.statements", "accounts.writing"})
"""Modules that run what a higher room declared, as REST framework does with methods of a serializer, and Django with fields of a model."""


@dataclass
class Trace:
    """What was seen so far."""

    law: Law
    modules: set[str] = field(default_factory=set)
    climbs: set[str] = field(default_factory=set)
    returns: set[str] = field(default_factory=set)

    @property
    def rooms(self) -> set[str]:
        return {self.law.room(module) for module in self.modules}

    def report(self) -> dict[str, list[str]]:
        found = {"rooms": self.rooms, "climbs": self.climbs, "returns": self.returns, "modules": self.modules}
        return {kind: sorted(names) for kind, names in found.items()}

    def see(self, frame: FrameType, event: str, arg: object) -> None:
        """A profile function."""
        if event != "call" or not self._is_ours(frame) or frame.f_code.co_name == "<module>":
            return
        module, caller = _module(frame), frame.f_back
        self.modules.add(module)
        if caller is None or (self._is_ours(caller) and not self.law.climbs(_module(caller), module)):
            return
        giver = _giver(caller, frame)
        known = self._nearest(giver)
        if known is None or not self.law.climbs(_module(known), module):
            return
        if known is giver:
            self.climbs.add(f"{_name(known)} -> {_name(frame)}")
        else:
            self.returns.add(f"{self.law.room(_module(known))} -> {self.law.room(module)}")

    def _nearest(self, frame: FrameType | None) -> FrameType | None:
        while frame is not None and not self._is_ours(frame):
            frame = frame.f_back
        return frame

    def _is_ours(self, frame: FrameType) -> bool:
        return _module(frame).partition(".")[0] in self.law.roots


@contextmanager
def tracing() -> Iterator[Trace]:
    """Traces this thread, and those that are started meanwhile; to trace another, let it call `sys.setprofile(trace.see)`."""
    trace, before, others = Trace(law()), sys.getprofile(), threading.getprofile()
    threading.setprofile(trace.see)
    sys.setprofile(trace.see)
    try:
        yield trace
    finally:
        sys.setprofile(before)
        threading.setprofile(others)


@cache
def law() -> Law:
    return Law.read()


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _name(frame: FrameType) -> str:
    return f"{_module(frame)}:{frame.f_code.co_qualname}"


def _giver(caller: FrameType, callee: FrameType) -> FrameType | None:
    """Who chose what is called: the caller, unless it was handed it as an argument or decorates it."""
    giver: FrameType | None = caller
    while giver is not None and (_module(giver) in DECLARED or any(_runs(one, callee) for one in _handed(giver))):
        giver = giver.f_back
    return giver


def _handed(frame: FrameType) -> Iterator[Any]:
    """What a function got from outside: its arguments, and what it closes over."""
    code, known = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    count += sum(1 for flag in (CO_VARARGS, CO_VARKEYWORDS) if code.co_flags & flag)
    for name in (*code.co_varnames[:count], *code.co_freevars):
        value = known.get(name)
        yield value
        if isinstance(value, (tuple, dict)):
            yield from value.values() if isinstance(value, dict) else value


def _runs(value: Any, callee: FrameType) -> bool:
    """Whether calling, or iterating, the value runs this function."""
    while value is not None:
        if isinstance(value, partial):
            value = value.func
        if isinstance(value, MethodType):
            value = value.__func__
        if isinstance(value, GeneratorType):
            return value.gi_code is callee.f_code
        if not isinstance(value, FunctionType) or value.__code__ is callee.f_code:
            return isinstance(value, FunctionType)
        value = getattr(value, "__wrapped__", None)
    return False


# --- The table ------------------------------------------------------------------------------------


class Table:
    """A pytest plugin that prints what the flows reported."""

    def __init__(self, *, with_names: bool) -> None:
        self.with_names = with_names

    def pytest_runtest_logreport(self, report: Any) -> None:
        for name, seen in report.user_properties if report.when == "call" else ():
            if name == FLOW:
                self._print(**seen)

    def _print(self, name: str, **lists: list[str]) -> None:
        print(f"\n{name}: " + ", ".join(f"{len(found)} {kind}" for kind, found in lists.items()))
        for kind, found in lists.items():
            if found and (self.with_names or kind == "climbs"):
                print(*(f"  {kind}: {one}" for one in found), sep="\n")


if __name__ == "__main__":
    import pytest

    flows = Path(__file__).with_name("test_flows.py")
    sys.exit(pytest.main(["-n", "0", "-q", "-s", str(flows)], plugins=[Table(with_names="--all" in sys.argv)]))
