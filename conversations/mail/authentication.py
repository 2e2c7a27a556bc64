"""Whether a mail comes from whom it says, as the server that took it in found out (RFC 8601).

Anyone can write an Authentication-Results header. Only the topmost one of the server that the operator names counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from conversations.mail.parsed import ParsedMail

MICROSOFT = "protection.outlook.com"
"""The name of the host for mailboxes at Microsoft 365, whose header does not say who wrote it."""
_METHOD = re.compile(r"^\s*([a-z0-9-]{1,30})(?:/\d{1,3})?\s*=\s*([a-z]{1,20})\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r'([a-z-]{1,30}\.[a-z-]{1,30})\s*=\s*("[^"]*"|[^\s;]+)', re.IGNORECASE)
_MOST_RESULTS = 50


class Verdict(StrEnum):
    """What is known of the sender."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """What one method found."""

    method: str
    """dmarc, dkim, spf …, in lower case."""
    result: str
    """pass, fail, none …, in lower case."""
    properties: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the trusted server found, and what that says about the address in From."""

    verdict: Verdict
    results: tuple[Result, ...] = ()


def authentication(mail: ParsedMail, trusted_host: str) -> Authentication:
    """Whether the sender's domain is proven: by DMARC, or by a signature of that domain. Unknown without a trusted host."""
    trusted = trusted_host.strip().lower().rstrip(".")
    for index, value in enumerate(mail.authentication_results if trusted else ()):
        host, results = parse(value)
        if host == trusted or (not host and index == 0 and trusted.endswith(MICROSOFT)):
            return Authentication(_verdict(mail, results), results)
    return Authentication(Verdict.UNKNOWN)


def _verdict(mail: ParsedMail, results: tuple[Result, ...]) -> Verdict:
    if mail.sender is None:
        return Verdict.UNKNOWN
    domain = mail.sender.domain
    dmarc = [one for one in results if one.method == "dmarc"]
    if any(
        one.result == "pass" and one.value("header.from").lower().rpartition("@")[2] in ("", domain) for one in dmarc
    ):
        return Verdict.VERIFIED
    if any(one.method == "dkim" and one.result == "pass" and _is_aligned(_signer(one), domain) for one in results):
        return Verdict.VERIFIED
    return Verdict.FAILED if any(one.result in ("fail", "permerror") for one in dmarc) else Verdict.UNKNOWN


def _signer(result: Result) -> str:
    return (result.value("header.d") or result.value("header.i").rpartition("@")[2]).lower()


def _is_aligned(signer: str, domain: str) -> bool:
    """Whether the signer is the domain or one above it. One below it proves nothing: others may have that."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def parse(value: str) -> tuple[str, tuple[Result, ...]]:
    """The host that wrote a header, "" where it does not say, and its results."""
    pieces = _without_comments(value).split(";")
    host = ""
    if "=" not in pieces[0]:
        host = (pieces[0].split() or [""])[0].lower().rstrip(".")
        pieces = pieces[1:]
    results: list[Result] = []
    for piece in pieces[:_MOST_RESULTS]:
        found = _METHOD.match(piece)
        if found:
            properties = tuple((name.lower(), text.strip('"')) for name, text in _PROPERTY.findall(found[3]))
            results.append(Result(found[1].lower(), found[2].lower(), properties))
    return host, tuple(results)


def _without_comments(value: str) -> str:
    """The value without what is in parentheses, which may hold anything."""
    kept: list[str] = []
    depth, is_quoted = 0, False
    for char in value:
        if char == '"' and not depth:
            is_quoted = not is_quoted
        if char == "(" and not is_quoted:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(char)
    return "".join(kept)
