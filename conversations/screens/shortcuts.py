"""What a shortcut is, and the shortcuts of every screen; each section adds its own.

The page carries them all as its help dialog; keys.js reads it from there, so that no second list exists. A shortcut
clicks or focuses the first visible element that carries its name, except for those that keys.js does itself (moving).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A name, its keys (alternatives; a sequence is two keys with a space), and what it does."""

    name: str
    keys: tuple[str, ...]
    label: str
    group: str
    writes: bool = False
    """Needs a member who may write."""

    @property
    def shown(self) -> list[str]:
        """The keys as people read them."""
        return [_SHOWN.get(key, key) for key in self.keys]

    @property
    def spelled(self) -> str:
        """For a data attribute: alternatives divided by `|`."""
        return "|".join(self.keys)

    @property
    def aria(self) -> str:
        """For aria-keyshortcuts, which knows no sequences."""
        return " ".join(key for key in self.keys if " " not in key)


_SHOWN = {
    "ArrowDown": "↓",
    "ArrowUp": "↑",
    "Escape": "Esc",
    "Control+Enter": "Ctrl ↵",
    "Control+Shift+Enter": "Ctrl ⇧ ↵",
    "Control+Alt+Enter": "Ctrl Alt ↵",
    "Control+b": "Ctrl B",
    "Control+i": "Ctrl I",
    "Control+k": "Ctrl K",
    "Control+e": "Ctrl E",
    "Control+Shift+7": "Ctrl ⇧ 7",
    "Control+Shift+8": "Ctrl ⇧ 8",
    "Control+Shift+9": "Ctrl ⇧ 9",
    "Control+Alt+c": "Ctrl Alt C",
    "Control+Shift+p": "Ctrl ⇧ P",
    "Enter": "↵",
}

MOVE, DO, WRITE, VIEW, DESK = "Move", "Conversation", "Writing", "Go to", "General"
GROUPS = (MOVE, DO, WRITE, VIEW, DESK)
"""In the order of the help."""

GENERAL = (
    Shortcut("search", ("/",), "Search", DESK),
    Shortcut("help", ("?",), "Keyboard shortcuts", DESK),
)
