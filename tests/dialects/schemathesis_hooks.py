"""Schemathesis' settings for the desk; loaded by its command, not by the tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext

# An address as people have them: RFC 5322 allows much that no mail server takes, and the desk takes none of that.
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
schemathesis.openapi.format(
    "email", st.builds("{}@{}.example".format, st.text(_LETTERS, min_size=1, max_size=20), st.text("abc", min_size=1))
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A moment that the desk keeps: RFC 3339 has years that PostgreSQL, or a time zone at the edge, has not.
schemathesis.openapi.format(
    "date-time",
    st.integers(-(30 * 10**9), 250 * 10**9).map(
        lambda seconds: f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}Z"
    ),
)
NAMES_OF_ROWS = ("view", "assignee", "email_config_id")


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """What no document can say: values that are only good at their time, and Django's double submit of its token."""
    headers, query = case.headers or {}, case.query or {}
    if "X-CSRFToken" in headers:
        case.cookies = {**(case.cookies or {}), "csrftoken": headers["X-CSRFToken"]}
    is_good = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    # Short keys would soon be used again, with another body.
    if is_good and "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    # A cursor is opaque: only those that the desk gave are good.
    if is_good and "cursor" in query:
        del query["cursor"]
    # Nobody works there: a stream would wait for the assistant. And there is nothing to attach to under a new id.
    if case.operation.path.endswith("{project_id}/conversations") and case.operation.method == "post":
        headers["Accept"] = "application/json"
        case.headers = headers
        if is_good and isinstance(case.body, dict) and case.body.get("content") is None:
            case.body["content"] = "How long does a refund take?"
    # What names a row must name one that there is.
    for given in (query, case.body) if is_good else ():
        for name in NAMES_OF_ROWS if isinstance(given, dict) else ():
            given.pop(name, None)
    # Free JSON is kept as PostgreSQL and 64-bit readers can, which a schema cannot say of any depth.
    if is_good and isinstance(case.body, dict):
        case.body = _of_64_bits(case.body)


def _of_64_bits(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _of_64_bits(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_of_64_bits(inner) for inner in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return 1 if is_number and not -(2**63) <= value < 2**63 else value
