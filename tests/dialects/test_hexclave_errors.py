"""How the Hexclave wire format refuses: credentials, known errors, plain texts, and what every answer carries."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.test import Client

from accounts import actions as account_actions
from accounts import clock
from accounts.models import ApiKey, KeyKind, Workspace
from accounts.permissions import Actor
from conversations.models import Contact, Conversation, Message
from tests.conftest import Key
from tests.dialects.hexclave_client import AGENT, CUSTOMER, Api, agent, customer, token, violations
from tests.factories import ConversationFactory, api_key

pytestmark = pytest.mark.django_db

KEY_HEADERS = ("x-stack-publishable-client-key", "x-stack-secret-server-key", "x-stack-super-secret-admin-key")


@pytest.fixture
def mira(acme: Workspace) -> Api:
    return customer(acme)


@pytest.fixture
def team(acme: Workspace) -> Api:
    return agent(acme)


def refused(answer: Any, status: int, code: str, **details: Any) -> str:
    """The words of a known error, which is JSON with an indent of two, its code in both headers."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    assert answer["X-Stack-Known-Error"] == answer["X-Hexclave-Known-Error"] == code
    body = answer.json()
    assert list(body) == (["code", "details", "error"] if details else ["code", "error"])
    assert body.get("details", {}) == details
    assert answer.content.decode() == json.dumps(body, indent=2, ensure_ascii=False)
    return str(body["error"])


