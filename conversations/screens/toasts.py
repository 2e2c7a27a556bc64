"""Messages on the next page that offer to take back what was done."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages

from conversations.screens.shell import DeskRequest


def undoable(request: DeskRequest, text: str, path: str, **given: object) -> None:
    """Say on the next page what was done, with a button that sends `given` to a path of the desk to take it back."""
    messages.success(request, text, extra_tags=f"{path}?{urlencode(given)}")


def undo_form(tags: str) -> dict[str, object] | None:
    """The path and the fields of the form of such a message; None for any other."""
    path, mark, given = tags.partition("?")
    return {"path": path, "given": parse_qsl(given)} if mark and path.startswith("/") else None
