"""Connections that people of a workspace ask for lead to public addresses alone."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from accounts import outside

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "100.63.255.255"]
NOT_PUBLIC = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
    "192.88.99.1", "198.18.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "fe80::1", "fd00::1", "fec0::1", "ff0e::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_public(address: str) -> None:
    assert outside.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_address_of_a_machine_or_a_network_inside_is_not_public(address: str) -> None:
    assert not outside.is_public(ipaddress.ip_address(address))


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names resolve to these addresses, one answer after the other; gives the names that were asked for."""
    asked: list[str] = []

    def answered(host: str, port: int, **kinds: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    return asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "::1"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(outside.HostRefused):
        outside.connect(host, 25, within=5)


def test_this_machine_is_reached_where_private_hosts_are_allowed(settings: Any) -> None:
    settings.ALLOW_PRIVATE_HOSTS = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        outside.connect("localhost", server.getsockname()[1], within=5).close()


def test_a_name_with_private_addresses_too_leads_to_the_public_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, ["10.0.0.1", "8.8.8.8", "127.0.0.1", "8.8.8.8"])
    assert outside.addresses("mail.example.com", 993) == ["8.8.8.8"]


def test_a_name_is_asked_for_once_so_that_its_answer_cannot_change_after_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolves(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    connected: list[str] = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ConnectionRefusedError):
        outside.connect("mail.example.com", 993, within=5)
    assert (asked, connected) == (["mail.example.com"], ["8.8.8.8"])


def test_the_next_address_is_tried_when_one_does_not_answer(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOW_PRIVATE_HOSTS = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sock = outside.connect_to(["127.0.0.2", "127.0.0.1"], port, within=5)
        assert sock.getpeername() == ("127.0.0.1", port)
        sock.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "..", "\udcff"])
def test_a_name_without_an_address_is_unknown(host: str) -> None:
    with pytest.raises(outside.HostUnknown):
        outside.connect(host, 25, within=5)
