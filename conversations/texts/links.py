"""Addresses in plain text, as people, assistants and programs write them: where each begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 2_000

# Letters of scripts that are written without spaces: an address may hold them, but a sentence may go on with them.
_UNSPACED = "\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
# What ends an address without a space: quotes, brackets and punctuation that no address holds unescaped.
_STOPS = '\\s\x00-\x1f\x7f<>"`|\\\\“”„‟‘’‚«»‹›…—、。，．；：！？·「」『』【】〔〕《》〈〉（）［］｛｝｜～،؛؟۔।'
_CHAR = rf"(?:[^{_STOPS}{_UNSPACED}\]]|\](?!\()|(?<=[/=#?&%_.\-{_UNSPACED}])[{_UNSPACED}])"
_LINK = re.compile(
    rf"(?<![a-z0-9])(?P<url>(?:https?://(?=[^\W_]|\[)|www\.(?=[^\W_])){_CHAR}{{1,{LONGEST}}})"
    r"|(?<![a-z0-9.+_-])(?:mailto:)?(?P<email>[a-z0-9._+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5})(?![a-z0-9@])",
    re.IGNORECASE,
)
_TRAILING = frozenset("?!.,:;*_~'")
_PAIRS = {")": "(", "]": "[", "}": "{"}


def links(text: str) -> Iterator[tuple[int, int, str]]:
    """The addresses of a text: where each begins, where it ends, and what it leads to (http, https or mailto)."""
    if "@" not in text and "://" not in text and "www." not in text.lower():
        return  # Most lines: looking for an address at each letter takes long.
    for found in _LINK.finditer(text):
        start = found.start("email") if found["email"] else found.start()
        shown = found["email"].rstrip(".-") if found["email"] else _without_trailing(found["url"])
        if found["email"]:
            yield start, start + len(shown), f"mailto:{shown}"
        elif shown.lower().startswith("www."):
            yield start, start + len(shown), f"https://{shown}"
        elif len(shown) > len("https://"):
            yield start, start + len(shown), shown


def _without_trailing(url: str) -> str:
    """Without the punctuation and the closing brackets of the sentence around it."""
    open_ = {closing: url.count(closing) - url.count(opening) for closing, opening in _PAIRS.items()}
    end = len(url)
    while end:
        last = url[end - 1]
        if last in _PAIRS and open_[last] > 0:
            open_[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return url[:end]
