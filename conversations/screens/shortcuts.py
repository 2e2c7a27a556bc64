"""What a shortcut is, and the shortcuts of every screen; each section adds its own.

The page carries them all as its help dialog; keys.js and the palette read them from there, so that no second list exists. A
shortcut clicks or focuses the first visible element that carries its name, except for those that keys.js does itself (moving).
A member's own keys (`keymap`) take the place of these in the handlers, the tooltips, the help and the palette alike.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A name, its keys (alternatives; a sequence is two keys with a space), and what it does."""

    name: str
    keys: tuple[str, ...]
    label: str | Promise
    group: str | Promise
    writes: bool = False
    """Needs a member who may write."""
    is_fixed: bool = False
    """Held with Ctrl or ⌘, also while writing: nobody has to change it."""

    @property
    def shown(self) -> list[str]:
        """The keys as people read them."""
        return [shown(keys) for keys in self.keys]

    @property
    def spelled(self) -> str:
        """For a data attribute: alternatives divided by `|`."""
        return "|".join(self.keys)

    @property
    def aria(self) -> str:
        """For aria-keyshortcuts, which knows no sequences."""
        return " ".join(key for key in self.keys if " " not in key)


_SHOWN: dict[str, str | Promise] = {
    "ArrowDown": "↓",
    "ArrowUp": "↑",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Escape": "Esc",
    "Control": pgettext_lazy("the key", "Ctrl"),
    "Shift": "⇧",
    "Enter": "↵",
}


def shown(keys: str) -> str:
    """Keys as people read them: `Shift+E` and `E` are the same key."""
    return " ".join(_shown(key) for key in keys.split(" "))


def _shown(key: str) -> str:
    *held, last = key.split("+") if len(key) > 1 else [key]
    if len(last) == 1 and last.isupper():
        held = [*[one for one in held if one != "Shift"], "Shift"]
    name = _SHOWN.get(last, unicodedata.normalize("NFC", last.lower() if last.isupper() else last))
    return " ".join([*(str(_SHOWN.get(one, one)) for one in held), str(name)])


MOVE, DO, WRITE, VIEW, DESK = _("Move"), _("Conversation"), _("Writing"), _("Go to"), _("General")
GROUPS = (MOVE, DO, WRITE, VIEW, DESK)
"""In the order of the help."""

GENERAL = (
    Shortcut("palette", ("Control+k",), _("Find a command, customer or conversation"), DESK, is_fixed=True),
    Shortcut("search", ("/",), _("Search"), DESK),
    Shortcut("undo", ("Control+z",), _("Undo what was last changed"), DESK, is_fixed=True),
    Shortcut("help", ("?",), _("Keyboard shortcuts"), DESK),
)
