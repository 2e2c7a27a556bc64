"""What the keyboard needs of the notifications; the rail has the bell."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Section
from conversations.screens.shortcuts import VIEW, Shortcut

SECTION = Section(shortcuts=(Shortcut("notifications", ("g o",), _("Notifications"), VIEW),))
