"""The verbs of Discord: the bot, its threads, what people write there, and who they are.

For: all that people, commands and the running bot change about Discord. What a message means is decided in `receiving`.
In: rows, what `payloads` has read, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row.
Screens, commands and the worker import the package and name the verb.
"""

from conversations.channels.discord.actions.bots import (
    connect_bot,
    mark_bot_disconnected,
    pause_bot,
    remove_bot,
    reseal_bot,
    resume_bot,
)
from conversations.channels.discord.actions.members import (
    confirm_link,
    link_member,
    meet_member,
    request_link,
    send_code,
)
from conversations.channels.discord.actions.messages import edit, take_in, withdraw
from conversations.channels.discord.actions.threads import (
    OPEN_PRIVATE,
    change_thread,
    continue_privately,
    delete_thread,
    note_private_failed,
    request_private,
    restore_thread,
    see_thread,
    set_thread_tags,
)

__all__ = [
    "OPEN_PRIVATE",
    "change_thread",
    "confirm_link",
    "connect_bot",
    "continue_privately",
    "delete_thread",
    "edit",
    "link_member",
    "mark_bot_disconnected",
    "meet_member",
    "note_private_failed",
    "pause_bot",
        "remove_bot",
    "request_link",
    "request_private",
    "reseal_bot",
    "restore_thread",
    "resume_bot",
    "see_thread",
    "send_code",
    "set_thread_tags",
    "take_in",
    "withdraw",
]  # fmt: skip
