"""What the layers below say in English, in the language of the person who reads: why a verb refuses, and why something failed."""

from __future__ import annotations

import re
from functools import cache

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from accounts import errors
from accounts.errors import DomainError
from conversations.screens.reasons import REASONS

SENTENCES = (
    # People and workspaces
    _("%(address)s is already a member of %(workspace)s."),
    _("A name has at least one visible character."),
    _("A name has at most 200 characters of text."),
    _("A picture has at most 10 MB."),
    _("A signature has at most %(count)s characters of text."),
    _("A team can only have members of its workspace."),
    _("A team with this name already exists."),
    _("A workspace needs at least one owner."),
    _("An email address has at most 254 characters."),
    _("Choose a language of the list."),
    _("Choose a time zone of the list."),
    _("Choose another team."),
    _("Choose at least one day for quiet hours."),
    _("Only owners can add or remove owners."),
    _("Quiet hours end at another time than they start."),
    _("Set up your own second factor first."),
    _("This account is deactivated."),
    _("This invitation is already accepted or revoked."),
    _("This is not a picture that can be read; use JPEG, PNG, WebP or GIF."),
    _("This is the last superuser of the installation."),
    _("This membership no longer exists."),
    _("This picture has too many pixels."),
    _("This requires the role owner."),
    _("This requires the role admin."),
    _("This requires the role agent."),
    _("Too many invitations were sent; try again in an hour."),
    # API keys
    _("%(value)s is not an origin such as https://example.com."),
    _("A client key is public and cannot have %(subject)s scopes."),
    _("A key needs at least one scope."),
    _("The expiry must be in the future."),
    _("This key was created already; its secret was shown then."),
    # Customers and companies
    _("%(name)s must be a text."),
    _("%(name)s must be a whole number."),
    _("%(name)s is too large or too small a number."),
    _("%(name)s has at most %(count)s characters."),
    _("%(name)s must not be blank."),
    _("%(name)s contains characters that are not text."),
    _("A company cannot be merged into itself."),
    _("A company has at most %(count)s domains."),
    _("A customer cannot be merged into themselves."),
    _("A customer has at most %(count)s other addresses."),
    _("Another company has this name."),
    _("Another contact has this external id."),
    _("Another customer has this address: merge the two instead."),
    _("An address is an email address or a phone number."),
    _("Merge the one that is not verified into the one that is."),
    _("More than %(count)s customers belong to it."),
    _("One of the customers has changed since."),
    _("One of the customers was erased."),
    _("One of the customers was merged by then."),
    _("One of them is gone."),
    _("The customer has more than %(count)s conversations."),
    _("This address belongs to another customer."),
    _("This customer no longer exists."),
    _("This customer was erased."),
    _("This is an address of your own mailboxes."),
    _("This is not a phone number."),
    _("This is not an email address."),
    _("This is their main address."),
    _("This note is somebody else's."),
    _("“%(text)s” is not a domain, such as example.com."),
    # Conversations
    _("#%(number)s is spam."),
    _("#%(number)s was joined into #%(other)s."),
    _("A link was sent less than a minute ago."),
    _("A reply can be scheduled for a year ahead at most."),
    _("A resolved or closed conversation cannot be snoozed."),
    _("Choose 1 to %(count)s other conversations."),
    _("Choose at least one conversation."),
    _("Choose what to change."),
    _("Choose what to redact."),
    _("Conversations can't be assigned to this person."),
    _("Identities are confirmed by mail, which this workspace cannot send."),
    _("It has changed since."),
    _("It is still running: cancel it first."),
    _("It was undone already."),
    _("Only its author can change a note."),
    _("Only members of the workspace can follow a conversation."),
    _("Only messages and notes can be moved."),
    _("Only messages and notes can be redacted."),
    _("Only messages and notes can be split off."),
    _("Only who started it, owners and admins can do this."),
    _("The assignee is not a member of this workspace."),
    _("The assignee is not an agent of this workspace."),
    _("The assistant is still answering in this conversation."),
    _("The assistant takes part in the conversation: take over first."),
    _("The conversation has a ticket: unlink it first."),
    _("The conversation has changed since."),
    _("The conversations have changed since."),
    _("The message is in this conversation already."),
    _("The message was moved meanwhile."),
    _("The team is not in this workspace."),
    _("There is no address to block."),
    _("There is no such attribute."),
    _("This conversation no longer exists."),
    _("This file is not of the message."),
    _("This is being started already."),
    _("This passage is not in the message."),
    _("Your own mailboxes are of this domain."),
    # Tickets, tags, attributes, saved views and hours
    _("%(value)s is not a time from 00:00 to 24:00."),
    _("%(value)s is not a time zone such as Europe/Berlin."),
    _("A day has at most %(count)s intervals."),
    _("A tag has at least one visible character."),
    _("A tag has at most %(count)s characters."),
    _("A ticket is assigned to a person or a team, not both."),
    _("An interval begins and ends at %(time)s; 00:00 to 24:00 is the whole day."),
    _("An interval begins before 24:00."),
    _("Another attribute has this name."),
    _("At most %(count)s attributes."),
    _("At most %(count)s choices."),
    _("At most %(count)s effects."),
    _("At most %(count)s tags."),
    _("Choose another tag."),
    _("Choose conversations of the ticket."),
    _("Choose the team that finds this view."),
    _("Enter at least one choice."),
    _("A search has at most %(count)s characters."),
    _("Filters take at most %(count)s bytes."),
    _("No conversation is linked to the ticket."),
    _("Only its maker and admins can change this view."),
    _("Someone else has changed this article."),
    _("The intervals of %(day)s overlap, or one of the day before goes on."),
    _("The tag was renamed meanwhile."),
    _("There is a tag of this name already; merge the two."),
    _("There is no such team."),
    _("This must be one of your teams."),
    _("Trash stands alone."),
    # Conditions
    _("%(field)s takes exactly one of %(values)s."),
    _("%(mode)s must be a list of conditions."),
    _("A condition has a field, or all, any or none."),
    _("A condition has at most %(count)s comparisons."),
    _("A condition must be an object."),
    _("Conditions are nested at most %(count)s deep."),
    _("There is no such field of a %(subject)s."),
    _('This must be a date such as "2026-11-30".'),
    _('This must be a date such as "2026-11-30", or a moment.'),
    _("This must be a length of time of at most 100 years."),
    _('This must be a length of time such as "30m", "2h", "3d" or "2w".'),
    _("This must be a list of at most %(count)s values."),
    _("This must be a list that is not empty."),
    _("This must be a moment between %(first)s and %(last)s."),
    _("This must be a number."),
    _("This must be a tag of at most %(count)s characters."),
    _("This must be a text of at most %(count)s characters."),
    _("This must be a text that is not blank."),
    _("This must be a text."),
    _("This must be an id, %(words)s."),
    _("This must be an id."),
    _("This must be one of %(choices)s."),
    _("This must be one of the choices."),
    _("This must be true or false."),
    # Channels
    _("#%(name)s has no threads: name a forum or a text channel."),
    _("#%(name)s has no threads of that kind: name a %(kind)s."),
    _("%(address)s already belongs to another mailbox."),
    _("A colour is like #1f5eff."),
    _("A contact form asks for a message, a subject or something of its own."),
    _("A domain is written as @example.com."),
    _("A form has at most %(count)s questions of its own."),
    _("A mailbox has at most %(count)s aliases."),
    _("A token is needed."),
    _("A workspace has at most %(count)s mailboxes."),
    _("An id is a number, such as 1300000000000000000: switch Developer Mode on in Discord and choose Copy ID."),
    _("An origin is like https://example.com."),
    _("Another bot was connected meanwhile."),
    _("At most %(count)s channels."),
    _("At most %(count)s origins."),
    _("At most %(count)s topics of at most %(length)s characters."),
    _("Choose 1 to %(count)s days."),
    _("Channel %(id)s is in another server."),
    _("Choose what kind of answer a question takes."),
    _("Discord's answer about channel %(id)s cannot be read."),
    _("Discord's answer about this server cannot be read."),
    _("Discord does not accept this token."),
    _("Discord does not accept this token: copy it again from the developer portal, under Bot."),
    _("Name at least one channel."),
    _("No text channel for private threads is chosen in Settings, Discord."),
    _("Only mail that is fetched by IMAP can be fetched again."),
    _("Private threads are opened in a text channel."),
    _("The bot is in no server yet: invite it with the link of the developer portal."),
    _("The bot is not a member of a server %(id)s, as far as the gateway says."),
    _("The bot is not a member of a server %(id)s: check the id, and invite the bot to it."),
    _("The bot sees no channel %(id)s in %(server)s: check the id, and let its role view the channel."),
    _("The folder needs a name."),
    _("The gateway cannot be reached (%(error)s)."),
    _("The host is not a name or an address of a server."),
    _("The port is a number from 1 to 65535."),
    _("The server has changed: enter the password again."),
    _("The server has changed: sign in again."),
    _("The time to undo is 0 to %(count)s seconds."),
    _("The user is missing."),
    _("There is a private thread already: #%(number)s."),
    _("This address does not answer as Discord's API does (%(error)s)."),
    _("This address does not answer as Discord's API does."),
    _("This address is suppressed already."),
    _("This customer is not known on Discord."),
    _("This is not %(key)s."),
    _("This is not a country, such as GB."),
    _("This is not a key."),
    _("This is not a web address."),
    _("This is not the name of a server."),
    _("This is written as user:password."),
    _("This language is not known."),
    _("This mailbox has no webhook."),
    _("This sender is blocked already."),
    _("“%(text)s” needs 2 to %(count)s different choices."),
    # Keys of the keyboard
    _("%(key)s is used for “%(shortcut)s”."),
    _("A sequence has two keys."),
    _("At most %(count)s keys."),
    _("Keys held with Ctrl, Alt or ⌘ belong to the browser."),
    _("“%(text)s” is not a key."),
    # What a field takes
    _("These are too many recipients."),
    _("A field takes up to %(count)s addresses."),
    _("“%(text)s” is not an email address."),
    _("%(text)s is not an email address."),
)
"""The messages of verbs, as sentences, collected here for translators; one that is not among them is shown in English."""

