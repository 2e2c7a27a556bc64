"""Where a request comes from, for counting: the peer, or what the outermost trusted proxy says. An IPv6 network counts as one."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's address; an odd header is taken as it is."""
    peer: str = request.META.get("REMOTE_ADDR") or "unknown"
    if proxies := settings.TRUSTED_PROXIES:
        given = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(given) >= proxies:
            peer = given[-proxies].strip() or peer
    if ":" not in peer:
        return peer
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or f"{IPv6Address(int(address) >> 64 << 64)}/64")
    return peer
