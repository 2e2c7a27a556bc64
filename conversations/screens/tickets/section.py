"""What the rail and the keyboard need of the tickets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section
from conversations.screens.shortcuts import DESK, Shortcut

SECTION = Section(
    link=Link(_("Tickets"), icon="ticket", url_name="tickets", keys=("g t",), is_main=True),
    shortcuts=(Shortcut("new-ticket", (), _("New ticket"), DESK, writes=True),),
)
