"""The doors of the desk by the path of a request: the labels of its metrics, a fixed few."""

from __future__ import annotations

from functools import cache

from conversations.api import discovery

OTHER = "other"
_BY_BEGINNING = {
    "w": "inbox",
    "": "inbox",
    "admin": "admin",
    "accounts": "sign-in",
    "setup": "sign-in",
    "mail": "mail",
    "f": "forms",
    "widget": "chat",
    "widget.js": "chat",
    "static": "static",
    "readyz": "health",
    "metrics": "health",
}


@cache
def names() -> tuple[str, ...]:
    """All of them: each wire format, and the rest of the desk."""
    return (
        *(dialect.name for dialect in discovery.all_dialects()),
        "docs",
        *dict.fromkeys(_BY_BEGINNING.values()),
        OTHER,
    )


def door_of(path: str) -> int:
    """The place of a path's door among the names."""
    beginning = path[1:].partition("/")[0]
    if beginning != "api":
        return names().index(_BY_BEGINNING.get(beginning, OTHER))
    if (dialect := discovery.dialect_of(path)) is not None:
        return names().index(dialect.name)
    return names().index("docs" if path.startswith(("/api/schema", "/api/docs", "/api/redoc")) else OTHER)
