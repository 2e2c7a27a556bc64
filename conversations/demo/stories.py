"""All the stories of the demo."""

from __future__ import annotations

from functools import cache

from conversations.demo.documents import document, documents
from conversations.demo.story import Story, StoryFields, story


@cache
def every() -> tuple[Story, ...]:
    """The stories of ordinary days, in the order of the files. Raises Invalid."""
    return tuple(map(story, documents("stories/*/*.md", StoryFields)))


@cache
def outage() -> Story:
    """The outage that many customers report on one morning. Raises Invalid."""
    return story(document("stories/outage.md", StoryFields))
