"""What a load balancer, a container runtime and an operator ask."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts import clock
from conversations.api import outages
from conversations.channels.discord import health as discord_health
from conversations.channels.email import health as email_health

PROBE_SIZE = 64 * 1024  # bytes
JOBS = """
    WITH due AS (
        SELECT queue_name, count(*) AS number, min(scheduled_at) AS scheduled, min(id) FILTER (WHERE scheduled_at IS NULL) AS oldest
        FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now() GROUP BY queue_name
    )
    SELECT queue_name, number, coalesce(extract(epoch FROM now() - least(
        scheduled, (SELECT min(at) FROM procrastinate_events WHERE job_id = oldest)
    )), 0) FROM due
"""
WORKER_OVERDUE = 60  # seconds without a heartbeat; workers send one every 10

_migrated = False  # Migrations are not taken back while a process runs: once true, it is not asked again.


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all; no database."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the desk can do its work, else 503; each part says `ok` or what is wrong with it."""
    parts = {
        "database": _database(),
        "migrations": "unknown",
        "worker": "unknown",
        "mailboxes": "unknown",
        "discord": "unknown",
        "storage": storage(),
    }
    if parts["database"] == "ok":
        parts["migrations"] = migrations()
    if parts["migrations"] == "ok":
        parts["worker"] = worker()
        parts["mailboxes"] = mailboxes()
        parts["discord"] = discord()
    # A mail server or Discord that is away, or a password that was changed there, is no reason to take this process out of the
    # rotation.
    spared = {"mailboxes", "discord"}
    # A bucket that is away is away for all: taking this process out of the rotation would help nobody, and stop reading.
    spared |= {"storage"} if settings.S3_BUCKET else set()
    sick = [name for name, state in parts.items() if state != "ok" and name not in spared]
    body: dict[str, Any] = {"status": "unavailable" if sick else "ok", "parts": parts}
    if sick:
        body["sick"] = sick[0]  # the first cause; the parts after it depend on it
    response = JsonResponse(body, status=503 if sick else 200)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # A probe a second is not an error a second.
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def storage() -> str:
    """Whether an upload can be kept: a small file is written where they are, and deleted at once. A bucket is asked for."""
    if probe := getattr(default_storage, "probe", None):
        return str(probe())
    try:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=settings.MEDIA_ROOT) as file:
            file.write(bytes(PROBE_SIZE))
            file.flush()
    except OSError as error:
        return "full" if outages.is_full(error) else f"cannot be written: {error.strerror}"
    return "ok"


def migrations() -> str:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return f"{len(pending)} not applied"
        _migrated = True
    return "ok"


def worker_seen() -> int | None:
    """Seconds since a worker was seen; None where none ever was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat))::int FROM procrastinate_workers")
        age: int | None = cursor.fetchone()[0]
    return age


def worker() -> str:
    if (age := worker_seen()) is None:
        return "none is running"
    return "ok" if age < WORKER_OVERDUE else f"last seen {age} s ago"


def mailboxes() -> str:
    """`ok`, or the public ids of the mailboxes of which mail may be missed; addresses are nobody's business here."""
    bad = [str(one.mailbox.public_id) for one in email_health.of_installation(clock.now()) if one.trouble]
    return f"trouble with {', '.join(bad)}" if bad else "ok"


def discord() -> str:
    """`ok`, or the public ids of the bots of which messages may be missed."""
    bad = [str(one.bot.public_id) for one in discord_health.of_installation(clock.now()) if one.trouble]
    return f"trouble with {', '.join(bad)}" if bad else "ok"


def jobs() -> dict[str, tuple[int, float]]:
    """The jobs that are due, by queue: how many, and the seconds that the oldest has been due."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS)
        return {queue: (number, float(age)) for queue, number, age in cursor.fetchall()}
