"""Connections to hosts that people of a workspace name: a mail server, a webhook. They lead to public addresses alone.

A name is looked up once, and the connection goes to an address that was found then: a name whose answer changes between the check
and the connection leads nowhere else. ALLOW_PRIVATE_HOSTS=yes admits every address.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence

from django.conf import settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# `is_global` of some Python versions is true of addresses that nobody outside can reach, or that hold another one.
_UNICAST = ipaddress.IPv6Network(
    "2000::/3"
)  # without it: translated (64:ff9b::/96), site-local and multicast addresses
_IPV4_PROTOCOLS = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))


class HostUnknown(OSError):
    """No address was found for the name."""


class HostRefused(OSError):
    """The name leads to private addresses alone."""


def is_public(ip: IpAddress) -> bool:
    """Whether anyone on the internet could reach the address: no address of this machine or of a network inside."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if ip not in _UNICAST or ip.sixtofour or ip.teredo:
            return False
    elif any(ip in network for network in _IPV4_PROTOCOLS):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def addresses(host: str, port: int) -> list[str]:
    """The addresses of the host that may be connected to, in the order of the system. Raises HostUnknown or HostRefused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(f"no address is known for {host}") from error
    known = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    admitted = [one for one in known if settings.ALLOW_PRIVATE_HOSTS or is_public(_parsed(one))]
    if not admitted:
        raise HostRefused(f"{host} leads to a private address")
    return admitted


def connect(host: str, port: int, *, within: float) -> socket.socket:
    """A connection to the host. Raises HostUnknown, HostRefused, or the OSError of the last address.

    `within` is in seconds, for all of its addresses together. TLS on the connection has to check the name, not the address.
    """
    return connect_to(addresses(host, port), port, within=within)


def connect_to(admitted: Sequence[str], port: int, *, within: float) -> socket.socket:
    """A connection to the first of these addresses that takes one. Raises the OSError of the last."""
    end = time.monotonic() + within
    failure: OSError = TimeoutError("timed out")
    for position, address in enumerate(admitted):
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left / (len(admitted) - position))
        except OSError as error:
            failure = error
    raise failure


def _parsed(address: str) -> IpAddress:
    return ipaddress.ip_address(address.partition("%")[0])  # without the zone of a link
