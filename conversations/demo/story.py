"""The shape of a demo story: who writes what in which order, and how the team sorts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rest_framework import serializers

from accounts.errors import Invalid
from conversations.demo import attachments, cast
from conversations.demo.documents import Document, Fields
from conversations.models import Channel

CUSTOMER, AGENT, COLLEAGUE, NOTE = "customer", "agent", "colleague", "note"
_SIDES = (CUSTOMER, AGENT, COLLEAGUE, NOTE)
_HEADING = re.compile(r"# (?P<side>\w+)(?: with (?P<files>\S.*))?")
_OR = "## Or"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. Of several wordings, a story that is played again takes the next."""

    side: str
    wordings: tuple[str, ...]
    files: tuple[str, ...] = ()

    def wording(self, telling: int) -> str:
        """The wording for the telling, which counts from 0."""
        return self.wordings[telling % len(self.wordings)]


@dataclass(frozen=True, slots=True)
class Story:
    """A conversation as it could have been. `{first}`, `{order}` and other names are filled in when it is played."""

    subjects: tuple[str, ...]
    turns: tuple[Turn, ...]
    channels: tuple[Channel, ...]
    tags: tuple[str, ...]
    priority: str
    team: str
    contact: str | None
    """The email of the one customer whom the story fits (a language, a company)."""
    ticket: str | None
    """Stories with the same key here end up on one ticket."""
    reason: str | None
    """Why it was escalated."""
    weight: int
    """How often it may be played in the month."""


class StoryFields(Fields):
    """The front matter of a story."""

    subjects = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices), allow_empty=False)
    tags = serializers.ListField(child=serializers.CharField(), default=list)
    priority = serializers.CharField(default="normal")
    team = serializers.ChoiceField(cast.TEAMS, default="Support")
    contact = serializers.EmailField(default=None)
    ticket = serializers.CharField(default=None)
    reason = serializers.CharField(default=None)
    weight = serializers.IntegerField(min_value=1, default=2)

    def validate_contact(self, email: str | None) -> str | None:
        if email is not None and email not in {customer.email for customer in cast.named()}:
            raise serializers.ValidationError("no such customer under `named` in customers.toml")
        return email


def story(source: Document) -> Story:
    """The story of a file. Raises Invalid."""
    fields = source.fields
    return Story(
        subjects=tuple(fields["subjects"]),
        turns=tuple(turns(source.text, source.name)),
        channels=tuple(map(Channel, fields["channels"])),
        tags=tuple(fields["tags"]),
        priority=fields["priority"],
        team=fields["team"],
        contact=fields["contact"],
        ticket=fields["ticket"],
        reason=fields["reason"],
        weight=fields["weight"],
    )


def turns(text: str, name: str) -> Iterator[Turn]:
    """The messages under their headings: `# Customer`, `# Agent with photo.png`, `## Or`. Raises Invalid."""
    headings, texts = _sections(text)
    if texts[0]:
        raise Invalid(f"begin the text with a heading, such as # {CUSTOMER.title()}", field=name)
    wordings: list[str] = []
    for number, (heading, section) in enumerate(zip(headings, texts[1:], strict=True)):
        if not section:
            raise Invalid(f"there is no text below {heading}", field=name)
        wordings.append(section)
        if heading == _OR and number == 0:
            raise Invalid(f"{_OR} comes after a first wording", field=name)
        if heading != _OR:
            opening = heading
        if headings[number + 1 : number + 2] != [_OR]:
            yield _turn(opening, tuple(wordings), name)
            wordings = []


def _sections(text: str) -> tuple[list[str], list[str]]:
    """The headings, and the texts: one before the first heading, and one below each. Code holds no headings."""
    headings: list[str] = []
    texts: list[list[str]] = [[]]
    is_code = False
    for line in text.split("\n"):
        is_code ^= line.startswith("```")
        if not is_code and (line.startswith("# ") or line == _OR):
            headings.append(line)
            texts.append([])
        else:
            texts[-1].append(line)
    return headings, ["\n".join(lines).strip() for lines in texts]


def _turn(heading: str, wordings: tuple[str, ...], name: str) -> Turn:
    found = _HEADING.fullmatch(heading)
    side = found["side"].lower() if found else ""
    if found is None or side not in _SIDES:
        known = ", ".join(f"# {side.title()}" for side in _SIDES)
        raise Invalid(f"unknown heading “{heading}”; there are {known} and {_OR}", field=name)
    files = tuple(found["files"].split(", ")) if found["files"] else ()
    for file in files:
        if not attachments.exists(file):
            raise Invalid(f"there is no {file} in attachments", field=name)
    return Turn(side, wordings, files)
