"""What is measured: each operation with its requests, and what proves that they were answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.benchmarks.scene import Scene, Target


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as both a socket and Django's test client can send it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    status: int = 200

    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()

    def raw(self) -> str:
        """The request over the wire, kept alive."""
        content = self.content()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", content.decode()])


Round = list[Request]
Proof = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Operation:
    """A name, the rounds of requests that loops take turns with, and what the last answer of each round has to show."""

    name: str
    group: str
    rounds: Callable[[Scene], list[Round]]
    proof: Proof
    writes: bool = False

    def __str__(self) -> str:
        return self.name


# --- Who sends ----------------------------------------------------------------------------------


def _bearer(scene: Scene) -> dict[str, str]:
    return {"Authorization": f"Bearer {scene.key}"}


def _bancroft(scene: Scene) -> dict[str, str]:
    return {"X-API-Key": scene.key}


def _hexclave(scene: Scene) -> dict[str, str]:
    return {
        "x-stack-access-type": "server",
        "x-stack-project-id": "internal",
        "x-stack-secret-server-key": scene.key,
    }


def _agent(scene: Scene) -> dict[str, str]:
    return {"Cookie": scene.agent}


def _admin(scene: Scene) -> dict[str, str]:
    return {"Cookie": scene.admin}


def _pane(scene: Scene) -> dict[str, str]:
    return {"Cookie": scene.agent, "HX-Request": "true", "HX-Target": "open"}


Headers = Callable[[Scene], dict[str, str]]

# --- What they send -----------------------------------------------------------------------------

WOES = "/api/v1/conversations"
BANCROFT = "/api/v1/conversations/"
HEXCLAVE = "/api/v1/internal/conversations"
POSTHOG = "/api/projects/@current/conversations/tickets"
INBOX = "/w/{slug}/inbox"
DIFFERENT = 400
"""Bodies that writing operations take turns with."""


def _gets(headers: Headers, *paths: str) -> Callable[[Scene], list[Round]]:
    """The same round each time."""
    return lambda scene: [[Request("GET", _filled(path, scene), headers(scene)) for path in paths]]


def _each(headers: Headers, *paths: str, of: str = "conversations") -> Callable[[Scene], list[Round]]:
    """One round for each of the scene's rows."""

    def rounds(scene: Scene) -> list[Round]:
        targets: Sequence[Target] = getattr(scene, of)
        return [[Request("GET", _filled(path, scene, one), headers(scene)) for path in paths] for one in targets]

    return rounds


def _filled(path: str, scene: Scene, one: Target | None = None) -> str:
    return path.format(
        slug=scene.slug,
        project=scene.project,
        word=quote(scene.word),
        late=max(0, scene.conversation_count - 25),
        late_ticket=max(0, scene.ticket_count - 25),
        id=one.id if one else "",
        number=one.number if one else "",
    )


def _home(scene: Scene) -> list[Round]:
    inbox = f"/w/{scene.slug}/inbox"
    return [[Request("GET", "/", _agent(scene), status=302), Request("GET", inbox, _agent(scene))]]


def _woes_create(scene: Scene) -> list[Round]:
    return [
        [
            Request(
                "POST",
                WOES,
                _bearer(scene),
                {
                    "subject": f"Order {n} has not arrived",
                    "message": "It says delivered, but nothing came. Could you look into it, please?",
                    "customer": {"id": f"bench-{n % 200}", "email": f"bench{n % 200}@example.com", "name": "Jo Bench"},
                },
                201,
            )
        ]
        for n in range(DIFFERENT)
    ]


def _bancroft_create(scene: Scene) -> list[Round]:
    return [
        [
            Request(
                "POST",
                f"{BANCROFT}create/",
                _bancroft(scene),
                {
                    "subject": f"Order {n} has not arrived",
                    "description": "It says delivered, but nothing came. Could you look into it, please?",
                    "user_email": f"bench{n % 200}@example.com",
                },
                201,
            )
        ]
        for n in range(DIFFERENT)
    ]


def _hexclave_create(scene: Scene) -> list[Round]:
    return [
        [
            Request(
                "POST",
                HEXCLAVE,
                _hexclave(scene),
                {
                    "projectId": scene.project,
                    "userId": scene.customers[n % len(scene.customers)],
                    "subject": f"Your migration {n}",
                    "initialMessage": "Did the import finish? We are still here to help.",
                    "priority": "normal",
                },
            )
        ]
        for n in range(DIFFERENT)
    ]


def _posthog_create(scene: Scene) -> list[Round]:
    return [
        [
            Request(
                "POST",
                POSTHOG,
                _bearer(scene),
                {
                    "title": f"Export {n} fails",
                    "message": "The file is empty, and has been since this morning.",
                    "priority": "high",
                    "anonymous_traits": {"email": f"bench{n % 200}@example.com"},
                },
                201,
            )
        ]
        for n in range(DIFFERENT)
    ]


