"""Links of mails that show one host and lead to another, as those of most frauds do."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import urlsplit

_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
"""A link as nh3 writes it: links do not nest, and `"` is written out in values."""
_HREF = re.compile(r' href="([^"]*)"')
_TAG = re.compile(r"""<(?:"[^"]*"|[^>"])*>""")
_SHOWN = re.compile(
    r"(https?://)?([^\s/@]*@)?((?:[\w-]{1,63}\.){1,10}[^\W\d_]{2,63})\.?(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)


def with_hosts(safe: str, note: Callable[[str], str]) -> str:
    """Sanitised HTML in which each link that reads like another host's has the host that it leads to beside it."""

    def named(found: re.Match[str]) -> str:
        href = _HREF.search(found[1])
        real = href and _host(html.unescape(href[1]))
        shown = _SHOWN.fullmatch(html.unescape(_TAG.sub("", found[2])).strip())
        if not real or not shown:
            return found[0]
        hides = (
            shown[1] and shown[2]
        )  # `https://shop.example@other.example` reads like the first, and leads to the second
        if not hides and _is_same(_ascii(shown[3]), real):
            return found[0]
        return f'{found[0]} <small class="desk-host" dir="ltr">{html.escape(note(real))}</small>'

    return _LINK.sub(named, safe)


def _host(address: str) -> str:
    """The host of a page's address, as it goes over the wire; none for mail addresses and phone numbers."""
    try:
        parts = urlsplit(address)
        return _ascii(parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _ascii(host: str) -> str:
    try:
        return host.lower().encode("idna").decode()
    except UnicodeError:
        return host.lower()


def _is_same(shown: str, real: str) -> bool:
    """Whether they are the same host, or one is above the other: `www.shop.example` and `shop.example`."""
    return shown == real or real.endswith(f".{shown}") or shown.endswith(f".{real}")
