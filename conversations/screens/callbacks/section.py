"""What the rail and the keyboard need of the callbacks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link(_("Callbacks"), icon="phone", url_name="callbacks", keys=("g h",)))
