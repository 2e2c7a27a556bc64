"""Every operation of every wire format, called by everyone who must not: a new format adds its `access.json`, no test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.permissions import scopes
from conversations.api import discovery
from tests import factories
from tests.dialects.access import Access
from tests.dialects.fingerprints import fingerprint
from tests.dialects.harness import Differs, Route, match, routes

pytestmark = pytest.mark.django_db
DIALECTS = [dialect.name for dialect in discovery.all_dialects()]
UNKNOWN = "parley_sv_000000000000_" + "a" * 49


def keys(access: Access, route: Route) -> Iterator[tuple[str, str | None, str]]:
    """Reasons to be refused, each with a key that is, and the key's kind."""
    scene = access.scene
    good = scene.names["server_key"]
    yield "missing", None, "server"
    for malformed in ("nonsense", UNKNOWN, good[:-1], good + "a", good.replace("_sv_", "_cl_"), "0" * 5000):
        yield "malformed", malformed, "server"
    for reason in ("revoked", "expired"):
        if reason not in scene.names:
            scene.add({"key": reason, reason: True})
        yield reason, scene.names[reason], "server"
    if (wanted := scope(route)) is not None:
        others = [one for one in scopes() if not one.startswith(wanted.split(":")[0])]
        if wanted.endswith(":write"):
            others.append(wanted.replace(":write", ":read"))
        yield "scope", factories.api_key(scene.workspace, scopes=others)[1], "server"
    yield "unproven", scene.names["client_key"], "client"


def scope(route: Route) -> str | None:
    view = route.pattern.callback
    action = view.actions[route.method.lower()]  # type: ignore[attr-defined]
    return view.cls.scopes.get(action)  # type: ignore[attr-defined]


def refused(access: Access, route: Route, reason: str, answer: Any) -> None:
    """Raises Differs unless the call was refused as the format says, or let in where it says null."""
    expected = access.refusal(route, reason)
    if expected is None:
        if answer.status_code >= 400:
            raise Differs(f"expected to be let in, got {answer.status_code}")
    elif answer.status_code != expected["status"]:
        raise Differs(f"expected {expected['status']}, got {answer.status_code}")
    elif "body" in expected:
        match(expected["body"], json.loads(answer.content), access.scene)


def cells(access: Access, route: Route) -> Iterator[tuple[str, str]]:
    """Each cell of the matrix: its name, and what is wrong with it ("" for nothing)."""
    body, path = access.body(route), access.path(route)
    for reason, secret, kind in keys(access, route):
        # A call that takes a person's session knows no keys: each of them is as good as none.
        reason = "missing" if "session" in access.operation(route) else reason
        before = fingerprint()
        answer = access.call(route, path, access.headers(route, secret, kind=kind), body)
        try:
            refused(access, route, reason, answer)
            changed = answer.status_code >= 400 and fingerprint() != before
            yield f"{reason} {str(secret)[:30]}", "rows were changed" if changed else ""
        except Differs as error:
            yield f"{reason} {str(secret)[:30]}", f"{error}: {answer.content[:300]!r}"
    yield "stranger", strangers_answer(access, route, body)
    yield "granted", good_answer(access, route, body)


def strangers_answer(access: Access, route: Route, body: Any) -> str:
    """A stranger who names what exists gets, byte for byte, what one gets who names what does not."""
    if "session" in access.operation(route):
        return ""
    theirs = {"kind": "server", "home": "elsewhere"}
    headers = access.headers(route, access.scene.names["elsewhere_key"], **theirs)
    before = fingerprint()
    answers = [
        access.call(route, access.path(route, missing=missing, home="elsewhere"), headers, body)
        for missing in (False, True)
    ]
    known, unknown = answers
    names_something = any("key_home" not in access.stated["parameters"][name] for name in route.parameters)
    if not names_something:
        hidden = [str(value.public_id) for value in access.scene.names.values() if hasattr(value, "conversation_id")]
        hidden.append(str(access.scene.workspace.public_id))
        return "shows a stranger what is ours" if any(one in known.content.decode() for one in hidden) else ""
    if (known.status_code, known.content) != (unknown.status_code, unknown.content):
        return f"{known.status_code} {known.content!r} for what exists, {unknown.status_code} {unknown.content!r} else"
    try:
        refused(access, route, "stranger", known)
    except Differs as error:
        return f"{error}: {known.content[:300]!r}"
    return "rows were changed" if fingerprint() != before else ""


def good_answer(access: Access, route: Route, body: Any) -> str:
    """The same call with a good credential is granted: the refusals were not for another reason."""
    operation = access.operation(route)
    if "session" in operation:
        headers = access.scene.fill(operation["session"])
    else:
        headers = access.headers(route, access.scene.names["server_key"])
    answer = access.call(route, access.path(route), headers, body)
    wanted = operation.get("granted", 200)
    return (
        "" if answer.status_code == wanted else f"expected {wanted}, got {answer.status_code} {answer.content[:300]!r}"
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_everyone_who_must_not_is_refused_in_the_formats_own_words(dialect: str, capsys: Any) -> None:
    access = Access(dialect)
    access.scene.add({"another": "elsewhere"})
    access.scene.add({"key": "elsewhere_key", "in": "elsewhere"})
    found, wrong = 0, []
    for route in routes():
        if route.dialect != dialect:
            continue
        for name, fault in cells(access, route):
            found += 1
            if fault:
                wrong.append(f"{route} | {name}: {fault}")
    with capsys.disabled():
        print(f"\n{dialect}: {found} cells")
    assert not wrong, "\n".join(wrong)
    assert found
