"""What the rail needs of the assistant's page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.screens.sections import Link, Section

SECTION = Section(link=Link(_("Assistant"), icon="sparkles", url_name="assistant"))
