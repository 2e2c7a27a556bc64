"""Logins that are tried before they are saved, and those of mailboxes that are: a job asks the servers, a page asks for the findings.

What is typed waits in the shared cache, sealed, for as long as somebody fills in a form. The job knows its name alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from django.core.cache import cache

from accounts import outbox, sealed, tenancy
from accounts.errors import Invalid, sentence
from accounts.models import Workspace
from conversations.channels.email import logins, servers
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.channels.email.wire import checking, oauth
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.channels.email.wire.errors import MailServerError
from conversations.models import Inbound, Login, Mailbox

QUEUE = "checks"
KEPT_FOR = 30 * 60  # seconds
LIMITS = Limits(connect=5.0, silence=5.0, answer=10.0)
"""For a person who waits: a server that is slower than that is named."""
FETCHING, SENDING, SIGNING_IN = "Fetching", "Sending", "Signing in"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one server; `hint` says what may help."""

    part: str
    is_ok: bool
    text: str
    hint: str = ""


@dataclass(slots=True)
class Trial:
    """A form that is being filled in: its fields, and tokens that a provider gave. Someone else's cannot be read."""

    workspace_id: int
    user_id: int
    begun_at: float
    fields: dict[str, Any] = field(default_factory=dict)
    mailbox_id: int | None = None
    login: str = "password"
    oauth: dict[str, Any] | None = None
    sign_in: dict[str, Any] | None = None
    """What a provider has sent back and is to be exchanged for tokens."""
    access: dict[str, Any] | None = None
    """The servers with their logins, as `described` writes them."""


def begin(trial: Trial) -> str:
    """Keep a form and have its servers asked. Returns the name by which both are found."""
    name = secrets.token_urlsafe(24)
    keep(name, trial)
    outbox.queue("try_mailbox", name=name)
    return name


def keep(name: str, trial: Trial) -> None:
    cache.set(_key("trial", name), sealed.seal(asdict(trial)), KEPT_FOR)


def read(name: str, *, workspace_id: int, user_id: int) -> Trial | None:
    """The form of that name, if the person began it in this workspace and it is still there."""
    found = _read(name)
    return found if found and (found.workspace_id, found.user_id) == (workspace_id, user_id) else None


def findings(name: str) -> list[Finding] | None:
    """What was found; None while the servers are still being asked."""
    found = cache.get(_key("findings", name))
    return None if found is None else [Finding(**one) for one in found]


def run(name: str) -> None:
    """Ask the servers of a form. Called by a job."""
    trial = _read(name)
    if trial is None:
        return  # it has been forgotten: nobody waits any more
    found = list(_of(trial))
    keep(name, trial)
    cache.set(_key("findings", name), [asdict(one) for one in found], KEPT_FOR)


def described(imap_access: ImapAccess | None, smtp_access: SmtpAccess | None) -> dict[str, Any]:
    """Servers with their logins as values that can be kept."""

    def login(credentials: Credentials | None) -> dict[str, str] | None:
        return {"user": credentials.user, "password": credentials.password} if credentials else None

    return {
        "imap": {**asdict(imap_access[0]), "login": login(imap_access[1])} if imap_access else None,
        "smtp": {**asdict(smtp_access[0]), "login": login(smtp_access[1])} if smtp_access else None,
    }


def accesses(access: dict[str, Any]) -> tuple[ImapAccess | None, SmtpAccess | None]:
    """What `described` has written."""
    imap_given, smtp_given = access["imap"], access["smtp"]

    def login(given: dict[str, Any]) -> Credentials | None:
        return Credentials(given["login"]["user"], given["login"]["password"]) if given["login"] else None

    fetching = login(imap_given) if imap_given else None
    return (
        (ImapServer(**_server(imap_given)), fetching) if imap_given and fetching else None,
        (SmtpServer(**_server(smtp_given)), login(smtp_given)) if smtp_given else None,
    )


