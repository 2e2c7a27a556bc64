"""What can go wrong with a mail server, in plain words for the people who connect it."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """How far a connection has come, in this order."""

    NAME = "name"
    CONNECTION = "connection"
    ENCRYPTION = "encryption"
    GREETING = "greeting"
    LOGIN = "login"
    FOLDER = "folder"
    SENDER = "sender"
    USE = "use"


class MailServerError(Exception):
    """A mail server cannot be used, at the moment or as it is configured.

    `reason` is a sentence without addresses and secrets, fit for a screen and a log; `hint` says what may help. `is_temporary`
    says whether the same attempt may succeed later without anybody's help.
    """

    def __init__(self, reason: str, *, step: Step, hint: str = "", is_temporary: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step
        self.hint = hint
        self.is_temporary = is_temporary


class CannotConnect(MailServerError):
    """There is no connection: the name, the port, the network or the encryption."""


class ConnectionLost(MailServerError):
    """The connection broke, or the server does not answer any more. A new connection may be made."""


class LoginRefused(MailServerError):
    """The server does not accept the credentials."""


class FolderMissing(MailServerError):
    """The folder does not exist, or cannot be opened."""


class NotUnderstood(MailServerError):
    """The server answered, and not as the protocol says, or refused a command."""
