"""The name of a browser and its system, out of the User-Agent that it sends: enough to know one's own devices by."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The first that is found: others name themselves after these.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Vivaldi", "Vivaldi"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_HELD = frozenset({"iPhone", "iPad", "Android"})


def named(user_agent: str) -> tuple[str, str]:
    """The words, such as "Firefox on macOS", and an icon of the kind of device."""
    browser = next((name for part, name in _BROWSERS if part in user_agent), "")
    system = next((name for part, name in _SYSTEMS if part in user_agent), "")
    icon = "smartphone" if system in _HELD else "monitor"
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}, icon
    return browser or system or _("Unknown browser"), icon
