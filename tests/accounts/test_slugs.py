"""Slugs stand in URLs beside numeric ids and public ids, and must never look like one."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts import slugs


@pytest.mark.parametrize("slug", ["a", "acme", "acme-support", "4chan", "a1", "x" * 50, "12-34", "deadbeef"])
def test_slug_is_accepted(slug: str) -> None:
    slugs.validate(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "", "Acme", "acme_support", "-acme", "acme-", "a b", "é", "x" * 51, "a/b", "a.b", "acme\n",  # not the shape
        "1", "123456",  # a numeric id
        "8f14e45f-ceea-467f-a0e6-0a1b2c3d4e5f", "8f14e45fceea467fa0e60a1b2c3d4e5f",  # a public id
        "internal", "@current", "admin", "api", "static", "accounts", "new", "w",  # reserved
    ],
)  # fmt: skip
def test_slug_is_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        slugs.validate(slug)