def plain(answer: Any, status: int) -> str:
    """A refusal in plain text, which has no code."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8"), answer.content
    assert "X-Stack-Known-Error" not in answer
    return str(answer.content.decode())


# --- Access type, project and key ---------------------------------------------------------------


SOME_ID = "5a51ee79-91da-428f-a510-25ccd9074ae5"


@pytest.mark.parametrize("path", [CUSTOMER, f"{CUSTOMER}/{SOME_ID}", AGENT, f"{AGENT}/{SOME_ID}"])
def test_call_without_any_header_needs_an_access_type(db: None, path: str) -> None:
    refused(Api({}).get(path), 400, "ACCESS_TYPE_REQUIRED")
    refused(Api({"x-stack-project-id": "internal"}).get(path), 400, "ACCESS_TYPE_REQUIRED")


@pytest.mark.parametrize("header", [*KEY_HEADERS, "x-stack-admin-access-token", "x-hexclave-secret-server-key"])
@pytest.mark.parametrize("path", [CUSTOMER, AGENT])
def test_key_without_an_access_type_is_refused(db: None, path: str, header: str) -> None:
    refused(Api({header: "some"}).get(path), 400, "PROJECT_KEY_WITHOUT_ACCESS_TYPE")


@pytest.mark.parametrize("kind", ["Client", "user", "internal"])
def test_other_access_types_are_refused(mira: Api, kind: str) -> None:
    refused(mira.get(CUSTOMER, **{"x-stack-access-type": kind}), 400, "INVALID_ACCESS_TYPE")


@pytest.mark.parametrize("kind", ["client", "server", "admin"])
def test_access_type_needs_a_project(db: None, kind: str) -> None:
    answer = Api({"x-stack-access-type": kind}).get(CUSTOMER)
    refused(answer, 400, "ACCESS_TYPE_WITHOUT_PROJECT_ID", request_type=kind)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("path", [CUSTOMER, AGENT])
def test_another_current_project_is_answered_as_a_missing_one(
    mira: Api, team: Api, globex: Workspace, path: str, known: bool
) -> None:
    some = str(globex.public_id if known else uuid.uuid4())
    api = mira if path == CUSTOMER else team
    answer = api.get(path, **{"x-stack-project-id": some})
    refused(answer, 400, "CURRENT_PROJECT_NOT_FOUND", project_id=some)


@pytest.mark.parametrize("some", ["internal", "acme", "1", "nothing", "9a3e5f10-6b7c-4d28-8e91-0c4f2b6d7a35"])
def test_customers_name_their_project_by_its_public_id(mira: Api, some: str) -> None:
    answer = mira.get(CUSTOMER, **{"x-stack-project-id": some, "x-stack-publishable-client-key": ""})
    refused(answer, 400, "CURRENT_PROJECT_NOT_FOUND", project_id=some)


def test_agents_may_name_their_own_project_in_the_header(team: Api, acme: Workspace) -> None:
    own = str(acme.public_id)
    assert team.get(f"{AGENT}?projectId={own}", **{"x-stack-project-id": own}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "header", "missing", "wrong"),
    [
        ("client", KEY_HEADERS[0], "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT", "INVALID_PUBLISHABLE_CLIENT_KEY"),
        ("server", KEY_HEADERS[1], "SERVER_AUTHENTICATION_REQUIRED", "INVALID_SECRET_SERVER_KEY"),
        ("admin", KEY_HEADERS[2], "ADMIN_AUTHENTICATION_REQUIRED", "INVALID_SUPER_SECRET_ADMIN_KEY"),
    ],
)
def test_key_is_missing_or_wrong(acme: Workspace, kind: str, header: str, missing: str, wrong: str) -> None:
    own = {"project_id": str(acme.public_id)}
    api = Api({"x-stack-access-type": kind, "x-stack-project-id": own["project_id"]})
    for path in (CUSTOMER, AGENT):
        refused(api.get(path), 401, missing, **(own if kind == "client" else {}))
        other_kind = api_key(acme, kind=KeyKind.SERVER if kind == "client" else KeyKind.CLIENT)[1]
        for secret in ("pck_example", "nonsense", "parley_sv_000000000000_" + "a" * 49, other_kind):
            refused(api.get(path, **{header: secret}), 401, wrong, **own)


def test_branch_is_main_and_is_looked_at_after_the_key(mira: Api) -> None:
    assert mira.get(CUSTOMER, **{"x-stack-branch-id": "main"}).status_code == 200
    other = {"x-stack-branch-id": "dev"}
    refused(mira.get(CUSTOMER, **other), 400, "BRANCH_DOES_NOT_EXIST", branch_id="dev")
    wrong = mira.get(CUSTOMER, **other, **{"x-stack-publishable-client-key": "pck_x"})
    assert wrong.json()["code"] == "INVALID_PUBLISHABLE_CLIENT_KEY"


@pytest.mark.parametrize("kind", ["server", "admin"])
def test_customer_routes_take_clients_alone(acme: Workspace, kind: str) -> None:
    api = Api(
        {
            "x-stack-access-type": kind,
            "x-stack-project-id": str(acme.public_id),
            KEY_HEADERS[1 if kind == "server" else 2]: api_key(acme)[1],
            "x-stack-access-token": token(acme),
        }
    )
    for answer in (api.get(f"{CUSTOMER}?nonsense=1"), api.post(CUSTOMER, {})):
        refused(answer, 401, "INSUFFICIENT_ACCESS_TYPE", actual_access_type=kind, allowed_access_types=["client"])


def test_client_key_never_reaches_agent_routes(mira: Api, acme: Workspace) -> None:
    for project in ("internal", str(acme.public_id)):
        for answer in (
            mira.get(f"{AGENT}?projectId={acme.public_id}", **{"x-stack-project-id": project}),
            mira.post(AGENT, {}, **{"x-stack-project-id": project}),
        ):
            refused(
                answer,
                401,
                "INSUFFICIENT_ACCESS_TYPE",
                actual_access_type="client",
                allowed_access_types=["server", "admin"],
            )


def test_server_key_stands_in_for_an_admin_key(acme: Workspace) -> None:
    api = Api(
        {
            "x-stack-access-type": "admin",
            "x-stack-project-id": "internal",
            "x-stack-super-secret-admin-key": api_key(acme)[1],
        }
    )
    assert api.get(f"{AGENT}?projectId={acme.public_id}").status_code == 200


def test_bearer_key_says_its_access_type_itself(acme: Workspace, acme_key: Key) -> None:
    assert Api(acme_key.bearer).get(f"{AGENT}?projectId={acme.public_id}").status_code == 200
    answer = Api(acme_key.bearer).get(CUSTOMER)
    refused(answer, 401, "INSUFFICIENT_ACCESS_TYPE", actual_access_type="server", allowed_access_types=["client"])
    client = {"Authorization": f"Bearer {api_key(acme, kind=KeyKind.CLIENT)[1]}"}
    assert violations(Api(client).get(CUSTOMER)) == ["auth.user must be defined"]
    assert Api({**client, "x-stack-access-token": token(acme)}).get(CUSTOMER).status_code == 200
    for secret, code in (("parley_cl_x", "INVALID_PUBLISHABLE_CLIENT_KEY"), ("x", "INVALID_SECRET_SERVER_KEY")):
        refused(Api({"Authorization": f"Bearer {secret}"}).get(AGENT), 401, code, project_id="internal")


def test_bearer_key_may_come_with_the_other_headers(acme: Workspace, acme_key: Key) -> None:
    headers = {**acme_key.bearer, "x-stack-access-type": "server", "x-stack-project-id": "internal"}
    assert Api(headers).get(f"{AGENT}?projectId={acme.public_id}").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [(["conversation:read"], 200, 403), (["conversation:write"], 200, 200), (["ticket:write"], 403, 403)],
)
def test_scopes_decide_what_a_key_does(acme: Workspace, scopes: list[str], reads: int, writes: int) -> None:
    row = ConversationFactory(workspace=acme)
    api = agent(acme, scopes=scopes)
    body = {"projectId": str(acme.public_id), "type": "reply", "body": "Hello"}
    read = api.get(f"{AGENT}?projectId={acme.public_id}")
    written = api.patch(f"{AGENT}/{row.public_id}", body)
    assert (read.status_code, written.status_code) == (reads, writes)
    for answer, scope in ((read, "conversation:read"), (written, "conversation:write")):
        if answer.status_code == 403:
            assert scope in plain(answer, 403)


def test_allowed_origins_are_enforced(mira: Api, acme: Workspace) -> None:
    ApiKey.all_workspaces.update(allowed_origins=["https://shop.example"])
    plain(mira.get(CUSTOMER), 403)
    plain(mira.get(CUSTOMER, Origin="https://evil.example"), 403)
    good = mira.get(CUSTOMER, Origin="https://shop.example")
    assert (good.status_code, good["Access-Control-Allow-Origin"]) == (200, "*")
    exposed = good["Access-Control-Expose-Headers"].lower()
    for name in ("known-error", "actual-status", "request-id"):
        assert f"x-stack-{name}" in exposed
        assert f"x-hexclave-{name}" in exposed


# --- The access token ---------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {"subject": "x", "message": "y"})])
def test_customer_routes_need_a_user(mira: Api, method: str, body: Any) -> None:
    del mira.headers["x-stack-access-token"]
    assert violations(mira.call(method, CUSTOMER, body)) == ["auth.user must be defined"]
    path = f"{CUSTOMER}/nonsense?x=1"
    assert violations(mira.get(path)) == [
        "auth.user must be defined",
        "params.conversationId must be a valid UUID",
        "query contains unknown properties: x",
    ]


def signed(workspace: Workspace, **claims: Any) -> dict[str, str]:
    given = {"sub": "mira", "exp": clock.now() + timedelta(hours=1), **claims}
    made = jwt.encode({k: v for k, v in given.items() if v is not None}, workspace.identity_secret, algorithm="HS256")
    return {"x-stack-access-token": made}


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"exp": None},
        {"sub": ""},
        {"sub": "  "},
        {"sub": 12},
        {"sub": "x" * 401},
        {"sub": "nul\x00"},
        {"sub": "\ud800"},
        {"email": "no-address"},
        {"name": "x" * 401},
        {"exp": "soon"},
        {"exp": []},
    ],
)
def test_token_that_says_nonsense_is_unparsable(mira: Api, acme: Workspace, claims: dict[str, Any]) -> None:
    for answer in (
        mira.get(CUSTOMER, **signed(acme, **claims)),
        mira.post(CUSTOMER, {"subject": "x", "message": "y"}, **signed(acme, **claims)),
    ):
        refused(answer, 401, "UNPARSABLE_ACCESS_TOKEN")
    assert not Contact.all_workspaces.exists()


@pytest.mark.parametrize("made", ["nonsense", "a.b.c", "é", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtaXJhIn0."])
def test_token_that_is_none_is_unparsable(mira: Api, made: str) -> None:
    refused(mira.get(CUSTOMER, **{"x-stack-access-token": made}), 401, "UNPARSABLE_ACCESS_TOKEN")


def test_token_of_another_algorithm_or_secret_is_unparsable(mira: Api, acme: Workspace) -> None:
    claims = {"sub": "mira", "exp": clock.now() + timedelta(hours=1)}
    for made in (
        jwt.encode(claims, "another secret of thirty-two letters", algorithm="HS256"),
        jwt.encode(claims, acme.identity_secret, algorithm="HS512"),
        jwt.encode(claims, None, algorithm="none"),
    ):
        refused(mira.get(CUSTOMER, **{"x-stack-access-token": made}), 401, "UNPARSABLE_ACCESS_TOKEN")


def test_expired_token_tells_whose_it_was(mira: Api, acme: Workspace) -> None:
    old = clock.now() - timedelta(days=1)
    made = token(acme, lifetime=timedelta(minutes=1), at=old)
    refused(
        mira.get(CUSTOMER, **{"x-stack-access-token": made}),
        401,
        "ACCESS_TOKEN_EXPIRED",
        expired_at_millis=int((old + timedelta(minutes=1)).timestamp()) * 1000,
        project_id=str(acme.public_id),
        user_id="mira",
        refresh_token_id=None,
    )


def test_token_of_another_project_is_named_so(mira: Api, acme: Workspace, globex: Workspace) -> None:
    expected = {"expected_project_id": str(acme.public_id), "actual_project_id": str(globex.public_id)}
    foreign = {"x-stack-access-token": token(globex)}
    misdirected = signed(acme, aud=str(globex.public_id))
    for headers in (foreign, misdirected):
        refused(mira.get(CUSTOMER, **headers), 401, "INVALID_PROJECT_FOR_ACCESS_TOKEN", **expected)


def test_claims_that_are_no_text_are_reported_without_a_crash(mira: Api, acme: Workspace) -> None:
    answer = mira.get(CUSTOMER, **signed(acme, aud="\ud800"))
    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_PROJECT_FOR_ACCESS_TOKEN")
    for claims in ({"sub": "\ud800", "exp": 1}, {"exp": -(10**30)}, {"exp": 10**30}):
        assert mira.get(CUSTOMER, **signed(acme, **claims)).status_code in (200, 401)


def test_token_of_the_secret_before_a_rotation_is_good(mira: Api, acme: Workspace) -> None:
    account_actions.rotate_identity_secret(workspace=acme, by=Actor.system(acme.pk), at=clock.now())
    assert mira.get(CUSTOMER).status_code == 200


def test_anonymous_and_restricted_users_are_taken_when_the_caller_says_so(mira: Api, acme: Workspace) -> None:
    anonymous = signed(acme, is_anonymous=True)
    refused(mira.get(CUSTOMER, **anonymous), 401, "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED")
    restricted = signed(acme, is_restricted=True, restricted_reason={"type": "email_not_verified"})
    reason = {"type": "email_not_verified"}
    refused(mira.get(CUSTOMER, **restricted), 403, "RESTRICTED_USER_NOT_ALLOWED", restricted_reason=reason)
    allow = {"x-stack-allow-anonymous-user": "true"}
    assert mira.get(CUSTOMER, **anonymous, **allow).status_code == 200
    assert mira.get(CUSTOMER, **restricted, **allow).status_code == 200
    assert mira.get(CUSTOMER, **restricted, **{"x-hexclave-allow-restricted-user": "true"}).status_code == 200


# --- The order of the checks --------------------------------------------------------------------


def test_body_is_read_before_anyone_is_asked_who_they_are(db: None) -> None:
    for path in (f"{AGENT}/{uuid.uuid4()}", f"{CUSTOMER}/{uuid.uuid4()}"):
        refused(Api({}).patch(path, "{"), 400, "BODY_PARSING_ERROR")
        refused(Api({}).patch(path, "{}"), 400, "ACCESS_TYPE_REQUIRED")


def test_checks_come_in_the_documented_order(team: Api, acme: Workspace, globex: Workspace) -> None:
    row = ConversationFactory(workspace=acme)
    path = f"{AGENT}/{row.public_id}"
    missing = f"{AGENT}/{uuid.uuid4()}"
    foreign = str(globex.public_id)
    same = {"type": "status", "status": "open"}
    assert team.patch(f"{AGENT}/nonsense", {"projectId": foreign, **same}).json()["code"] == "SCHEMA_ERROR"
    assert team.patch(missing, {"projectId": foreign, **same}).json()["code"] == "PROJECT_NOT_FOUND"
    assert plain(team.patch(missing, {"projectId": str(acme.public_id), **same}), 404) == "Conversation not found."
    assert plain(team.patch(path, {"projectId": str(acme.public_id), **same}), 400) == "Conversation is already open."


# --- Bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ["{", "[1,", '{"subject": NaN}', "[" * 5000, b"\xff\xfe", b'{"a": "\xc3"}', "'x'"],
)
def test_body_that_is_no_json_is_a_known_error(mira: Api, body: Any) -> None:
    refused(mira.post(CUSTOMER, body), 400, "BODY_PARSING_ERROR")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"subject": "\\ud800", "message": "x"}', "body.subject"),
        ('{"subject": "x", "message": "half \\udc00"}', "body.message"),
        ('{"subject": "x", "message": ' + "9" * 5000 + "}", "body.message"),
        ('{"subject": "x", "message": "y", "\\ud800": 1}', "body"),
    ],
)
def test_value_that_nothing_can_hold_is_named(mira: Api, body: str, path: str) -> None:
    (line,) = violations(mira.post(CUSTOMER, body))
    assert line.startswith(f"{path}: This ")
    assert not Conversation.all_workspaces.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"])
def test_body_of_another_kind_is_a_known_error(mira: Api, kind: str) -> None:
    answer = mira.client.generic("POST", CUSTOMER, "subject=x", content_type=kind, headers=mira.headers)
    refused(answer, 400, "BODY_PARSING_ERROR")


def test_body_over_the_limit_is_413_in_plain_text(mira: Api, team: Api) -> None:
    plain(mira.post(CUSTOMER, {"subject": "x", "message": "x" * 1_100_000}), 413)
    plain(team.patch(f"{AGENT}/{uuid.uuid4()}", {"body": "x" * 1_100_000}), 413)


def test_message_longer_than_the_desk_keeps_is_a_schema_error(mira: Api) -> None:
    answer = mira.post(CUSTOMER, {"subject": "x", "message": "x" * 1_000_001})
    assert violations(answer) == ["body.message must be at most 1000000 characters"]


def test_body_of_a_get_is_ignored(mira: Api) -> None:
    assert mira.call("GET", CUSTOMER, "{").status_code == 200


def test_long_values_are_cut_in_the_answer(mira: Api) -> None:
    wrong = mira.post(CUSTOMER, {"subject": ["x" * 100_000], "message": "y"})
    assert len(wrong.content) < 5000
    unknown = mira.post(CUSTOMER, {"subject": "x", "message": "y", **{f"{'k' * 5000}{n}": n for n in range(50)}})
    assert len(unknown.content) < 6000


@pytest.mark.parametrize("levels", [200, 300, 1000])
def test_deep_values_are_refused_without_a_crash(mira: Api, team: Api, acme: Workspace, levels: int) -> None:
    deep = "[" * levels + "]" * levels
    violations(mira.post(CUSTOMER, f'{{"subject": {deep}, "message": "y"}}'))
    body = f'{{"projectId": "{acme.public_id}", "type": "reply", "body": {deep}}}'
    violations(team.patch(f"{AGENT}/{uuid.uuid4()}", body))
    violations(mira.post(CUSTOMER, deep))


def test_idempotency_key_has_at_most_255_characters(mira: Api) -> None:
    answer = mira.post(CUSTOMER, {"subject": "x", "message": "y"}, **{"Idempotency-Key": "k" * 256})
    assert violations(answer) == ["Idempotency-Key: has at most 255 characters"]
    assert not Conversation.all_workspaces.exists()


# --- What every answer carries ------------------------------------------------------------------


def test_every_answer_has_an_id_and_is_not_kept(mira: Api, team: Api) -> None:
    answers = [
        mira.get(CUSTOMER),
        mira.post(CUSTOMER, {}),
        team.get(AGENT),
        mira.get("/api/v1/internal/nothing"),
        mira.call("DELETE", CUSTOMER),
        mira.call("OPTIONS", CUSTOMER),
    ]
    ids = set()
    for answer in answers:
        assert answer["X-Stack-Request-Id"] == answer["X-Hexclave-Request-Id"]
        assert answer["Cache-Control"] == "no-store, max-age=0"
        ids.add(answer["X-Stack-Request-Id"])
    assert len(ids) == len(answers)


def test_json_is_indented_for_browsers(mira: Api) -> None:
    compact = mira.get(CUSTOMER, Accept="application/json").content
    assert compact == b'{"conversations":[],"has_more":false}'
    indented = mira.get(CUSTOMER, Accept="text/html,application/xhtml+xml").content
    assert indented == b'{\n  "conversations": [],\n  "has_more": false\n}'


@pytest.mark.parametrize("name", ["x-stack-override-error-status", "x-hexclave-override-error-status"])
@pytest.mark.parametrize("value", ["true", "", "no"])
def test_refusals_can_be_had_as_200(mira: Api, team: Api, acme: Workspace, name: str, value: str) -> None:
    row = ConversationFactory(workspace=acme)
    body = {"projectId": str(acme.public_id), "type": "status", "status": "open"}
    for answer, status in (
        (mira.get(f"{CUSTOMER}?x=1", **{name: value}), 400),
        (mira.get(f"{CUSTOMER}/{uuid.uuid4()}", **{name: value}), 404),
        (mira.get(CUSTOMER, **{name: value, "x-stack-publishable-client-key": "x"}), 401),
        (team.patch(f"{AGENT}/{row.public_id}", body, **{name: value}), 400),
        (mira.get("/api/v1/internal/nothing", **{name: value}), 404),
        (mira.call("PUT", CUSTOMER, {}, **{name: value}), 405),
    ):
        assert answer.status_code == 200
        assert answer["X-Stack-Actual-Status"] == answer["X-Hexclave-Actual-Status"] == str(status)
    good = mira.get(CUSTOMER, **{name: value})
    assert "X-Stack-Actual-Status" not in good
    assert Message.all_workspaces.count() == 1


def test_hexclave_headers_say_the_same_and_win(mira: Api) -> None:
    twins = {name.replace("x-stack-", "x-hexclave-"): value for name, value in mira.headers.items()}
    assert Api(twins).get(CUSTOMER).status_code == 200
    both = {**dict.fromkeys(mira.headers, "nonsense"), **twins}
    assert Api(both).get(CUSTOMER).status_code == 200


@pytest.mark.parametrize(
    "path",
    [CUSTOMER, f"{CUSTOMER}/x", AGENT, f"{AGENT}/x", "/api/v1/internal/feedback", "/api/v1/internal/nothing"],
)
def test_options_is_answered_empty_and_permissively(db: None, path: str) -> None:
    for headers in ({}, {"Origin": "https://x.example", "Access-Control-Request-Method": "PATCH"}):
        answer = Api(headers).call("OPTIONS", path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS"
        assert answer["Access-Control-Max-Age"] == "86400"
        allowed = answer["Access-Control-Allow-Headers"].lower()
        for name in ("access-type", "project-id", "publishable-client-key", "access-token", "override-error-status"):
            assert f"x-stack-{name}" in allowed
            assert f"x-hexclave-{name}" in allowed
        assert "authorization" in allowed


# --- Paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", CUSTOMER, "GET, HEAD, OPTIONS, POST"),
        ("PUT", CUSTOMER, "GET, HEAD, OPTIONS, POST"),
        ("POST", f"{CUSTOMER}/x", "GET, HEAD, OPTIONS, PATCH"),
        ("DELETE", f"{AGENT}/x", "GET, HEAD, OPTIONS, PATCH"),
        ("GET", "/api/v1/internal/feedback", "OPTIONS, POST"),
    ],
)
def test_wrong_method_is_405_in_plain_text(mira: Api, method: str, path: str, allowed: str) -> None:
    answer = mira.call(method, path)
    plain(answer, 405)
    assert answer["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/internal/nothing",
        "/api/latest/nothing",
        "/api/latest",
        f"{CUSTOMER}/",
        f"{AGENT}/",
        f"{AGENT}/x/messages",
        "/api/v1/internal/dogfood/support",
    ],
)
def test_unknown_path_is_404_in_plain_text_with_the_url(mira: Api, path: str) -> None:
    assert path in plain(mira.get(path), 404)


def test_latest_is_the_same_as_the_first_version(mira: Api, team: Api, acme: Workspace) -> None:
    made = mira.post(CUSTOMER.replace("v1", "latest"), {"subject": "x", "message": "y"}).json()["conversation_id"]
    for api, path in (
        (mira, CUSTOMER),
        (mira, f"{CUSTOMER}/{made}"),
        (team, f"{AGENT}?projectId={acme.public_id}"),
        (team, f"{AGENT}/{made}?projectId={acme.public_id}"),
    ):
        first, latest = api.get(path), api.get(path.replace("v1", "latest"))
        assert (latest.status_code, latest.content) == (first.status_code, first.content) == (200, first.content)
    assert violations(mira.get(f"{CUSTOMER.replace('v1', 'latest')}?x=1")) == ["query contains unknown properties: x"]


def test_head_is_answered(mira: Api) -> None:
    answer = mira.call("HEAD", CUSTOMER)
    assert (answer.status_code, answer.content) == (200, b"")


def test_no_cookie_and_no_crash_without_headers_at_all(db: None) -> None:
    answer = Client().get(CUSTOMER)
    assert answer.status_code == 400
    assert not answer.cookies