LONGEST = 600
"""Characters of the texts that are looked at; what people write may be longer."""
_PLACE = re.compile(r"%\((\w+)\)s")
_END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_KNOWN = frozenset((*SENTENCES, *REASONS))


NAMES = {"body": _("Text"), "subject": _("Subject"), "name": _("Name"), "note": _("Note"), "notes": _("Notes")}
"""What screens call a field where a form does not say."""


def sentence(error: DomainError, *, name: str = "") -> str:
    """The error as people read it, in their language. `name` is what the form calls the field, which the error may begin with."""
    text, field = errors.sentence(error), error.field or ""
    name = name or (gettext(NAMES[field]) if field in NAMES else "")
    if name and error.message.startswith(f"{field} "):
        text = f"{name}{text[len(field) :]}"
    return translated(text)


def translated(text: str) -> str:
    """English sentences of a verb or the worker in the reader's language; what is not known stays as it is."""
    if get_language() == settings.LANGUAGE_CODE or not 0 < len(text) < LONGEST:
        return text
    return _whole(text) or " ".join(_whole(one) or one for one in _END.split(text))


def _whole(text: str) -> str:
    """The translation of a text that is known as it stands, or but for the values in it; else empty."""
    if (known := gettext(text)) != text:
        return known
    for pattern, template in _patterns():
        if found := pattern.fullmatch(text):
            return gettext(template) % found.groupdict()
    return ""


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What finds a sentence with values in it; the ones with more words of their own come first."""
    with_places = sorted((one for one in _KNOWN if _PLACE.search(one)), key=lambda one: (-_own_words(one), one))
    return tuple((re.compile(_expression(one), re.DOTALL), one) for one in with_places)


def _expression(template: str) -> str:
    pieces = _PLACE.split(template)
    return "".join(f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))


def _own_words(template: str) -> int:
    return len(_PLACE.sub("", template))
