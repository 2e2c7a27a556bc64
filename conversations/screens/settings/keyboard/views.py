"""The keys of every shortcut, chosen by each person for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import Invalid
from accounts.permissions import may, permit
from conversations.screens import errors, keymap, preferences
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen
from conversations.screens.shortcuts import GROUPS, Shortcut


@dataclass(frozen=True, slots=True)
class Field:
    """A shortcut as the form shows it: what is typed for it, and what is wrong with that."""

    shortcut: Shortcut
    typed: str
    fault: str = ""
    is_changed: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def keyboard(request: DeskRequest) -> HttpResponse:
    """Show the keys, and keep what the person wants of them; `reset` brings back the keys that the desk comes with."""
    permit(request.actor, "conversation.read")
    known = keymap.table(keymap.current())
    typed = {name: ", ".join(one.keys) for name, one in known.items() if not one.is_fixed}
    faults: dict[str, str] = {}
    if request.method == "POST":
        if "reset" not in request.POST:
            typed = {name: request.POST.get(name, kept) for name, kept in typed.items()}
        faults, chosen = _read({} if "reset" in request.POST else typed, known)
        if not faults:
            preferences.save(request.user, {"keys": chosen, "shortcuts": _switch(request)})
            messages.success(request, _("Saved."))
            return redirect("keyboard", request.workspace.slug)
    remember(request)
    may_write = may(request.actor, "conversation.reply")
    groups = [
        (
            group,
            [
                Field(one, typed.get(name, ""), faults.get(name, ""), one.keys != keymap.table()[name].keys)
                for name, one in known.items()
                if one.group == group and (may_write or not one.writes)
            ],
        )
        for group in GROUPS
    ]
    facts = {**frame.facts(request, "keyboard"), "key_groups": groups, "faults": faults}
    return render(request, "settings/keyboard/page.html", facts, status=422 if faults else 200)


def _read(typed: Mapping[str, str], known: Mapping[str, Shortcut]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """What is wrong with the keys, by shortcut, beside those that are `known`; or, where nothing is, what to keep."""
    wanted: dict[str, tuple[str, ...]] = {}
    faults: dict[str, str] = {}
    for name, text in typed.items():
        try:
            wanted[name] = keymap.parse(text)
        except Invalid as error:
            faults[name] = errors.of_error(error)
    if faults:
        return faults, {}
    try:
        return {}, keymap.checked(wanted, known)
    except Invalid as error:
        return {error.field or "": errors.of_error(error)}, {}


def _switch(request: DeskRequest) -> str:
    return "off" if request.POST.get("shortcuts") == "off" else "on"
