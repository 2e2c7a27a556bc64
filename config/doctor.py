"""What `manage.py doctor` looks at: each part of the desk, as one line, with the remedy where something is wrong.

A line is broken (red) when the desk cannot work like that, and advice (yellow) when it can.
"""

from __future__ import annotations

import shutil
import smtplib
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.checks import Tags, run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import DatabaseError, Error, connection

from accounts import clock, replica
from config import checks, database_checks, health, static
from conversations.channels.discord import health as discord_health
from conversations.channels.email import health as email_health

SHORT_OF_DISK = 1024**3  # bytes left, below which it is time to make room
OLD_JOB = 300  # seconds that a due job may wait before somebody should look at the workers
SKEW = 5  # seconds between this machine's clock and the database's
SHORT_KEY = 32  # characters


class State(Enum):
    OK = "ok"
    ADVICE = "advice"
    BROKEN = "broken"


@dataclass(frozen=True)
class Line:
    """What was found about one part."""

    part: str
    state: State
    text: str


def ok(part: str, text: str) -> Line:
    return Line(part, State.OK, text)


def advice(part: str, text: str) -> Line:
    return Line(part, State.ADVICE, text)


def broken(part: str, text: str) -> Line:
    return Line(part, State.BROKEN, text)


def examine() -> Iterator[Line]:
    """Look at one part after the other. What depends on the database is left out when it does not answer."""
    configuration = _configuration()
    yield from configuration
    yield _address()
    yield _secret_key()
    database = _database()
    yield database
    if database.state is not State.BROKEN:
        if all(line.state is not State.BROKEN for line in configuration):
            yield _survived(_notifications)
        yield _survived(_clock)
        migrations = _survived(_migrations)
        yield migrations
        if migrations.state is State.OK:
            for look in (_worker, _jobs, _cache):
                yield _survived(look)
            yield from _mailboxes()
            yield from _discord()
    if replica.is_set_up():
        yield _survived(_replica)
    for look in (_storage, _static_files, _mail):
        yield _survived(look)
    if settings.MAIL_DOOR is not None:
        yield _survived(_door)


def _survived(look: Callable[[], Line]) -> Line:
    """A check that fails is itself the finding."""
    try:
        return look()
    except Exception as error:
        return broken(look.__name__.strip("_").replace("_", " "), f"{type(error).__name__}: {error}".splitlines()[0])


def _configuration() -> list[Line]:
    found = run_checks(tags=[checks.START, Tags.database], databases=["default"])
    lines = [
        (broken if message.is_serious() else advice)("configuration", f"{message.msg} {message.hint or ''}".strip())
        for message in found
    ]
    return lines or [ok("configuration", "no mistake found")]


def _address() -> Line:
    if settings.IS_HTTPS:
        return ok("address", settings.PUBLIC_URL)
    if urlsplit(settings.PUBLIC_URL).hostname in ("127.0.0.1", "localhost", "::1"):
        return ok("address", f"{settings.PUBLIC_URL}, for this machine alone")
    return advice(
        "address",
        f"{settings.PUBLIC_URL} is not encrypted: set PUBLIC_URL=https://… and put a proxy with a certificate in front.",
    )


def _secret_key() -> Line:
    if len(settings.SECRET_KEY) < SHORT_KEY:
        return advice(
            "secret key", f"SECRET_KEY is shorter than {SHORT_KEY} characters: `openssl rand -base64 48` makes one."
        )
    return ok("secret key", "long enough")


def _database() -> Line:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as error:
        return broken("database", f"It does not answer: {str(error).strip().splitlines()[0]}")
    kind = "embedded" if "EMBEDDED_HOME" in connection.settings_dict else "yours"
    return ok("database", f"PostgreSQL {version}, {kind}")


def _notifications() -> Line:
    if database_checks.arrives():
        return ok("notifications", "arrive")
    return broken("notifications", "They do not arrive, so that live updates and jobs wait: set DIRECT_DATABASE_URL.")


def _migrations() -> Line:
    state = health.migrations()
    if state == "ok":
        return ok("migrations", "all applied")
    return broken("migrations", f"{state}: run `python -m config.server release`.")


def _clock() -> Line:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        apart = abs(float(cursor.fetchone()[0]) - clock.now().timestamp())
    if apart > SKEW:
        return advice("clock", f"This machine and the database are {apart:.0f} s apart: let both keep time by NTP.")
    return ok("clock", "agrees with the database")


def _worker() -> Line:
    state = health.worker()
    if state == "ok":
        return ok("worker", "at work")
    return broken("worker", f"{state}: start `python -m config.server worker`, or see why it ended.")


def _jobs() -> Line:
    due = health.jobs().values()
    count, age = sum(number for number, _ in due), max((age for _, age in due), default=0.0)
    if age > OLD_JOB:
        return advice("jobs", f"{count} are due, the oldest for {age:.0f} s: one more worker would help.")
    return ok("jobs", f"{count} due")


