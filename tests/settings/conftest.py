"""What the tests of the settings share: what a browser would send of a form."""

from __future__ import annotations

import re
from html import unescape


def typed(page: str, of: str) -> dict[str, str]:
    """What a browser would send of the form whose tag holds a text, unchanged and without its buttons."""
    found: dict[str, str] = {}
    part = page[page.index(of) :]
    part = part[: part.index("</form>")]
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (not re.search(r'type="(checkbox|radio)"', tag) or "checked" in tag):
            found[name[1]] = unescape(value[1]) if value else "on"
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', part, re.S):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', part, re.S):
        chosen = re.search(r"<option([^>]*)selected>([^<]*)", options) or re.search(r"<option([^>]*)>([^<]*)", options)
        assert chosen
        value = re.search(r'value="([^"]*)"', chosen[1])
        found[name] = unescape(value[1] if value else chosen[2])
    found.pop("csrfmiddlewaretoken", None)
    return found
