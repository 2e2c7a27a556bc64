"""The sections of the screens, one line each: a folder beside this module, with its `urls`.

A folder states in its module `section` what the rail and the keyboard need of it; one without is reached from elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise

from accounts.permissions import Actor, may
from conversations.screens.shortcuts import GENERAL, GROUPS, VIEW, Shortcut

# In the order of the rail.
NAMES = (
    "inbox",
    "tickets",
    "contacts",
    "callbacks",
    "knowledge",
    "assistant",
    "settings",
    "start",
    "home",
    "notifications",
    "preview",
    "conditions",
)


@dataclass(frozen=True, slots=True)
class Link:
    """A section's place in the rail, and its keys; with a permission, only members who have it see it."""

    label: str | Promise
    icon: str
    url_name: str
    keys: tuple[str, ...] = ()
    permission: str = ""
    is_main: bool = False
    """Whether it has its place on a phone too, where the others are in a menu."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a section brings to every page: its link, and the keyboard shortcuts of its own pages."""

    link: Link | None = None
    shortcuts: tuple[Shortcut, ...] = ()


@cache
def all_sections() -> Mapping[str, Section]:
    """Every section, by name."""
    return {name: _stated(name) for name in NAMES}


def links(actor: Actor) -> tuple[tuple[str, Link], ...]:
    """The links of the rail that the member sees, each with the name of its section."""
    found = ((name, section.link) for name, section in all_sections().items() if section.link)
    return tuple((name, link) for name, link in found if not link.permission or may(actor, link.permission))


@cache
def shortcuts() -> Mapping[str, Shortcut]:
    """Every shortcut by name, in the order of the help."""
    sections = all_sections()
    table = [
        Shortcut(name, one.link.keys, one.link.label, VIEW)
        for name, one in sections.items()
        if one.link and one.link.keys
    ]
    table += [shortcut for section in sections.values() for shortcut in section.shortcuts]
    table += GENERAL
    return {shortcut.name: shortcut for shortcut in sorted(table, key=lambda one: GROUPS.index(one.group))}


def _stated(name: str) -> Section:
    module = f"{__package__}.{name}.section"
    if importlib.util.find_spec(module) is None:
        return Section()
    section: Section = importlib.import_module(module).SECTION
    return section
