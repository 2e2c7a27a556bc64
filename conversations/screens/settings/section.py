"""What the rail and the keyboard need of the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link(_("Settings"), icon="sliders-horizontal", url_name="settings", permission="workspace.read"))
