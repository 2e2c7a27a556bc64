"""The keyboard: one table that drives the handlers, the tooltips and the help.

The page carries the table as its help dialog; keys.js reads it from there, so that no second list exists. A shortcut
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
    "Enter": "↵",
}

_MOVE, _VIEW, _DO, _DESK = "Move", "Go to", "Conversation", "General"

SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("next", ("j", "ArrowDown"), "Next conversation in the list", _MOVE),
    Shortcut("previous", ("k", "ArrowUp"), "Previous conversation in the list", _MOVE),
    Shortcut("open", ("Enter", "o"), "Open the conversation", _MOVE),
    Shortcut("back", ("u", "Escape"), "Back to the list", _MOVE),
    Shortcut("open-next", ("]",), "Open the next conversation", _MOVE),
    Shortcut("open-previous", ("[",), "Open the previous conversation", _MOVE),
    Shortcut("reply", ("r",), "Write a reply", _DO, writes=True),
    Shortcut("note", ("n",), "Write an internal note", _DO, writes=True),
    Shortcut("macro", ("m",), "Insert a macro", _DO, writes=True),
    Shortcut("send", ("Control+Enter",), "Send", _DO, writes=True),
    Shortcut("send-and-resolve", ("Control+Shift+Enter",), "Send and resolve", _DO, writes=True),
    Shortcut("done", ("e",), "Resolve or reopen", _DO, writes=True),
    Shortcut("assign", ("a",), "Assign to …", _DO, writes=True),
    Shortcut("assign-me", ("i",), "Assign to me", _DO, writes=True),
    Shortcut("snooze", ("z",), "Snooze until …", _DO, writes=True),
    Shortcut("priority", ("p",), "Set priority", _DO, writes=True),
    Shortcut("tags", ("l",), "Edit tags", _DO, writes=True),
    Shortcut("suggest", ("s",), "Suggest a reply", _DO, writes=True),
    Shortcut("take-over", ("t",), "Take over from the assistant", _DO, writes=True),
    Shortcut("inbox", ("g i",), "Inbox", _VIEW),
    Shortcut("knowledge", ("g k",), "Knowledge", _VIEW),
    Shortcut("view-mine", ("g m",), "Mine", _VIEW),
    Shortcut("view-unassigned", ("g u",), "Unassigned", _VIEW),
    Shortcut("view-open", ("g a",), "All open", _VIEW),
    Shortcut("view-waiting", ("g w",), "Waiting on customer", _VIEW),
    Shortcut("view-snoozed", ("g s",), "Snoozed", _VIEW),
    Shortcut("view-assistant", ("g b",), "Assistant", _VIEW),
    Shortcut("search", ("/",), "Search", _DESK),
    Shortcut("help", ("?",), "Keyboard shortcuts", _DESK),
)

BY_NAME = {shortcut.name: shortcut for shortcut in SHORTCUTS}