def keep_passwords(access: dict[str, Any], before: dict[str, Any]) -> None:
    """Fill empty passwords with those that were entered for the same server."""
    for kind in ("imap", "smtp"):
        new, old = access.get(kind), before.get(kind)
        if not (new and old and new["login"] and old["login"]) or new["login"]["password"]:
            continue
        if servers.keeps_password(old, new):
            new["login"]["password"] = old["login"]["password"]


def of_mailbox(mailbox: Mailbox) -> list[Finding]:
    """Ask the servers of a mailbox, now; may take some seconds."""
    found = []
    if mailbox.inbound == Inbound.IMAP:
        found.append(_guarded(FETCHING, lambda: _fetch(logins.imap(mailbox))))
    if mailbox.smtp:
        found.append(_guarded(SENDING, lambda: _send(logins.smtp(mailbox), mailbox.address)))
    return found


def _of(trial: Trial) -> Iterator[Finding]:
    access, address = trial.access or {}, str(trial.fields.get("address", ""))
    if trial.sign_in is not None:
        signed_in = _guarded(SIGNING_IN, lambda: _exchange(trial))
        yield signed_in
        if not signed_in.is_ok:
            return
    if given := access.get("imap"):
        yield _guarded(FETCHING, lambda: _fetch((ImapServer(**_server(given)), _credentials("imap", given, trial))))
    if wanted := access.get("smtp"):
        login = _credentials("smtp", wanted, trial) if wanted["login"] else None
        yield _guarded(SENDING, lambda: _send((SmtpServer(**_server(wanted)), login), address))


def _exchange(trial: Trial) -> Finding:
    """Exchange what a provider has sent back for tokens, once."""
    sign_in, trial.sign_in = trial.sign_in or {}, None
    provider = oauth.provider(trial.login)
    token = oauth.exchange(provider, **sign_in)
    trial.oauth = {"access": token.access, "refresh": token.refresh, "expires_at": token.expires_at.timestamp()}
    return Finding(SIGNING_IN, True, f"{provider.title} lets this desk in.")


def _fetch(access: ImapAccess) -> Finding:
    return _summed(FETCHING, checking.check(access, None, limits=LIMITS))


def _send(access: SmtpAccess | None, address: str) -> Finding:
    return _summed(SENDING, checking.check(None, access, address=address, limits=LIMITS))


def _summed(part: str, found: list[checking.Finding]) -> Finding:
    """What went wrong; else what was achieved last, with what may be better all the same."""
    for one in found:
        if not one.ok:
            return Finding(part, False, one.reason, one.hint)
    return Finding(part, True, " ".join(one.reason for one in found[-2:]), " ".join(one.hint for one in found).strip())


def _guarded(part: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except MailServerError as error:
        return Finding(part, False, error.reason, error.hint)
    except Invalid as error:
        return Finding(part, False, sentence(error))


def _server(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "login"}


def _credentials(kind: str, given: dict[str, Any], trial: Trial) -> Credentials:
    user, password = given["login"]["user"], given["login"]["password"]
    if trial.login == Login.PASSWORD:
        return Credentials(user, password)
    if trial.oauth is not None:
        token = str(trial.oauth.get("access", ""))
        return Credentials(user, access_token=lambda: token)
    with tenancy.scope(Workspace.objects.get(pk=trial.workspace_id)):
        mailbox = Mailbox.objects.filter(pk=trial.mailbox_id or 0).first()
    if mailbox is None or not servers.takes_tokens(mailbox.login, getattr(mailbox, kind), given):
        return Credentials(user, password)
    return Credentials(user, access_token=partial(_token, mailbox))


def _token(mailbox: Mailbox) -> str:
    with tenancy.scope(mailbox.workspace):
        return logins.access_token(mailbox)


def _read(name: str) -> Trial | None:
    kept = cache.get(_key("trial", name))
    with suppress(sealed.Unreadable):
        return Trial(**sealed.opened(kept)) if kept else None
    return None


def _key(kind: str, name: str) -> str:
    return f"mailbox-{kind}-{name}"
