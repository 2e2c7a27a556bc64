"""Whatever is sent to whichever operation: never a 5xx, and a refused request leaves no trace.

The bodies begin with one that is accepted (`access.json`) and go wrong from there. BAD_BODIES sets how many of each are
tried per operation; the choice is the same in every run.
"""

from __future__ import annotations

import copy
import json
import os
import string
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.dialects.access import Access
from tests.dialects.fingerprints import fingerprint
from tests.dialects.harness import Route, routes

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("BAD_BODIES", "5"))
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    # One scene serves all examples of an operation: each is rolled back.
    suppress_health_check=list(HealthCheck),
)

HOSTILE_TEXT = st.sampled_from([
    "", " ", "\t\n", "\x00", "a\x00b", "\ud800", "\udfff", "\ufeff", "\u202e", "𝕏", "x" * 33, "x" * 501, "x" * 8001, "ü" * 10_001,
    "null", "true", "-1", "1e309", "NaN", "%00", "../../etc/passwd", "'; DROP TABLE conversations_conversation; --", "{{7*7}}",
    "a@b", "@", "a@b.example", "A@B.EXAMPLE", "a\n@b.example", "00000000-0000-4000-8000-000000000000", "open", "closed",
])  # fmt: skip
NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**30, 0.5, 1e308, -1e-300, True, False])
SCALARS = st.one_of(st.none(), HOSTILE_TEXT, NUMBERS, st.text(max_size=40))
NAMES = st.one_of(st.text(string.ascii_letters + "._$", max_size=12), HOSTILE_TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)


def deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


DEEP = st.sampled_from([deep(40), deep(200)])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a JSON value something may be put."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        found += places(one, (*path, name))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else in one place; `...` takes it out."""
    made = copy.deepcopy(value)
    spot = made
    for step in path[:-1]:
        spot = spot[step]
    if new is ...:
        del spot[path[-1]]
    else:
        spot[path[-1]] = new
    return made


def bodies(good: Any) -> st.SearchStrategy[bytes]:
    """Bodies near a good one, and far from it."""
    anything = st.one_of(VALUES, DEEP)
    raw = st.one_of(
        st.binary(max_size=60), st.sampled_from([b"{", b"[]", b"null", b'{"a":NaN}', b"\xff\xfe", b"[" * 3000])
    )
    if not isinstance(good, dict):
        return st.one_of(raw, anything.map(encode))
    changed = st.builds(put, st.just(good), st.sampled_from(places(good)), st.one_of(anything, st.just(...)))
    added = st.builds(lambda name, value: {**good, name: value}, NAMES, anything)
    cut = st.integers(0, 200).map(lambda length: encode(good)[:length])
    return st.one_of(changed.map(encode), changed.map(encode), added.map(encode), anything.map(encode), raw, cut)


def encode(value: Any) -> bytes:
    # JSON as a careless client writes it: NaN, huge numbers and lone surrogates included.
    return json.dumps(value).encode()


HEADERS = st.sampled_from([
    {}, {}, {}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": ""},
    {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json; charset=utf-16"},
    {"Accept": "application/xml"}, {"Idempotency-Key": "k" * 256}, {"Idempotency-Key": "k"}, {"X-User-Email": "é", "X-User-Hash": "é"},
    {"X-Conversation-Token": "x:y:z"}, {"Origin": "null"},
])  # fmt: skip
QUERY = st.one_of(
    st.just(""),
    st.builds(
        lambda name, value: f"?{name}={value}",
        st.sampled_from(
            ["limit", "offset", "status", "channel", "cursor", "customerId", "user_email", "search", "page", "order_by"]
        ),
        st.sampled_from(
            [
                "",
                "0",
                "-1",
                "1e9",
                "9" * 40,
                "%00",
                "%ED%A0%80",
                "%FF",
                "a%40b.example",
                "MTIz",
                "open",
                "%F0%9F%92%A9",
                "x" * 500,
            ]
        ),
    ),
)
IDS = st.sampled_from(["x", "%00", "%FF", "0", "-1", "9" * 30, "create", "..", "%2e%2e", "{id}", "a" * 400, "é"])


class Caller:
    """One operation on one scene; after each call everything is as it was."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.access = Access(route.dialect)
        operation = self.access.operation(route)
        secret = self.access.scene.names["server_key"]
        self.headers = (
            self.access.scene.fill(operation["session"])
            if "session" in operation
            else self.access.headers(route, secret)
        )
        self.path = self.access.path(route)
        self.good = self.access.body(route)

    def check(self, path: str, headers: dict[str, str], body: bytes | None) -> None:
        with transaction.atomic():
            before = fingerprint()
            answer = self.access.call(self.route, path, {**self.headers, **headers}, body)
            report = (
                f"{self.route.method} {path} {body!r:.500} {headers}: {answer.status_code} {answer.content[:300]!r}"
            )
            assert answer.status_code < 500, report
            if answer.status_code >= 400:
                assert fingerprint() == before, report
                assert answer.content, report
            transaction.set_rollback(True)


ROUTES = [pytest.param(route, id=f"{route.dialect} {route}") for route in routes()]


@pytest.fixture
def caller(route: Route) -> Caller:
    return Caller(route)


def tried(caller: Caller, *strategies: Any) -> None:
    """Run `caller.check` over the strategies for path, headers and body."""

    @FEW
    @given(*strategies)
    def check(path: str, headers: dict[str, str], body: bytes | None) -> None:
        caller.check(path, headers, body)

    typed: Callable[[], None] = check
    typed()


@pytest.mark.parametrize("route", [param for param in ROUTES if param.values[0].method != "GET"])
def test_bad_body_never_fails_the_desk_and_leaves_no_trace(route: Route, caller: Caller) -> None:
    tried(caller, st.just(caller.path), HEADERS, bodies(caller.good))


@pytest.mark.parametrize("route", [param for param in ROUTES if param.values[0].method in ("POST", "PUT", "PATCH")])
def test_white_space_is_not_an_empty_body(route: Route, caller: Caller) -> None:
    # What it would change may not be there.
    refusals = (400, 404) if caller.access.operation(route).get("granted") == 404 else (400,)
    for body in (b" ", b"\r\n", b"\x0b") if caller.good is not None else ():
        answer = caller.access.call(route, caller.path, caller.headers, body)
        assert answer.status_code in refusals, (body, answer.content)


@pytest.mark.parametrize("route", ROUTES)
def test_bad_query_or_path_never_fails_the_desk(route: Route, caller: Caller) -> None:
    body = st.just(None if route.method == "GET" else encode(caller.good or {}))
    paths = st.builds(lambda query: caller.path + query, QUERY)
    if route.parameters:
        odd = st.tuples(*(IDS for _ in route.parameters)).map(
            lambda ids: route.path.format(**dict(zip(route.parameters, ids, strict=True)))
        )
        paths = st.one_of(paths, odd)
    tried(caller, paths, HEADERS, body)
