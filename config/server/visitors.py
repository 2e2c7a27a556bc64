"""How many requests of one address may be in progress before a credential is accepted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address

from config.server.bodies import Scope

REMEMBERED = 600.0  # seconds that an accepted credential is not counted at its next requests
MOST_REMEMBERED = 10_000
_CREDENTIALS = ("Authorization", "Cookie")


class Visitors:
    """Counts the requests in progress of each address without an accepted credential.

    A request is anonymous until its credential was accepted. So that a busy integration is never counted, a credential
    that was accepted recently is remembered (by a hash that only this process knows), which grants nothing.
    `credentials` are the headers that carry one, beside the common two.
    """

    def __init__(self, *, most: int, proxies: int, credentials: Iterable[str] = ()) -> None:
        self.most = most
        self.proxies = proxies
        self.credentials = [name.lower().encode() for name in (*_CREDENTIALS, *credentials)]
        self.counts: dict[str, int] = {}
        self.accepted: dict[int, float] = {}

    def enter(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Visit | None:
        """Let a request begin; None where its address has too many already. The caller ends the Visit."""
        credential = hash(tuple(headers.get(name) for name in self.credentials))
        since = self.accepted.get(credential)
        if since is not None and time.monotonic() - since < REMEMBERED:
            return Visit(self, None, credential)
        address = address_of(scope, self.proxies)
        count = self.counts.get(address, 0)
        if count >= self.most:
            return None
        self.counts[address] = count + 1
        return Visit(self, address, credential)


class Visit:
    """One request in progress."""

    __slots__ = ("address", "credential", "visitors")

    def __init__(self, visitors: Visitors, address: str | None, credential: int) -> None:
        self.visitors = visitors
        self.address = address
        self.credential = credential

    def accept(self) -> None:
        """Its credential was accepted: neither this request nor the next ones with it are counted."""
        self.end()
        accepted = self.visitors.accepted
        if len(accepted) >= MOST_REMEMBERED:
            accepted.clear()
        accepted[self.credential] = time.monotonic()

    def end(self) -> None:
        """Count it no more. Doing so again changes nothing."""
        if self.address is None:
            return
        counts = self.visitors.counts
        counts[self.address] -= 1
        if not counts[self.address]:
            del counts[self.address]
        self.address = None


def address_of(scope: Scope, proxies: int) -> str:
    """Where a request comes from: the peer, or what the outermost trusted proxy says. An IPv6 network counts as one."""
    peer: str = (scope.get("client") or ("", 0))[0]
    if proxies:
        given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").split(b",")
        if len(given) >= proxies:
            peer = given[-proxies].strip().decode("latin-1")
    if ":" in peer:
        try:
            address = ip_address(peer)
        except ValueError:
            return peer
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or f"{IPv6Address(int(address) >> 64 << 64)}/64")
    return peer
