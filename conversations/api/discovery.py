"""Finding the wire formats: every folder under `conversations/dialects/` is one, and no other file names it."""

from __future__ import annotations

import importlib
import importlib.resources
import json
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from conversations.api.headers import Headers

if TYPE_CHECKING:
    from conversations.api.error_bodies import ErrorBodies


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire format: its name, its product, its paths, and its error bodies.

    `headers` are its own headers, if any. `about` says what its calls are for, and `credentials` which of them take which
    credential: calls, headers, kind of key. `bodies` gives each writing call ("POST /path") bodies to try it with, by name;
    the first is the usual one.
    """

    name: str
    title: str
    about: str
    credentials: Sequence[tuple[str, str, str]]
    paths: re.Pattern[str]
    error_bodies: ErrorBodies
    headers: Headers
    urlpatterns: Sequence[Any]
    bodies: Mapping[str, Mapping[str, Any]]


# By name: formats import this package, which therefore imports none of them.
_FORMATS = "conversations.dialects"


@cache
def all_dialects() -> tuple[Dialect, ...]:
    """Every wire format, by name. Its package gives TITLE, ABOUT, CREDENTIALS, PATHS and, if it needs any, HEADERS; `error_bodies`
    gives ERROR_BODIES, `urls` gives urlpatterns, and `bodies.json` its bodies."""
    found = []
    formats = importlib.import_module(_FORMATS)
    for module in sorted(pkgutil.iter_modules(formats.__path__), key=lambda item: item.name):
        if not module.ispkg:
            continue
        name = f"{_FORMATS}.{module.name}"
        package = importlib.import_module(name)
        found.append(
            Dialect(
                name=module.name,
                title=package.TITLE,
                about=package.ABOUT,
                credentials=package.CREDENTIALS,
                paths=package.PATHS,
                error_bodies=importlib.import_module(f"{name}.error_bodies").ERROR_BODIES,
                headers=getattr(package, "HEADERS", Headers()),
                urlpatterns=importlib.import_module(f"{name}.urls").urlpatterns,
                bodies=json.loads(importlib.resources.files(package).joinpath("bodies.json").read_text()),
            )
        )
    return tuple(found)


def urlpatterns() -> list[Any]:
    """All documented paths, to stand at the root of the URL table."""
    return [pattern for dialect in all_dialects() for pattern in dialect.urlpatterns]


def dialect_of(path: str) -> Dialect | None:
    """The format that answers for a path, or None."""
    return next((dialect for dialect in all_dialects() if dialect.paths.match(path)), None)
