"""What Prometheus is shown: the sums of all web processes, what waits for the workers, and to whom."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts import tenancy
from accounts.models import Dispatch, QueuedMail, Workspace
from accounts.permissions import Actor
from config import doors, health
from config.server import metrics
from config.server.metrics import BOUNDS, PLACE, Metrics
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Delivery
from tests.factories import ConversationFactory
from tests.runtime.machine import DEADLINE, eventually, free_port, get, new_home, python, stop

TOKEN = "a-token-for-tests"
SHOWN = {"authorization": f"Bearer {TOKEN}"}


def figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(text: str, name: str, **labels: str) -> float:
    return figures(text)[name, tuple(sorted(labels.items()))]


# --- Counting -----------------------------------------------------------------------------------


def test_processes_count_in_one_memory_and_each_reads_the_sums() -> None:
    number = metrics.shared(2)
    try:
        os.environ[metrics.FILE] = f"{number},0"
        one = Metrics.inherited.__wrapped__(Metrics, ("a", "b"))  # type: ignore[attr-defined]
        os.environ[metrics.FILE] = f"{number},1"
        other = Metrics.inherited.__wrapped__(Metrics, ("a", "b"))  # type: ignore[attr-defined]
    finally:
        del os.environ[metrics.FILE]
        os.close(number)
    one.answered(0, 0, 200, 0.003)
    other.answered(0, 0, 200, 0.004)
    other.answered(1, 1, 503, 60.0)
    one.streams(1)
    other.streams(1)
    for process in (one, other):
        sums = process.sums()
        times = sums.times["a", "read"]
        assert (times[BOUNDS.index(0.005)], times[-1]) == (2, pytest.approx(0.007))
        assert sums.times["b", "write"][-2:] == [1, 60]  # beyond the last bound
        assert (sums.statuses["a", "2xx"], sums.statuses["b", "5xx"], sums.streams) == (2, 1, 2)


def test_process_that_starts_again_goes_on_counting_and_has_no_streams() -> None:
    memory = memoryview(bytearray(PLACE * 8)).cast("d")
    first = Metrics(("a",), memory)
    first.answered(0, 0, 200, 0.1)
    first.streams(1)
    again = Metrics(("a",), memory)
    again.answered(0, 0, 200, 0.1)
    assert (again.sums().statuses["a", "2xx"], again.sums().streams) == (2, 0)


def test_process_of_another_version_is_not_added_up_as_if_it_were_the_same() -> None:
    memory = memoryview(bytearray(2 * PLACE * 8)).cast("d")
    old, new = Metrics(("a", "b"), memory, 0), Metrics(("b", "a"), memory, 1)
    old.answered(0, 0, 200, 0.1)
    new.answered(0, 0, 200, 0.1)
    assert new.sums().statuses["b", "2xx"] == 1
    assert new.sums().statuses["a", "2xx"] == 0


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/v1/conversations", "woes"),
        ("/api/v1/conversations/", "bancroft"),
        ("/api/v1/internal/conversations", "hexclave"),
        ("/api/projects/@current/conversations/tickets", "posthog"),
        ("/api/schema", "docs"),
        ("/api/nothing/of/the/kind", "other"),
        ("/w/acme/inbox/7", "inbox"),
        ("/", "inbox"),
        ("/admin/accounts/user/", "admin"),
        ("/accounts/login/", "sign-in"),
        ("/static/app.css", "static"),
        ("/readyz", "health"),
        ("/wp-login.php", "other"),
        ("nonsense", "other"),
    ],
)
def test_every_path_has_one_of_a_few_doors(path: str, door: str) -> None:
    assert doors.names()[doors.door_of(path)] == door


# --- Who may read them --------------------------------------------------------------------------


@pytest.mark.django_db
def test_without_a_token_there_are_none() -> None:
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"])
def test_only_who_shows_the_token_reads_them(settings: Any, shown: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client(REMOTE_ADDR="127.0.0.1").get("/metrics", headers={"authorization": shown})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"parley_" not in answer.content


@pytest.mark.django_db
def test_they_are_read_and_not_written(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert Client().post("/metrics", headers=SHOWN).status_code == 405


# --- What waits ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_waits_for_a_worker_is_counted_with_its_age(settings: Any, acme: Workspace) -> None:
    settings.METRICS_TOKEN = TOKEN
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        Dispatch.objects.all().delete()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at) VALUES ('default', 'later', now() + interval '1 hour'),"
            " ('default', 'now', NULL), ('default', 'again', now() - interval '5 minutes'), ('made_up', 'x', NULL)"
        )
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '2 hours' WHERE type = 'deferred'")
    by = Actor.system(acme.pk)
    actions.identify(workspace=acme, email="ada@example.com", is_trusted=True, by=by, at=timezone.now())
    with tenancy.scope(acme):
        conversation = ConversationFactory(workspace=acme, door=Door(Channel.EMAIL, "email"))
        sent, failed = (
            actions.reply(conversation=conversation, body="On its way.", by=by, at=timezone.now()) for _ in range(2)
        )
        Delivery.objects.filter(message=sent).update(send_after=timezone.now() - timedelta(minutes=2))
        actions.mark_failed(delivery=failed.delivery, code="x", reason="No.", by=by, at=timezone.now())
    with connection.cursor() as cursor:  # now() stands still within the transaction of a test
        cursor.execute("UPDATE accounts_dispatch SET due_at = now() - interval '1 minute'")
    QueuedMail.all_workspaces.all().delete()
    for due_at in (timezone.now(), timezone.now() + timedelta(hours=1)):  # the other one was refused before
        QueuedMail.all_workspaces.create(workspace=acme, kind="reply", due_at=due_at)
    answer = Client().get("/metrics", headers=SHOWN)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert figure(text, "parley_jobs_waiting", queue="default") == 2
    assert figure(text, "parley_job_wait_seconds", queue="default") == 7200
    assert figure(text, "parley_jobs_waiting", queue="assistant") == 0
    assert "made_up" not in text  # no label that rows could make up
    assert figure(text, "parley_events_waiting") == Dispatch.objects.count() > 0
    assert figure(text, "parley_event_wait_seconds") == 60
    assert figure(text, "parley_mails_waiting") == 2
    assert (figure(text, "parley_replies_waiting"), figure(text, "parley_replies_failed")) == (1, 1)
    assert figure(text, "parley_reply_wait_seconds") >= 110
    assert ("parley_worker_seen_seconds", ()) not in figures(text)  # no worker was ever seen
    assert figure(text, "parley_database_up") == 1
    assert health.jobs()["default"][0] == 2


# --- A whole desk -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk() -> Iterator[str]:
    with new_home() as home:
        port = free_port()
        more = {"PORT": str(port), "WEB_PROCESSES": "2", "METRICS_TOKEN": TOKEN, "TRUSTED_PROXIES": "1"}
        process = python(home, "-m", "config.server", "run", **more)
        base = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: process.poll() is not None or get(f"{base}/readyz")[0] == 200, "the desk")
            assert process.poll() is None, process.communicate()[0]
            yield base
        finally:
            stop(process)


def scraped(base: str) -> str:
    # Each on a connection of its own, so that any of the two processes may answer.
    with urllib.request.urlopen(urllib.request.Request(f"{base}/metrics", headers=SHOWN), timeout=DEADLINE) as answer:
        return str(answer.read().decode())


def test_figures_are_of_all_processes_whichever_answers(desk: str) -> None:
    def called(_number: int) -> str:
        request = urllib.request.Request(f"{desk}/api/v1/conversations/?email=secret@example.com")
        try:
            urllib.request.urlopen(request, timeout=DEADLINE)
        except urllib.error.HTTPError as refused:
            return str(refused.headers["X-Request-Id"])
        raise AssertionError("a request without a key was let in")

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(called, range(100)))
    assert len(set(ids)) == 100
    texts = [scraped(desk) for _ in range(12)]
    for text in texts:
        assert figure(text, "parley_request_seconds_count", door="bancroft", kind="read") == 100
        assert figure(text, "parley_answers_total", door="bancroft", status="4xx") == 100
        assert figure(text, "parley_worker_seen_seconds") < 60
    assert not re.search("secret|example.com", texts[-1])
    labels = {value for (_, pairs) in figures(texts[-1]) for name, value in pairs if name == "door"}
    assert labels <= set(doors.names())


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("a.b_C-9", True),
        ("x" * 65, False),
        ("a b", False),
        ("-a", False),
        ('"', False),
    ],
)
def test_id_of_a_trusted_proxy_is_kept_where_it_is_short_and_plain(desk: str, given: str, is_kept: bool) -> None:
    request = urllib.request.Request(f"{desk}/accounts/login/", headers={"X-Request-Id": given})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        assert (answer.headers["X-Request-Id"] == given) == is_kept
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])
    assert json.loads(get(f"{desk}/healthz")[1]) == {"status": "ok"}
