"""What the rail and the keyboard need of the inbox."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section
from conversations.screens.shortcuts import DO, MOVE, VIEW, WRITE, Shortcut

SECTION = Section(
    link=Link(_("Inbox"), icon="inbox", url_name="inbox", keys=("g i",), is_main=True),
    shortcuts=(
        Shortcut("next", ("j", "ArrowDown"), _("Next conversation in the list"), MOVE),
        Shortcut("previous", ("k", "ArrowUp"), _("Previous conversation in the list"), MOVE),
        Shortcut("open", ("Enter", "o"), _("Open the conversation"), MOVE),
        Shortcut("back", ("u", "Escape"), _("Back to the list"), MOVE),
        Shortcut("open-next", ("]",), _("Open the next conversation"), MOVE),
        Shortcut("open-previous", ("[",), _("Open the previous conversation"), MOVE),
        Shortcut("select", ("x",), _("Select the conversation"), MOVE, writes=True),
        Shortcut("select-range", ("X",), _("Select up to here"), MOVE, writes=True),
        Shortcut("select-all", ("* a",), _("Select all"), MOVE, writes=True),
        Shortcut("new", ("c",), _("New conversation"), DO, writes=True),
        Shortcut("reply", ("r",), _("Write a reply"), DO, writes=True),
        Shortcut("note", ("n",), _("Write an internal note"), DO, writes=True),
        Shortcut("macro", ("m",), _("Insert a macro"), DO, writes=True),
        Shortcut("send", ("Control+Enter",), _("Send"), DO, writes=True, is_fixed=True),
        Shortcut("send-and-resolve", ("Control+Shift+Enter",), _("Send and resolve"), DO, writes=True, is_fixed=True),
        Shortcut("send-later", ("Control+Alt+Enter",), _("Send later"), DO, writes=True, is_fixed=True),
        Shortcut("bold", ("Control+b",), _("Bold"), WRITE, writes=True, is_fixed=True),
        Shortcut("italic", ("Control+i",), _("Italic"), WRITE, writes=True, is_fixed=True),
        Shortcut("link", ("Control+Shift+u",), _("Link"), WRITE, writes=True, is_fixed=True),
        Shortcut("code", ("Control+e",), _("Code"), WRITE, writes=True, is_fixed=True),
        Shortcut("numbers", ("Control+Shift+7",), _("Numbered list"), WRITE, writes=True, is_fixed=True),
        Shortcut("list", ("Control+Shift+8",), _("List"), WRITE, writes=True, is_fixed=True),
        Shortcut("quote", ("Control+Shift+9",), _("Quote"), WRITE, writes=True, is_fixed=True),
        Shortcut("block", ("Control+Alt+c",), _("Code block"), WRITE, writes=True, is_fixed=True),
        Shortcut("preview", ("Control+Shift+p",), _("Preview"), WRITE, writes=True, is_fixed=True),
        Shortcut("done", ("e",), _("Resolve or reopen"), DO, writes=True),
        Shortcut("done-next", ("E",), _("Resolve and open the next"), DO, writes=True),
        Shortcut("ticket", ("T",), _("Open a ticket, or go to it"), DO, writes=True),
        Shortcut("copy", (".",), _("Copy the number; again for subject and address"), DO),
        Shortcut("details", ("d",), _("Show or hide the details"), DO),
        Shortcut("assign", ("a",), _("Assign to …"), DO, writes=True),
        Shortcut("assign-me", ("i",), _("Assign to me"), DO, writes=True),
        Shortcut("snooze", ("z",), _("Snooze until …"), DO, writes=True),
        Shortcut("priority", ("p",), _("Set priority"), DO, writes=True),
        Shortcut("tags", ("l",), _("Edit tags"), DO, writes=True),
        Shortcut("follow", ("f",), _("Follow or unfollow"), DO, writes=True),
        Shortcut("forward", ("F",), _("Forward the conversation"), DO, writes=True),
        Shortcut("unread", ("U",), _("Mark as unread"), DO, writes=True),
        Shortcut("trash", ("#",), _("Move to Trash"), DO, writes=True),
        Shortcut("accept-tags", ("L",), _("Add the suggested tags"), DO, writes=True),
        Shortcut("suggest", ("s",), _("Suggest a reply"), DO, writes=True),
        Shortcut("take-over", ("t",), _("Take over from the assistant"), DO, writes=True),
        Shortcut("filter", ("v",), _("Filter the list"), VIEW),
        Shortcut("view-mine", ("g m",), _("Mine"), VIEW),
        Shortcut("view-unassigned", ("g u",), _("Unassigned"), VIEW),
        Shortcut("view-open", ("g a",), _("All open"), VIEW),
        Shortcut("view-waiting", ("g w",), _("Waiting on customer"), VIEW),
        Shortcut("view-snoozed", ("g s",), _("Snoozed"), VIEW),
        Shortcut("view-teams", ("g y",), _("My teams"), VIEW),
        Shortcut("view-mentions", ("g n",), _("Mentions"), VIEW),
        Shortcut("view-callbacks", ("g l",), _("Callbacks"), VIEW),
        Shortcut("view-failed", ("g f",), _("Failed to send"), VIEW),
        Shortcut("view-solved", ("g e",), _("Resolved"), VIEW),
        Shortcut("view-assistant", ("g b",), _("Assistant"), VIEW),
        *(
            Shortcut(f"saved-{digit}", (f"g {digit}",), format_lazy(_("Saved view {number}"), number=digit), VIEW)
            for digit in range(1, 10)
        ),
    ),
)
