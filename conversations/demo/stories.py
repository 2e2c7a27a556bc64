"""All the stories of the demo."""

from __future__ import annotations

from conversations.demo import (
    stories_developers,
    stories_hardware,
    stories_languages,
    stories_long,
    stories_orders,
)

OUTAGE = stories_long.OUTAGE
EVERY = (
    *stories_hardware.STORIES,
    *stories_developers.STORIES,
    *stories_orders.STORIES,
    *stories_languages.STORIES,
    *stories_long.STORIES,
)
