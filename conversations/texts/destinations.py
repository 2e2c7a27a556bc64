"""Links of mails whose words name another address than they lead to, as in mails that are after passwords."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from conversations.texts import links

# As nh3 writes it: no link in a link, each closed, its attributes in double quotes.
_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_HREF = re.compile(r' href="([^"]*)"')
_TAG = re.compile(r'<(?:"[^"]*"|[^">])*>')
_HOST = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*\.[^\W\d_]{2,63}(?=[/?#:]|$)")
_LONGEST = 500
"""Letters of the words of a link that are looked at."""
_files = mimetypes.MimeTypes(filenames=())


def with_destinations(safe: str, note: Callable[[str], str]) -> str:
    """Sanitised HTML with a note, which is HTML, behind each link whose words name another host than it leads to."""

    def noted(found: re.Match[str]) -> str:
        href = _HREF.search(found[1])
        if href is None:
            return found[0]
        leads = leads_elsewhere(html.unescape(_TAG.sub("", found[2])), html.unescape(href[1]))
        return found[0] if leads is None else found[0] + note(leads)

    return _LINK.sub(noted, safe)


def leads_elsewhere(words: str, href: str) -> str | None:
    """The host that a link leads to, where its words name another one; for mail links the address."""
    named = _named(" ".join(words.split())[:_LONGEST])
    if named is None:
        return None
    if href.lower().startswith("mailto:"):
        address = href[len("mailto:") :].partition("?")[0]
        is_same = named.lower() == f"mailto:{address}".lower() or not named.startswith("mailto:")
        return None if is_same or not address else address
    leads = _host(href)
    if leads is None:
        return None
    if named.startswith("mailto:"):
        domain = named.rpartition("@")[2].lower()
        return None if _are_related(domain, leads) else leads
    shown = _host(named)
    hides = "@" in urlsplit(named).netloc  # what stands before it looks like the host
    return leads if hides or shown is None or not _are_related(shown, leads) else None


def _named(words: str) -> str | None:
    """The address that the words name, or nothing."""
    for _, _, url in links.links(words):
        return url
    found = _HOST.match(words)
    if found is None or " " in words or _files.guess_type(found[0])[0] is not None:
        return None
    return f"https://{words}"


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    if not host:
        return None
    try:
        return host.encode("idna").decode().lower().rstrip(".")
    except UnicodeError:
        return host.lower()


def _are_related(one: str, other: str) -> bool:
    """Whether they are the same host, or one is below the other."""
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
