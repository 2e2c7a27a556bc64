"""Forms in the list of the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.channels import ChannelSettings

SETTINGS = ChannelSettings(
    title=_("Forms"),
    about=_("Pages on which customers write to you or ask for a call, by themselves or on your website."),
    icon="clipboard-list",
    url_name="forms",
    permission="form.write",
)
