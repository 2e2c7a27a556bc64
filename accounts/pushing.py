"""Web Push: messages to browsers that wait in a table of the desk, like mails, and are sent by the worker.

A browser's push service is an address that the browser has named. It gets nothing but ciphertext (RFC 8291) and a token that is signed
with the desk's own key (RFC 8292, VAPID); the connection goes to public addresses alone (`accounts.outside`). What it no longer
knows (404, 410) is forgotten, and so is a browser whose session has ended.

Each browser is tried on its own, several at a time, each within a time of its own: one that is slow, away or broken delays no other.
One that has failed is left alone for a while, which grows, and forgotten after days in which it took nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import groupby
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from psycopg.types.json import Jsonb

from accounts import log_context, outside, sealed, tenancy
from accounts.bell import Bell
from accounts.errors import Invalid
from accounts.models import PushKey, PushSubscription, QueuedPush, User, Workspace
from accounts.web.sessions import SessionStore

logger = logging.getLogger(__name__)

BATCH = 20
ATTEMPTS = 6  # within about twenty minutes: after 4 s, 16 s, 64 s and so on
LEASE = 120  # seconds for which a message is this sender's
TIMEOUT = 10.0  # seconds for each step of a request: connecting, and each wait for an answer
WITHIN = 15.0  # seconds for a whole request: an answer that drips does not hold its sender
AT_ONCE = 8  # requests
LONGEST_PAUSE = 3600.0  # seconds for which a browser that fails is left alone
GIVEN_UP_AFTER = timedelta(days=7)
"""A browser that took nothing for so long is forgotten."""
LONGEST = 3000  # bytes of a message: push services take 4 kB with what the encryption adds
LIVES = 24 * 3600  # seconds for which a push service keeps a message for a browser that is away
TOKEN_LIVES = 12 * 3600  # seconds; RFC 8292 allows a day
MOST = 20
"""Browsers of one person."""
BELL = Bell()


@dataclass(frozen=True, slots=True)
class Push:
    """What a browser is to show. Messages of one `topic` replace each other while a browser is away."""

    payload: Mapping[str, Any]
    topic: str = ""


Compose = Callable[[Sequence[QueuedPush]], Mapping[int, Push]]
_kinds: dict[str, Compose] = {}


def kind(name: str) -> Callable[[Compose], Compose]:
    """Register the function that composes the messages of a kind. Whom it leaves out gets none any more."""

    def made(compose: Compose) -> Compose:
        if name in _kinds:
            raise ValueError(f"two kinds of push messages are named {name}")
        _kinds[name] = compose
        return compose

    return made


def queue(kind: str, abouts: Mapping[int, Mapping[str, Any]]) -> None:
    """Queue a message to every browser of each of the people (by id), in the transaction and the workspace that are open."""
    if not abouts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_queuedpush (workspace_id, kind, about, subscription_id)"
            " SELECT %s, %s, given.about, browser.id FROM unnest(%s::bigint[], %s::jsonb[]) AS given(person, about)"
            " JOIN accounts_pushsubscription browser ON browser.user_id = given.person",
            [tenancy.current().pk, kind, [*abouts], [Jsonb(dict(about)) for about in abouts.values()]],
        )
        has_any = cursor.rowcount > 0
    if has_any:
        transaction.on_commit(BELL.ring)


# --- The desk's key and the browsers -------------------------------------------------------------


def public_key() -> str:
    """What browsers subscribe to; the key is made when it is first asked for."""
    return _key().public


def _key() -> PushKey:
    return PushKey.objects.filter(pk=1).first() or _made()


def _made() -> PushKey:
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    row = PushKey(pk=1, public=_encoded(point), sealed=sealed.seal({"pem": pem.decode()}))
    PushKey.objects.bulk_create([row], ignore_conflicts=True)  # another process may make one at the same time
    return PushKey.objects.get(pk=1)


def reseal() -> bool:
    """Encrypt the key anew, if there is one. Raises sealed.Unreadable when no key of the desk opens it."""
    row = PushKey.objects.filter(pk=1).first()
    if row is None:
        return False
    PushKey.objects.filter(pk=1).update(sealed=sealed.seal(sealed.opened(row.sealed)))
    return True


def subscribe(
    user: User, *, endpoint: str, p256dh: str, auth: str, session_key: str, browser: str = ""
) -> PushSubscription:
    """Let a browser of the person take push messages; one that is known is theirs from now on. Raises Invalid."""
    if not _is_address(endpoint):
        raise Invalid("this is no address of a push service", field="endpoint")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(p256dh))
        is_secret = len(_decoded(auth)) == 16
    except (ValueError, binascii.Error):
        is_secret = False
    if not is_secret or len(p256dh) > 120 or len(auth) > 40:
        raise Invalid("these are no keys of a browser", field="keys")
    row, _ = PushSubscription.objects.update_or_create(
        endpoint_hash=_hash(endpoint),
        defaults={
            "user": user,
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": auth,
            "session_key": session_key,
            "browser": browser[:200],
            "failure": "",
            "failing_since": None,
            "failure_count": 0,
            "retry_at": None,
        },
    )
    others = PushSubscription.objects.filter(user=user).order_by("-pk").values_list("pk", flat=True)
    PushSubscription.objects.filter(pk__in=list(others[MOST:])).delete()
    return row


def unsubscribe(user: User, endpoint: str) -> None:
    """Forget a browser of the person."""
    PushSubscription.objects.filter(user=user, endpoint_hash=_hash(endpoint)).delete()


def _is_address(endpoint: str) -> bool:
    if len(endpoint) > 2000 or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return False
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # half an address of IPv6, or no number of a port
        return False


def _hash(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)


# --- Sending --------------------------------------------------------------------------------------


def send_due() -> None:
    """Send all messages that are due. Several workers may do so at a time: each takes others."""
    while _send(_taken()) == BATCH:
        pass


def _taken() -> list[QueuedPush]:
    """The next due messages, which are this sender's for as long as the lease."""
    rows = QueuedPush.all_workspaces.raw(  # a worker serves all workspaces
        "UPDATE accounts_queuedpush SET attempts = attempts + 1, due_at = statement_timestamp() + make_interval(secs => %s)"
        " WHERE id = ANY (ARRAY(SELECT id FROM accounts_queuedpush WHERE due_at <= statement_timestamp() ORDER BY due_at, id LIMIT %s"
        " FOR UPDATE SKIP LOCKED)) RETURNING id, workspace_id, subscription_id, kind, about, attempts",
        [LEASE, BATCH],
    )
    return sorted(rows, key=lambda row: (row.workspace_id, row.kind, row.pk))


