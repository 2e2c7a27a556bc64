"""Measure what we promise to be fast: `make bench`, or `python -m tests.benchmarks --conversations 5000`.

Queries are counted in this process; times are those of a real web process over HTTP, interleaved round by round with a
bare view, so that a noisy machine disturbs all alike. Read the ratios. Benchmarks measure; tests never assert on time.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from accounts import clock, tenancy
from accounts.models import User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.models import Conversation
from tests import factories
from tests.benchmarks import streams

API = "/api/v1/conversations"
JSON = "application/json"


def seed(workspace: Workspace, count: int, agents: list[User]) -> None:
    """Conversations over the last month, through the verbs, a third of them answered."""
    rng, by, now = random.Random(7), Actor.system(workspace.pk), clock.now()
    contacts = [factories.ContactFactory(workspace=workspace) for _ in range(max(1, count // 8))]
    with tenancy.scope(workspace):
        for n in range(count):
            at = now - timedelta(minutes=rng.randrange(1, 60 * 24 * 30))
            conversation = actions.start(
                workspace=workspace,
                contact=rng.choice(contacts),
                subject=f"Order {n} has not arrived",
                body="It says delivered, but nothing came. Could you look into it, please?",
                by=by,
                at=at,
            )
            if n % 3 == 0:
                actions.reply(conversation=conversation, body="Looking into it.", by=by, at=at + timedelta(minutes=20))
            if n % 4 == 0:
                actions.assign(conversation=conversation, to=rng.choice(agents), by=by, at=at)
            if n % 5 == 0:
                actions.set_tags(conversation=conversation, names=["shipping", "vip"], by=by, at=at)


def queries(call: Callable[[], Any]) -> int:
    """How many statements a call sends; savepoints and transaction brackets count too."""
    call()
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def timed(client: httpx2.Client, path: str) -> float:
    started = time.perf_counter()
    response = client.get(path)
    elapsed = (time.perf_counter() - started) * 1000
    assert response.status_code == 200, (path, response.status_code)
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--streams", type=int, default=200)
    options = parser.parse_args()
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    process = None
    try:
        small, large = (factories.WorkspaceFactory(slug=slug) for slug in ("small", "large"))
        people = {}
        for workspace, count in ((small, 1), (large, options.conversations)):
            agent = factories.MembershipFactory(workspace=workspace, role=Role.AGENT).user
            people[workspace.slug] = (agent, factories.api_key(workspace)[1])
            started = time.perf_counter()
            seed(workspace, count, [agent])
            print(f"seeded {count} conversations in {time.perf_counter() - started:.1f} s")
        count_queries(people)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.web_process"],
            env={**os.environ, "PORT": str(port), "HOST": "127.0.0.1"},
        )
        measure(f"http://127.0.0.1:{port}", people["large"], options.rounds)
        streams.measure(large, people["large"][1], options.streams)
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        connection.creation.destroy_test_db("postgres", verbosity=0)


def count_queries(people: dict[str, tuple[User, str]]) -> None:
    """Print the statements of each call, in a workspace of one conversation and in the large one."""
    print(f"\n{'queries':34} {'1 row':>6} {'20+ rows':>9}")
    table: dict[str, list[int]] = {}
    for slug, (agent, key) in people.items():
        browser = Client()
        browser.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
        headers = {"Authorization": f"Bearer {key}"}
        api = Client(headers=headers)
        row = Conversation.all_workspaces.filter(workspace__slug=slug).latest("pk")
        one = f"{API}/{row.public_id}"
        calls: dict[str, Callable[[], Any]] = {
            "API list": lambda api=api: api.get(API),
            "API retrieve": lambda api=api, one=one: api.get(one),
            "API messages": lambda api=api, one=one: api.get(f"{one}/messages"),
            "inbox page": lambda browser=browser, slug=slug: browser.get(f"/w/{slug}/inbox?view=open"),
            "thread page": lambda browser=browser, slug=slug, row=row: browser.get(
                f"/w/{slug}/inbox/{row.number}?view=open"
            ),
            "API create": lambda api=api: api.post(
                API, {"subject": "x", "customer": {"id": "bench"}}, content_type=JSON
            ),
            "API message": lambda api=api, one=one: api.post(f"{one}/messages", {"body": "x"}, content_type=JSON),
        }
        for name, call in calls.items():
            table.setdefault(name, []).append(queries(call))
    for name, counts in table.items():
        print(f"{name:34} {counts[0]:>6} {counts[1]:>9}")


def measure(url: str, person: tuple[User, str], rounds: int) -> None:
    """Print p50 and p95 of each page, interleaved with the bare view."""
    agent, key = person
    browser = Client()
    browser.force_login(agent, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
            break
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    row = Conversation.all_workspaces.filter(workspace__slug="large").latest("pk")
    paths = {
        "bare view": "/bare",
        "API list of 20": API,
        "API retrieve": f"{API}/{row.public_id}",
        "inbox page": "/w/large/inbox?view=open",
        "thread page": f"/w/large/inbox/{row.number}?view=open",
    }
    times: dict[str, list[float]] = {name: [] for name in paths}
    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, cookies=cookies, trust_env=False
    ) as client:
        for path in paths.values():
            timed(client, path)
        for _ in range(rounds):
            for name, path in paths.items():
                times[name].append(timed(client, path))
    bare = statistics.median(times["bare view"])
    print(f"\n{'milliseconds over HTTP':34} {'p50':>6} {'p95':>6} {'× bare':>7}")
    for name, taken in times.items():
        p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        print(f"{name:34} {p50:>6.1f} {p95:>6.1f} {p50 / bare:>7.1f}")
