"""Where the value of a field stands: each source is asked in SQL (`q`) and of a row in Python (`holds`), with the same answer.

For: the fields of conditions. Sources know the operators that hold something; their complements are made of these, in `asking`.
In: an operator with its value, and the context that is asked in. Out: a filter, or whether one row fits.

One module for each place where values stand. Imports the models and queries; only `fields` imports it.
"""

from conversations.conditions.sources.attributes import (
    ChoiceAttribute,
    DayAttribute,
    NumberAttribute,
    TextAttribute,
    YesOrNoAttribute,
)
from conversations.conditions.sources.columns import (
    Choice,
    ChoiceOrNone,
    Deadline,
    Flag,
    Mapped,
    Moment,
    Number,
    Present,
    Text,
)
from conversations.conditions.sources.people import Member, Members, OfTeam, Tags
from conversations.conditions.sources.related import (
    ContactWords,
    HasFile,
    Linked,
    NotSent,
    OfConversations,
    OfCustomer,
    Recipient,
    State,
    TicketWords,
    Words,
)
from conversations.conditions.sources.source import ALWAYS, NEVER, Nothing, Source, any_of

__all__ = [
    "ALWAYS",
    "NEVER",
    "Choice",
    "ChoiceAttribute",
    "ChoiceOrNone",
    "ContactWords",
    "DayAttribute",
    "Deadline",
    "Flag",
    "HasFile",
    "Linked",
    "Mapped",
    "Member",
    "Members",
    "Moment",
    "NotSent",
    "Nothing",
    "Number",
    "NumberAttribute",
    "OfConversations",
    "OfCustomer",
    "OfTeam",
    "Present",
    "Recipient",
    "Source",
    "State",
    "Tags",
    "Text",
    "TextAttribute",
    "TicketWords",
    "Words",
    "YesOrNoAttribute",
    "any_of",
]
