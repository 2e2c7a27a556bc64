"""The catalogue of events: each names the data that verbs record with it, by one rule, so that readers outside can rely on it."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from accounts import journal
from accounts.journal import EventType
from tests.architecture.verbs import FILES

EVENTS: dict[str, EventType] = {
    name: value
    for app in ("accounts", "tickets", "conversations")
    for name, value in vars(importlib.import_module(f"{app}.events")).items()
    if isinstance(value, EventType)
}
NOT_DATA = {"by", "at"}


def recorded() -> Iterator[tuple[str, str, str]]:
    """Every event that a verb records, with each name of data and the expression of its value."""
    for path in FILES:
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    if call.func.attr == "record":
                        yield from _pairs(call.args[0], ((word.arg, word.value) for word in call.keywords))
                    elif call.func.attr == "record_each":
                        yield from _pairs(call.args[0], _literals(function))


def _pairs(kind: ast.expr, data: Iterator[tuple[str | None, ast.expr]]) -> Iterator[tuple[str, str, str]]:
    names = [node.attr for node in ast.walk(kind) if isinstance(node, ast.Attribute)]
    assert names, f"name the event where it is recorded: {ast.unparse(kind)}"
    given = list(data)
    for name in names:
        yield name, "", ""
        for key, value in given:
            assert key is not None, f"name the data of {name} where it is recorded"
            if key not in NOT_DATA:
                yield name, key, ast.unparse(value)


def _literals(function: ast.FunctionDef) -> Iterator[tuple[str | None, ast.expr]]:
    """What the lines of `record_each` hold: the dictionary that the function writes out."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    yield key.value, value


def test_every_event_carries_the_data_that_its_verbs_record_and_no_other() -> None:
    data: dict[str, set[str]] = defaultdict(set)
    for name, key, _ in recorded():
        data[name] |= {key} - {""}
    assert data == {name: {*kind.data} for name, kind in EVENTS.items()}
    assert {kind.name for kind in EVENTS.values()} == {*journal.catalogue}


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.name)
def test_event_is_named_and_explained(kind: EventType) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.name)
    assert kind.meaning.endswith(".")
    assert len({*kind.data}) == len(kind.data)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", key) for key in kind.data)


def test_data_that_is_an_id_is_named_so() -> None:
    ids = {(name, key) for name, key, value in recorded() if re.search(r"(\.pk|_id)\b", value)}
    assert len(ids) > 20
    assert not {(name, key) for name, key in ids if not key.endswith(("_id", "_ids"))}
