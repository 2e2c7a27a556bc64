"""What the verbs refuse, as people read it on the pages of accounts."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.errors import DomainError, sentence

_SENTENCES = (
    _("A name has at least one visible character."),
    _("A name has at most 200 characters of text."),
    _("An account has at most 5 addresses."),
    _("An email address has at most 254 characters."),
    _("The primary address cannot be removed."),
    _("This address belongs to another account."),
    _("This address is already verified."),
    _("This desk is already set up."),
    _("This invitation is for another address."),
    _("This invitation is no longer valid."),
    _("This is not one of your verified addresses."),
    _("This is not your current password."),
    _("This link is not valid."),
)
"""The messages of verbs, collected here for translators; one that is not among them is shown in English."""


def of_error(error: DomainError) -> str:
    """The message for a person, in their language."""
    return gettext(sentence(error))
