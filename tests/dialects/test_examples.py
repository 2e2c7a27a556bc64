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
    assert harness.play(harness.read(path), desk)


@pytest.mark.parametrize("dialect", [dialect.name for dialect in discovery.all_dialects()])
def test_every_documented_call_has_an_example(dialect: str) -> None:
    shown = set()
    for name, path in harness.examples():
        if name != dialect:
            continue
        example = harness.read(path)
        assert example["title"]
        assert example["documented_at"]
        for step in example["steps"]:
            shown.add(str(harness.route_of(dialect, step["request"]["method"], step["request"]["path"])))
    missing = {str(route) for route in harness.routes() if route.dialect == dialect} - shown
    assert not missing, f"no example shows {sorted(missing)}"


@pytest.mark.parametrize("path", sorted(harness.FORMATS.glob("*/fragments.json")), ids=lambda path: path.parent.name)
def test_every_fragment_is_used(path: Path) -> None:
    texts = [path.read_text(), *(example.read_text() for example in path.parent.glob("examples/*.json"))]
    unused = [name for name in json.loads(texts[0]) if not any(f'"<like>": "{name}"' in text for text in texts)]
    assert unused == []


def test_fragment_is_filled_in_with_what_stands_beside_it() -> None:
    fragments = {"message": {"id": "<uuid>", "body": "Hi", "sender": {"<like>": "sender"}}, "sender": {"name": "Ada"}}
    bens = {"<like>": "message", "sender": {"<like>": "sender", "name": "Ben"}}
    assert harness.expanded([{"<like>": "message"}, bens], fragments) == [
        {"id": "<uuid>", "body": "Hi", "sender": {"name": "Ada"}},
        {"id": "<uuid>", "body": "Hi", "sender": {"name": "Ben"}},
    ]
    with pytest.raises(AssertionError, match="message has no subject"):
        harness.expanded({"<like>": "message", "subject": "Hello"}, fragments)


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