def _mailboxes() -> Iterator[Line]:
    """One line for each mailbox of which mail may be missed; one for all where there is none."""
    try:
        found = email_health.of_installation(clock.now())
    except Exception as error:
        yield broken("mailboxes", f"{type(error).__name__}: {error}".splitlines()[0])
        return
    bad = [one for one in found if one.trouble]
    for one in bad:
        yield broken("mailboxes", f"{one.mailbox.address} ({one.mailbox.workspace.slug}): {one.trouble}")
    if not bad and found:
        yield ok("mailboxes", f"{len(found)} without trouble")
    if aside := sum(one.quarantined for one in found):
        yield advice("mailboxes", f"{aside} mails are in quarantine: see Settings, Mailboxes, Health.")


def _discord() -> Iterator[Line]:
    """One line for each bot of which messages may be missed; one for all where there is none."""
    try:
        found = discord_health.of_installation(clock.now())
    except Exception as error:
        yield broken("discord", f"{type(error).__name__}: {error}".splitlines()[0])
        return
    bad = [one for one in found if one.trouble]
    for one in bad:
        yield broken("discord", f"{one.bot.workspace.slug}: {one.trouble}")
    if not bad and found:
        connected = sum(one.is_connected for one in found)
        yield ok("discord", f"{connected} of {len(found)} connected")


def _cache() -> Line:
    key = f"doctor-{uuid.uuid4().hex}"
    cache.set(key, "1", 60)
    is_kept = cache.get(key) == "1"
    cache.delete(key)
    if is_kept:
        return ok("cache", "keeps what it is given")
    return broken("cache", "It forgets what it is given, and sign-in limits with it: see REDIS_URL.")


def _replica() -> Line:
    try:
        behind = replica.lag()
    except Error as error:
        state = f"away ({type(error).__name__})"
    else:
        state = "has replayed nothing yet" if behind is None else f"{behind:.1f} s behind"
        if behind is not None and behind <= settings.REPLICA_LAG_LIMIT:
            return ok("replica", state)
    return advice("replica", f"It is {state}, so that reports ask the primary. See REPLICA_DATABASE_URL.")


def _storage() -> Line:
    content = uuid.uuid4().hex.encode()
    if settings.S3_BUCKET and (state := default_storage.probe()) != "ok":  # type: ignore[attr-defined]
        return broken("storage", f"The bucket {settings.S3_BUCKET} is {state}. See S3_ENDPOINT and its neighbours.")
    name = default_storage.save(f"doctor/{uuid.uuid4().hex}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            is_kept = file.read() == content
    finally:
        default_storage.delete(name)
    where = f"The bucket {settings.S3_BUCKET}" if settings.S3_BUCKET else settings.MEDIA_ROOT
    if not is_kept:
        return broken("storage", f"{where} gives back something else than was written to it.")
    if settings.S3_BUCKET:
        return ok("storage", f"{where} keeps what it is given")
    left = shutil.disk_usage(settings.DESK_HOME).free
    if left < SHORT_OF_DISK:
        return advice("storage", f"{left // 1024**2} MB are left in {settings.DESK_HOME}: make room.")
    return ok("storage", f"{left // 1024**3} GB left in {settings.DESK_HOME}")


def _static_files() -> Line:
    if found := static.missing():
        return broken("static files", f"{found[0].msg} {found[0].hint}")
    if not settings.DEBUG and not static.are_current():
        return advice(
            "static files", "They are of another version: run `python -m config.server release` on this machine."
        )
    return ok("static files", "collected")


def _mail() -> Line:
    if not settings.EMAIL_HOST:
        return advice("mail", f"No mail is sent; it is written to {settings.EMAIL_FILE_PATH}. Set EMAIL_HOST.")
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    server = get_connection()
    try:
        server.open()
        server.close()
    except smtplib.SMTPAuthenticationError as error:
        return broken("mail", f"{where} refuses EMAIL_HOST_USER and its password ({error.smtp_code}).")
    except (OSError, smtplib.SMTPException) as error:
        return broken("mail", f"{where} cannot be reached or does not speak as expected: {error}")
    return ok("mail", f"{where} answers")


def _door() -> Line:
    """Whether a worker of this machine takes mails from mail servers."""
    door = settings.MAIL_DOOR
    assert door is not None
    shown = door.path or f"{door.host} port {door.port}"
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(door.host, door.host)  # noqa: S104 - where it listens
    place: str | tuple[str, int] = door.path or (here, door.port)
    family = socket.AF_UNIX if door.path else socket.AF_INET6 if ":" in here else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(place)
            greeting = client.recv(3)
        except OSError as error:
            why = error.strerror or type(error).__name__
            return advice(
                "door", f"no worker of this machine takes mails at {shown} ({why}). If one should: its log says why."
            )
    if greeting != b"220":
        return advice("door", f"{shown} belongs to something else, or is busy.")
    return ok("door", f"open at {shown}")