def _send(rows: list[QueuedPush]) -> int:
    if not rows:
        return 0
    browsers = PushSubscription.objects.select_related("user").in_bulk([row.subscription_id for row in rows])
    valid = {pk for pk, browser in browsers.items() if _is_signed_in(browser)}
    PushSubscription.objects.filter(pk__in=browsers.keys() - valid).delete()
    workspaces = Workspace.objects.in_bulk([row.workspace_id for row in rows])
    wanted: list[_Wanted] = []
    for (workspace_id, name), group in groupby(rows, key=lambda row: (row.workspace_id, row.kind)):
        theirs = [row for row in group if row.subscription_id in valid]
        with tenancy.scope_apart(workspaces[workspace_id], "pushes_failed workspace=%s", workspace_id):
            for row, push in _composed(name, theirs):
                if push is None:
                    _drop(row)
                elif isinstance(push, _Failure):
                    _settle(row, push)
                else:
                    wanted.append(_Wanted(row, browsers[row.subscription_id], push))
    for row, failure in _posted(wanted):
        with log_context.about({"push": row.pk, "kind": row.kind}):
            _settle(row, failure)
    return len(rows)


def _composed(name: str, rows: Sequence[QueuedPush]) -> list[tuple[QueuedPush, Push | _Failure | None]]:
    """Each row with its message, with None where nobody is to get one any more, or with what went wrong."""
    try:
        composed = dict(_kinds[name](rows))
    except Exception:
        if len(rows) > 1:  # one of them is the cause: the others are not to wait for it
            return [found for row in rows for found in _composed(name, [row])]
        logger.exception("push_not_composed kind=%s id=%s", name, rows[0].pk)
        return [(rows[0], _Failure("not_composed", is_ours=True))]
    return [(row, composed.get(row.pk)) for row in rows]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A message, and the browser that it is for."""

    row: QueuedPush
    browser: PushSubscription
    push: Push


def _posted(wanted: Sequence[_Wanted]) -> Iterator[tuple[QueuedPush, _Failure | None]]:
    """Hand the messages over, several at a time, and say of each what became of it. No thread of these asks the database."""
    now = timezone.now()
    authorization = cache(_authorization)
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="push") as pool:
        asked = []
        for one in wanted:
            if one.browser.retry_at is not None and one.browser.retry_at > now:
                wait = (one.browser.retry_at - now).total_seconds()
                yield one.row, _Failure("waiting", wait=wait, is_ours=True)
                continue
            try:
                token = authorization(f"https://{urlsplit(one.browser.endpoint).netloc}")
            except Exception:  # the desk's own key cannot be read
                logger.exception("push_not_signed")
                yield one.row, _Failure("not_signed", is_ours=True)
                continue
            asked.append((one.row, pool.submit(_post, one.browser, one.push, token)))
        for row, answer in asked:
            yield row, answer.result()


def _is_signed_in(browser: PushSubscription) -> bool:
    """Whether the session still is the person's in which they switched notifications on: it ends when they sign out."""
    session, user = SessionStore(browser.session_key).load(), browser.user
    return (
        user.is_active
        and session.get(SESSION_KEY) == str(user.pk)
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a message was not taken: for good, or for so many seconds at least."""

    code: str
    is_gone: bool = False
    is_final: bool = False
    is_ours: bool = False
    """The browser has no part in it."""
    wait: float = 0.0


def _post(browser: PushSubscription, push: Push, authorization: Mapping[str, str]) -> _Failure | None:
    """Hand a message to a browser's push service; what went wrong, whatever it is."""
    from pywebpush import WebPusher  # most processes never need it

    body = orjson.dumps(dict(push.payload))
    if len(body) > LONGEST:
        return _Failure("too_long", is_final=True, is_ours=True)
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    try:
        content = WebPusher({"endpoint": browser.endpoint, "keys": keys}).encode(body)["body"]
    except Exception:  # these keys have never been, or are no longer, those of a browser
        return _Failure("bad_keys", is_gone=True)
    headers = {
        "TTL": str(LIVES),
        "Urgency": "high",
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        **authorization,
        **({"Topic": _encoded(hashlib.sha256(push.topic.encode()).digest()[:24])} if push.topic else {}),
    }
    try:
        return _answered(browser.endpoint, content, headers)
    except outside.HostRefused:
        return _Failure("private_address", is_gone=True)
    except (OSError, http.client.HTTPException) as error:
        return _Failure(type(error).__name__)
    except Exception as error:
        logger.exception("push_broken")
        return _Failure(type(error).__name__)


def _answered(endpoint: str, content: bytes, headers: Mapping[str, str]) -> _Failure | None:
    """What the push service has answered; redirects are refusals."""
    parts = urlsplit(endpoint)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    channel = _Channel(parts.hostname or "", parts.port or 443, timeout=TIMEOUT, context=context())
    limit = Timer(WITHIN, channel.abort)
    limit.daemon = True
    limit.start()
    try:
        channel.request("POST", target, body=content, headers=dict(headers))
        answer = channel.getresponse()
        status, after = answer.status, answer.getheader("Retry-After", "")
    finally:
        limit.cancel()
        channel.close()
    if 200 <= status < 300:
        return None
    is_passing = status >= 500 or status in (408, 429)
    return _Failure(
        str(status),
        is_gone=status in (404, 410),
        is_final=not is_passing,
        wait=min(float(after), LONGEST_PAUSE) if after.isascii() and after.isdigit() else 0.0,
    )


class _Channel(http.client.HTTPSConnection):
    """A connection to an address that was checked: a name that leads elsewhere a moment later leads nowhere."""

    def connect(self) -> None:
        sock = outside.connect(self.host, self.port, within=TIMEOUT)
        sock.settimeout(TIMEOUT)
        self.sock = self._context.wrap_socket(  # type: ignore[attr-defined]
            sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()

    def abort(self) -> None:
        """Let whatever waits for the other side fail at once. From another thread."""
        if (sock := self.sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def context() -> ssl.SSLContext:
    """How the other side has to prove itself."""
    return ssl.create_default_context()


def _authorization(audience: str) -> dict[str, str]:
    """The token for a push service, which names who may be written to about what the desk sends."""
    from py_vapid import Vapid02

    signer = Vapid02.from_pem(sealed.opened(_key().sealed)["pem"].encode())
    subject = settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https://") else f"mailto:{_operator()}"
    claims = {"aud": audience, "exp": int(time.time()) + TOKEN_LIVES, "sub": subject}
    return dict(signer.sign(claims))


def _operator() -> str:
    from email.utils import parseaddr

    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1] or "parley@localhost.localdomain"


def _settle(row: QueuedPush, failure: _Failure | None) -> None:
    """Note what became of a message, and of its browser."""
    if failure is not None and (failure.is_gone or (not failure.is_ours and _is_given_up(row, failure))):
        PushSubscription.objects.filter(pk=row.subscription_id).delete()  # and all that waits for it
        return
    if failure is None:
        PushSubscription.objects.filter(pk=row.subscription_id).exclude(failing_since=None, failure="").update(
            failure="", failing_since=None, failure_count=0, retry_at=None
        )
    elif not failure.is_final and row.attempts < ATTEMPTS:
        logger.info("push_delayed error=%s", failure.code)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_queuedpush SET due_at = statement_timestamp() + make_interval(secs => %s) WHERE id = %s",
                [max(4.0**row.attempts, failure.wait), row.pk],
            )
        return
    else:
        logger.warning("push_failed error=%s", failure.code)
    _drop(row)


def _drop(row: QueuedPush) -> None:
    QueuedPush.all_workspaces.filter(pk=row.pk).delete()  # the one in hand


def _is_given_up(row: QueuedPush, failure: _Failure) -> bool:
    """Note that a browser has failed: it is left alone for a while. Whether it took nothing for so long that it is forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_pushsubscription SET failure = %s, failure_count = failure_count + 1,"
            " failing_since = coalesce(failing_since, statement_timestamp()),"
            " retry_at = statement_timestamp() + make_interval(secs => least(greatest(4.0 ^ least(failure_count, 10), %s), %s))"
            " WHERE id = %s RETURNING failing_since < statement_timestamp() - make_interval(secs => %s)",
            [failure.code[:100], failure.wait, LONGEST_PAUSE, row.subscription_id, GIVEN_UP_AFTER.total_seconds()],
        )
        found = cursor.fetchone()
    if found is not None and found[0]:
        logger.warning("push_browser_given_up error=%s", failure.code)
    return found is not None and bool(found[0])
