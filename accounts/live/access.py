"""The access that opened a live response, and whether it still holds: a response outlives its authenticated request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import clock, log_context
from accounts.credentials.authentication import Grant
from accounts.models import ApiKey, Membership
from accounts.permissions import Actor, holds_scope, may
from accounts.queries import with_second_factor

logger = logging.getLogger(__name__)

CHECK_EVERY = 3.0  # seconds; with the wait for a thread, a response ends within ten seconds of losing its right


class Access:
    """What lets a live response in. Each kind is a frozen dataclass, whose check is registered."""

    __slots__ = ()


A = TypeVar("A", bound=Access)
_checks: dict[type[Access], Callable[[Collection[Any]], Iterable[Any]]] = {}


def register(kind: type[A], check: Callable[[Collection[A]], Iterable[A]]) -> None:
    """Add a kind of access with the function that says which of many still hold, in a query or two, outside every scope."""
    _checks[kind] = check


@dataclass(frozen=True, slots=True)
class MemberAccess(Access):
    """A signed-in member who may do a verb."""

    workspace_id: int
    user_id: int
    session_key: str
    session_hash: str
    verb: str

    @classmethod
    def of(cls, request: HttpRequest, verb: str) -> MemberAccess:
        """From a request that `WorkspaceMiddleware` let in and whose view has permitted the verb."""
        return cls(
            workspace_id=request.workspace.pk,  # type: ignore[attr-defined]
            user_id=request.own_membership.user_id,  # type: ignore[attr-defined]  # also in a preview
            session_key=request.session.session_key or "",
            session_hash=request.session.get(HASH_SESSION_KEY, ""),
            verb=verb,
        )


@dataclass(frozen=True, slots=True)
class KeyAccess(Access):
    """An API key that holds a scope."""

    key_id: int
    scope: str

    @classmethod
    def of(cls, grant: Grant, scope: str) -> KeyAccess:
        return cls(key_id=grant.key.pk, scope=scope)


def login_id(request: HttpRequest) -> str:
    """An opaque name of the request's session, by which a page can tell that it belongs to another one."""
    # The salt stays as it is: another one would refuse every page that is open during an upgrade.
    return salted_hmac("accounts.access.login", request.session.session_key or "").hexdigest()[:24]


def still_valid(given: Collection[Access]) -> set[Access]:
    """The accesses that still hold. A query or two for each kind, however many are given."""
    found: set[Access] = set()
    for kind, check in _checks.items():
        if asked := [access for access in given if isinstance(access, kind)]:
            found.update(check(asked))
    return found


def _valid_members(given: Collection[MemberAccess]) -> Iterator[MemberAccess]:
    sessions = set(
        Session.objects.filter(
            session_key__in={access.session_key for access in given}, expire_date__gt=clock.now()
        ).values_list("session_key", flat=True)
    )
    # The responses of one process are of many workspaces, and no scope is open around them.
    rows = Membership.all_workspaces.select_related("user", "workspace").filter(
        workspace_id__in={access.workspace_id for access in given},
        user_id__in={access.user_id for access in given},
        user__is_active=True,
    )
    memberships = {(row.workspace_id, row.user_id): row for row in rows}
    asked = {row.user_id for row in memberships.values() if row.workspace.requires_second_factor}
    proven = with_second_factor(asked) if asked else set()
    for access in given:
        membership = memberships.get((access.workspace_id, access.user_id))
        if membership is None or access.session_key not in sessions:
            continue
        if membership.workspace.requires_second_factor and membership.user_id not in proven:
            continue
        is_same_password = constant_time_compare(access.session_hash, membership.user.get_session_auth_hash())
        if is_same_password and may(Actor.member(membership), access.verb):
            yield access


def _valid_keys(given: Collection[KeyAccess]) -> Iterator[KeyAccess]:
    # As above.
    rows = ApiKey.all_workspaces.filter(pk__in={access.key_id for access in given}, revoked_at=None)
    at = clock.now()
    keys = {row.pk: row for row in rows if not row.is_expired(at)}
    for access in given:
        if access.key_id in keys and holds_scope(frozenset(keys[access.key_id].scopes), access.scope):
            yield access


register(MemberAccess, _valid_members)
register(KeyAccess, _valid_keys)


class Guard:
    """Ends the live responses of a process whose access has ended. All are checked together, every few seconds."""

    def __init__(self, run: Callable[[Callable[[], set[Access]]], Awaitable[set[Access]]]) -> None:
        self._run = run
        self._open: dict[Access, set[Callable[[], object]]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, access: Access | None, end: Callable[[], object]) -> Iterator[None]:
        """Call `end` if the access ends while the block runs. None: the response is open to everybody."""
        if access is None:
            yield
            return
        self._open.setdefault(access, set()).add(end)
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._check(), name="guard", context=log_context.apart())
        try:
            yield
        finally:
            self._open[access].discard(end)
            if not self._open[access]:
                del self._open[access]
            if not self._open and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            given = set(self._open)
            try:
                valid = await self._run(partial(still_valid, given))
            except (
                Exception
            ):  # The database is away, say: nothing new is sent meanwhile, and the next check follows soon.
                logger.warning("live_access_check_failed", exc_info=True)
                continue
            for access in given - valid:
                for end in list(self._open.get(access, ())):
                    end()