def _reply(scene: Scene) -> list[Round]:
    return [
        [
            Request(
                "POST",
                f"{WOES}/{scene.conversations[n % len(scene.conversations)].id}/messages",
                _bearer(scene),
                {"role": "assistant", "body": f"We are looking into it, and will write again by {n % 12} o'clock."},
                201,
            )
        ]
        for n in range(DIFFERENT)
    ]


# --- What proves an answer ----------------------------------------------------------------------


def _lists(name: str, least: int = 25) -> Proof:
    return lambda text: len(json.loads(text)[name]) >= least


def _names(*keys: str) -> Proof:
    def proof(text: str) -> bool:
        value = json.loads(text)
        for key in keys:
            value = value[key]
        return bool(value)

    return proof


def _shows(*parts: str) -> Proof:
    return lambda text: all(part in text for part in parts)


# --- The table ----------------------------------------------------------------------------------

OPERATIONS = (
    Operation("list, Woes", "API lists", _gets(_bearer, f"{WOES}?status=open&limit=25"), _lists("conversations")),
    Operation("list, Bancroft", "API lists", _gets(_bancroft, f"{BANCROFT}?status=open&limit=25"), _lists("results")),
    Operation(
        "list, Hexclave",
        "API lists",
        _gets(_hexclave, HEXCLAVE + "?projectId={project}&status=open&limit=25"),
        _lists("conversations"),
    ),
    Operation("list, PostHog", "API lists", _gets(_bearer, f"{POSTHOG}?status=open&limit=25"), _lists("results")),
    Operation(
        "late page, Bancroft",
        "API lists",
        _gets(_bancroft, BANCROFT + "?limit=25&offset={late}"),
        _lists("results", 20),
    ),
    Operation(
        "late page, Hexclave",
        "API lists",
        _gets(_hexclave, HEXCLAVE + "?projectId={project}&limit=25&offset={late}"),
        _lists("conversations", 20),
    ),
    Operation(
        "late page, PostHog",
        "API lists",
        _gets(_bearer, POSTHOG + "?limit=25&offset={late_ticket}"),
        _lists("results", 20),
    ),
    Operation("retrieve, Woes", "API reads", _each(_bearer, WOES + "/{id}"), _names("conversation", "id")),
    Operation("retrieve, Bancroft", "API reads", _each(_bancroft, BANCROFT + "{id}/"), _names("id")),
    Operation("retrieve, PostHog", "API reads", _each(_bearer, POSTHOG + "/{id}", of="tickets"), _names("id")),
    Operation(
        "with messages, Woes", "API reads", _each(_bearer, WOES + "/{id}", WOES + "/{id}/messages"), _names("messages")
    ),
    Operation(
        "with messages, Bancroft",
        "API reads",
        _each(_bancroft, BANCROFT + "{id}/", BANCROFT + "{id}/messages/"),
        _names("results"),
    ),
    Operation(
        "with messages, Hexclave",
        "API reads",
        _each(_hexclave, HEXCLAVE + "/{id}?projectId={project}"),
        _names("messages"),
    ),
    Operation(
        "with messages, PostHog",
        "API reads",
        _each(_bearer, POSTHOG + "/{id}", POSTHOG + "/{id}/messages", of="tickets"),
        _names("results"),
    ),
    Operation("inbox page", "Screens", _gets(_agent, INBOX + "?view=open"), _shows("<!doctype html>", "</html>")),
    Operation("home with counts", "Screens", _home, _shows("</html>")),
    Operation("counts", "Screens", _gets(_agent, INBOX + "/counts?view=open"), _shows("view=open")),
    Operation("thread page", "Screens", _each(_agent, INBOX + "/{number}?view=open"), _shows("</html>")),
    Operation("pane of a click", "Screens", _each(_pane, INBOX + "/{number}?view=open"), _shows("view=open")),
    Operation(
        "admin's conversations",
        "Screens",
        _gets(_admin, "/admin/conversations/conversation/"),
        _shows("result_list", "</html>"),
    ),
    Operation("search page", "Searches", _gets(_agent, INBOX + "?view=open&q={word}"), _shows("</html>")),
    Operation(
        "search, Hexclave",
        "Searches",
        _gets(_hexclave, HEXCLAVE + "?projectId={project}&limit=25&query={word}"),
        _lists("conversations", 1),
    ),
    Operation("search, PostHog", "Searches", _gets(_bearer, POSTHOG + "?limit=25&search={word}"), _lists("results", 1)),
    Operation("create, Woes", "Writes", _woes_create, _names("conversation", "id"), writes=True),
    Operation("create, Bancroft", "Writes", _bancroft_create, _names("id"), writes=True),
    Operation("create, Hexclave", "Writes", _hexclave_create, _names("conversationId"), writes=True),
    Operation("create ticket, PostHog", "Writes", _posthog_create, _names("id"), writes=True),
    Operation("reply, worker running", "Writes", _reply, _names("message"), writes=True),
)
"""In the order in which they are measured: what writes comes last."""
