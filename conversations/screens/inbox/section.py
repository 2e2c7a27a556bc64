"""What the rail and the keyboard need of the inbox."""

from __future__ import annotations

from conversations.screens.sections import Link, Section
from conversations.screens.shortcuts import DO, MOVE, VIEW, WRITE, Shortcut

SECTION = Section(
    link=Link("Inbox", icon="inbox", url_name="inbox", keys=("g i",)),
    shortcuts=(
        Shortcut("next", ("j", "ArrowDown"), "Next conversation in the list", MOVE),
        Shortcut("previous", ("k", "ArrowUp"), "Previous conversation in the list", MOVE),
        Shortcut("open", ("Enter", "o"), "Open the conversation", MOVE),
        Shortcut("back", ("u", "Escape"), "Back to the list", MOVE),
        Shortcut("open-next", ("]",), "Open the next conversation", MOVE),
        Shortcut("open-previous", ("[",), "Open the previous conversation", MOVE),
        Shortcut("new", ("c",), "New conversation", DO, writes=True),
        Shortcut("reply", ("r",), "Write a reply", DO, writes=True),
        Shortcut("note", ("n",), "Write an internal note", DO, writes=True),
        Shortcut("macro", ("m",), "Insert a macro", DO, writes=True),
        Shortcut("send", ("Control+Enter",), "Send", DO, writes=True),
        Shortcut("send-and-resolve", ("Control+Shift+Enter",), "Send and resolve", DO, writes=True),
        Shortcut("send-later", ("Control+Alt+Enter",), "Send later", DO, writes=True),
        Shortcut("bold", ("Control+b",), "Bold", WRITE, writes=True),
        Shortcut("italic", ("Control+i",), "Italic", WRITE, writes=True),
        Shortcut("link", ("Control+k",), "Link", WRITE, writes=True),
        Shortcut("code", ("Control+e",), "Code", WRITE, writes=True),
        Shortcut("numbers", ("Control+Shift+7",), "Numbered list", WRITE, writes=True),
        Shortcut("list", ("Control+Shift+8",), "List", WRITE, writes=True),
        Shortcut("quote", ("Control+Shift+9",), "Quote", WRITE, writes=True),
        Shortcut("block", ("Control+Alt+c",), "Code block", WRITE, writes=True),
        Shortcut("preview", ("Control+Shift+p",), "Preview", WRITE, writes=True),
        Shortcut("done", ("e",), "Resolve or reopen", DO, writes=True),
        Shortcut("assign", ("a",), "Assign to …", DO, writes=True),
        Shortcut("assign-me", ("i",), "Assign to me", DO, writes=True),
        Shortcut("snooze", ("z",), "Snooze until …", DO, writes=True),
        Shortcut("priority", ("p",), "Set priority", DO, writes=True),
        Shortcut("tags", ("l",), "Edit tags", DO, writes=True),
        Shortcut("suggest", ("s",), "Suggest a reply", DO, writes=True),
        Shortcut("take-over", ("t",), "Take over from the assistant", DO, writes=True),
        Shortcut("view-mine", ("g m",), "Mine", VIEW),
        Shortcut("view-unassigned", ("g u",), "Unassigned", VIEW),
        Shortcut("view-open", ("g a",), "All open", VIEW),
        Shortcut("view-waiting", ("g w",), "Waiting on customer", VIEW),
        Shortcut("view-snoozed", ("g s",), "Snoozed", VIEW),
        Shortcut("view-assistant", ("g b",), "Assistant", VIEW),
    ),
)
