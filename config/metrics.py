"""`/metrics`, for Prometheus: few figures, each with a question that it answers (docs/operating.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from accounts import clock, replica
from accounts.background import Jobs
from config import doors, health
from config.server.metrics import BOUNDS, Metrics, Sums
from conversations.background import PARTS
from conversations.channels.discord import health as discord_health
from conversations.channels.email import health as email_health

if TYPE_CHECKING:
    from prometheus_client.core import Metric

OUTBOX = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM accounts_dispatch WHERE due_at <= now()
"""
# Those that were not taken by the mail server wait too, though they are not due before they are tried again.
MAILS = "SELECT count(*) FROM accounts_queuedmail"
# By the indexes of what is due and of what failed.
REPLIES = """
    WITH leaving AS (
        SELECT send_after FROM conversations_delivery
        WHERE state IN ('scheduled', 'sending') AND state = 'sending' AND held_at IS NULL
    )
    SELECT (SELECT count(*) FROM leaving), (SELECT coalesce(extract(epoch FROM now() - min(send_after)), 0) FROM leaving),
        (SELECT count(*) FROM conversations_delivery WHERE state = 'failed')
"""


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for a caller who shows METRICS_TOKEN. An address proves nothing: a proxy on this machine has ours."""
    if not settings.METRICS_TOKEN:
        raise Http404("there is no METRICS_TOKEN")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        return HttpResponse(
            "Show METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )
    # Loaded by the process that is asked, and only then: it takes two megabytes.
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector

    class Figures(Collector):
        def collect(self) -> Iterable[Metric]:
            yield from _of_requests(Metrics.inherited(doors.names()).sums())
            yield from _of_the_database()
            yield from _of_the_replica()

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encoder(registry), content_type=content_type, headers={"Cache-Control": "no-store"})


def _of_requests(sums: Sums) -> Iterator[Metric]:
    """What the web processes have counted. A door that nobody has used is left out."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    times = HistogramMetricFamily(
        "parley_request_seconds", "From a whole request to the beginning of its answer.", labels=["door", "kind"]
    )
    for labels, counted in sums.times.items():
        *buckets, seconds = counted
        if not any(buckets):
            continue
        so_far, listed = 0.0, []
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
            so_far += number
            listed.append((bound, so_far))
        times.add_metric(labels, buckets=listed, sum_value=seconds)
    yield times
    answers = CounterMetricFamily("parley_answers", "Answers by class of status.", labels=["door", "status"])
    for labels, number in sums.statuses.items():
        if number:
            answers.add_metric(labels, number)
    yield answers
    yield GaugeMetricFamily("parley_streams", "Live responses that are open.", value=sums.streams)
    yield GaugeMetricFamily("parley_connections", "Connections of clients that are open.", value=sums.connections)


def _of_the_database() -> Iterator[Metric]:
    """What waits for the workers, the same for every process. Without a database there is only that it is away."""
    from prometheus_client.core import GaugeMetricFamily

    up = GaugeMetricFamily("parley_database_up", "Whether the database answers.", value=1)
    counts = GaugeMetricFamily("parley_jobs_waiting", "Jobs that are due.", labels=["queue"])
    ages = GaugeMetricFamily(
        "parley_job_wait_seconds", "How long the oldest job has been waiting since it was due.", labels=["queue"]
    )
    try:
        waiting_jobs = health.jobs()
        for queue in (queue for part in PARTS if isinstance(part, Jobs) for queue in part.queues):
            number, age = waiting_jobs.get(queue, (0, 0.0))
            counts.add_metric([queue], number)
            ages.add_metric([queue], age)
        with connection.cursor() as cursor:
            cursor.execute(OUTBOX)
            waiting, lag = cursor.fetchone()
            cursor.execute(MAILS)
            (mails,) = cursor.fetchone()
            cursor.execute(REPLIES)
            replies, wait, failed = cursor.fetchone()
        seen = health.worker_seen()
        of_mailboxes = [*_of_mailboxes(), *_of_discord()]
    except DatabaseError:
        yield GaugeMetricFamily(up.name, up.documentation, value=0)
        return
    yield from (up, counts, ages)
    yield from of_mailboxes
    yield GaugeMetricFamily("parley_events_waiting", "Events whose reactions are due.", value=waiting)
    yield GaugeMetricFamily("parley_event_wait_seconds", "How long the oldest of them is overdue.", value=float(lag))
    yield GaugeMetricFamily("parley_mails_waiting", "Mails that the mail server has not taken yet.", value=mails)
    yield GaugeMetricFamily("parley_replies_waiting", "Replies on their way to customers.", value=replies)
    yield GaugeMetricFamily("parley_reply_wait_seconds", "How long the oldest of them has been.", value=float(wait))
    yield GaugeMetricFamily("parley_replies_failed", "Replies that could not be sent.", value=failed)
    if seen is not None:
        yield GaugeMetricFamily(
            "parley_worker_seen_seconds", "How long no worker has given a sign of life.", value=seen
        )


def _of_mailboxes() -> Iterator[Metric]:
    """Each mailbox by its public id: addresses are nobody's business here."""
    from prometheus_client.core import GaugeMetricFamily

    success = GaugeMetricFamily(
        "parley_mailbox_success_seconds", "How long a mailbox has not been read.", labels=["mailbox"]
    )
    lag = GaugeMetricFamily(
        "parley_mailbox_lag_mails", "Mails on the server that are not fetched yet.", labels=["mailbox"]
    )
    aside = GaugeMetricFamily("parley_mailbox_quarantined", "Mails that were set aside.", labels=["mailbox"])
    trouble = GaugeMetricFamily("parley_mailbox_trouble", "1 where mail may be missed.", labels=["mailbox"])
    for one in email_health.of_installation(clock.now()):
        names = [str(one.mailbox.public_id)]
        if one.seconds_since_success is not None:
            success.add_metric(names, one.seconds_since_success)
        if one.uid_lag is not None:
            lag.add_metric(names, one.uid_lag)
        aside.add_metric(names, one.quarantined)
        trouble.add_metric(names, int(bool(one.trouble)))
    yield from (success, lag, aside, trouble)


def _of_discord() -> Iterator[Metric]:
    """Each bot by its public id."""
    from prometheus_client.core import GaugeMetricFamily

    connected = GaugeMetricFamily("parley_discord_connected", "1 where a bot is connected.", labels=["bot"])
    seen = GaugeMetricFamily("parley_discord_seen_seconds", "How long no process has run a bot.", labels=["bot"])
    trouble = GaugeMetricFamily("parley_discord_trouble", "1 where messages may be missed.", labels=["bot"])
    for one in discord_health.of_installation(clock.now()):
        names = [str(one.bot.public_id)]
        connected.add_metric(names, int(one.is_connected))
        if one.seconds_since_seen is not None:
            seen.add_metric(names, one.seconds_since_seen)
        trouble.add_metric(names, int(bool(one.trouble)))
    yield from (connected, seen, trouble)


def _of_the_replica() -> Iterator[Metric]:
    """Left out where there is none, or none that answers."""
    from prometheus_client.core import GaugeMetricFamily

    if not replica.is_set_up():
        return
    try:
        behind = replica.lag()
    except DatabaseError:
        return
    if behind is not None:
        yield GaugeMetricFamily("parley_replica_lag_seconds", "How far the replica is behind.", value=behind)
