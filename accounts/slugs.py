"""Which slugs a workspace may have: they are used in URLs beside numeric ids and public ids, and must never look like one."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.text import slugify

RESERVED = frozenset({"internal", "@current", "admin", "api", "static", "accounts", "new", "w"})
_SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


def validate(value: str) -> None:
    """Raises ValidationError unless the slug is 1 to 50 of a-z, 0-9 and inner hyphens, and cannot be taken for an id."""
    if not _SHAPE.fullmatch(value):
        raise ValidationError("a slug has 1 to 50 of a-z, 0-9 and hyphens, and no hyphen at its ends")
    if value in RESERVED:
        raise ValidationError("%(value)s is reserved", params={"value": value})
    if value.isdigit() or _UUID.fullmatch(value):
        raise ValidationError("a slug may not look like an id")


def made_of(name: str) -> str:
    """A slug made of a workspace's name; `desk` where that gives none."""
    slug = slugify(name).replace("_", "-")[:50].strip("-")
    try:
        validate(slug)
    except ValidationError:
        return "desk"
    return slug
