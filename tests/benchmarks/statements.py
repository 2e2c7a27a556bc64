"""How many statements an operation sends, counted in this process; savepoints and the brackets of transactions count too."""

from __future__ import annotations

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.benchmarks.operations import Operation, Request, Round
from tests.benchmarks.scene import Scene


class NotProven(AssertionError):
    """An answer that is not what its operation asks for."""


def played(operation: Operation, rounds: list[Round]) -> list[str]:
    """Send the first round, which has to prove itself; the bodies of its answers."""
    bodies = []
    for request in rounds[0]:
        answer = _send(request)
        bodies.append(answer.content.decode())
        if answer.status_code != request.status:
            raise NotProven(f"{operation}: {request.path} was answered {answer.status_code}: {bodies[-1][:500]}")
    if not operation.proof(bodies[-1]):
        raise NotProven(f"{operation}: {rounds[0][-1].path} was answered {bodies[-1][:1000]}")
    return bodies


def counted(operation: Operation, scene: Scene) -> tuple[int, list[int]]:
    """The statements of a round, and how long its answers are. The round before it has filled what is kept in a process."""
    rounds = operation.rounds(scene)[:1]
    played(operation, rounds)
    with CaptureQueriesContext(connection) as captured:
        bodies = played(operation, rounds)
    return len(captured), [len(body.encode()) for body in bodies]


def _send(request: Request) -> HttpResponse:
    client = Client(raise_request_exception=False)
    headers = {name: value for name, value in request.headers.items() if name != "Cookie"}
    client.cookies.load(request.headers.get("Cookie", ""))
    return client.generic(  # type: ignore[return-value]
        request.method,
        request.path,
        data=request.content(),
        content_type="application/json" if request.body is not None else "application/octet-stream",
        headers={"Host": "127.0.0.1", **headers},
    )
