"""The settings that posthog-js asks for: the chat on, and everything else off, so that it loads no other script.

What each of them does to the client is in docs/channels/posthog-widget.md.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from conversations.chat import answering, languages, presence
from conversations.models import Position, Widget

_POSITIONS = {Position.RIGHT: "bottom_right", Position.LEFT: "bottom_left"}
FLAGS: dict[str, Any] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}
"""The answer for feature flags: there are none."""
_SCRIPT = """\
(function () {
  var known = (window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {});
  known[%(token)s] = { config: %(config)s, siteApps: [] };
})();
"""


def config(widget: Widget, token: str, at: datetime) -> dict[str, Any]:
    """The remote configuration of a project whose token this is, in the open scope. Without `surveys`: even false would load their
    script."""
    return {
        "token": token,
        "supportedCompression": ["gzip-js"],
        "hasFeatureFlags": False,
        "autocapture_opt_out": True,
        "autocaptureExceptions": False,
        "captureDeadClicks": False,
        "capturePerformance": False,
        "defaultIdentifiedOnly": True,
        "elementsChainAsString": True,
        "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
        "heatmaps": False,
        "isAuthenticated": False,
        "logs": {"captureConsoleLogs": False},
        "productTours": False,
        "sessionRecording": False,
        "siteApps": [],
        "toolbarParams": {},
        "conversations": _conversations(widget, token, at),
    }


def script(widget: Widget, token: str, at: datetime) -> str:
    """The same as a script, which the client loads first."""
    written = {"token": json.dumps(token), "config": json.dumps(config(widget, token, at))}
    return _SCRIPT % {name: value.replace("<", "\\u003c") for name, value in written.items()}


def _conversations(widget: Widget, token: str, at: datetime) -> dict[str, Any]:
    return {
        "enabled": True,
        "widgetEnabled": True,
        "token": token,
        "color": widget.color,
        "greetingText": _greeting(widget, at),
        "requireEmail": widget.standard.get("email") == "required",
        "collectName": "name" in widget.standard,
        "domains": [name for origin in widget.allowed_origins if (name := urlsplit(origin).hostname)],
        "widgetPosition": _POSITIONS[Position(widget.position)],
    }


def _greeting(widget: Widget, at: datetime) -> str:
    """The first text that a visitor reads: outside business hours the one for then."""
    words = languages.words(widget.language)
    if answering.is_on(widget, at) or presence.online(widget, at)["is_online"]:
        return widget.greeting or str(words["greeting"])
    return widget.offline_message or str(words["offline_message"])
