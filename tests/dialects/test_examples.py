"""The examples of every wire format, played over HTTP. They are its documentation; here they are proved true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conversations.api import discovery
from tests.dialects import harness

EXAMPLES = [pytest.param(path, id=f"{dialect}/{path.stem}") for dialect, path in harness.examples()]


@pytest.mark.django_db
@pytest.mark.parametrize("path", EXAMPLES)
def test_example_is_true(path: Path, desk: str) -> None:
    assert harness.play(json.loads(path.read_text()), desk)


@pytest.mark.parametrize("dialect", [dialect.name for dialect in discovery.all_dialects()])
def test_every_documented_call_has_an_example(dialect: str) -> None:
    shown = set()
    for name, path in harness.examples():
        if name != dialect:
            continue
        example = json.loads(path.read_text())
        assert example["title"]
        assert example["documented_at"]
        for step in example["steps"]:
            shown.add(str(harness.route_of(dialect, step["request"]["method"], step["request"]["path"])))
    missing = {str(route) for route in harness.routes() if route.dialect == dialect} - shown
    assert not missing, f"no example shows {sorted(missing)}"


def test_a_difference_is_found() -> None:
    scene = type("Nothing", (), {"names": {}, "fill": staticmethod(lambda value: value)})()
    for expected, actual in (
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1}, {}),
        ([1], [1, 2]),
        (1, True),
        (None, ""),
        ("<uuid>", "00000000-0000-1000-8000-000000000000"),
        ("<moment:s>", "2026-01-01T00:00:00.000Z"),
        ("<moment:ms>", "2026-01-01T00:00:00Z"),
        ("<int>", True),
        ("<string>", ""),
        (["<capture:same>", "<capture:same>"], ["a", "b"]),
    ):
        with pytest.raises(harness.Differs):
            harness.match(expected, actual, scene)
