"""The input of each call: path, query and body, and paging that accepts anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.text import VISIBLE, is_blank
from conversations.dialects.hexclave.rules import END, Rule, Shape, Text, Texts, Union
from conversations.dialects.hexclave.shapes import PRIORITIES, SOURCES, STATUSES
from conversations.texts import validation
from tickets import tags

MOST_ROWS = 200
_FARTHEST = 1_000_000_000
_LONGEST_EMAIL = 254

_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|00000000-0000-0000-0000-000000000000",
    re.I,
)
_PROJECT = re.compile(r"internal|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"\s*([+-]?)0*(\d*)", re.ASCII)


def _is_id(value: str) -> str | None:
    return None if _ID.fullmatch(value) else "must be a valid UUID"


def _is_project(value: str) -> str | None:
    return None if _PROJECT.fullmatch(value) else "is invalid"


def _is_user(value: str) -> str | None:
    # Any id that the workspace gives its users; `me` has no meaning for a key, as in the product itself.
    return "must be a valid UUID" if value in ("", "me") else None


def _is_email(value: str) -> str | None:
    if not value:
        return "must not be empty"
    try:
        validate_email(value)
    except ValidationError:
        return "must be a valid email"
    return f"must be at most {_LONGEST_EMAIL} characters" if len(value) > _LONGEST_EMAIL else None


def _is_not_blank(value: str) -> str | None:
    return "must not be empty" if is_blank(value) else None


_PROJECT_ID = Text(
    fits=_is_project,
    about={
        "description": "The workspace's public id; its slug and its number are taken as well.",
        "pattern": f"^({_PROJECT.pattern}){END}",
    },
)
_USER_ID = {
    "description": "The customer's own id, or the desk's where they have none.",
    "minLength": 1,
    "not": {"const": "me"},
}
_PAGING: dict[str, Rule] = {
    name: Text(is_required=False, about={"type": "string", "description": description})
    for name, description in {
        "query": "Part of the subject, the last message, or the customer's name or email.",
        "limit": "Page size: 1 to 200, by default 200. Other values are read as the nearest of these.",
        "offset": "Number of rows to skip.",
    }.items()
}

NO_QUERY = Shape({})
PATH = Shape(
    {
        "conversationId": Text(
            fits=_is_id,
            about={
                "description": "The conversation's id.",
                "pattern": f"^({_ID.pattern.replace('a-f', 'a-fA-F').replace('[89ab]', '[89abAB]')}){END}",
            },
        )
    }
)

# --- Customers ----------------------------------------------------------------------------------

CUSTOMER_LIST = Shape(_PAGING)
CUSTOMER_CREATE = Shape(
    {
        "subject": Text(trims=True, shortest=1, longest=validation.SUBJECT_LIMIT),
        "message": Text(trims=True, shortest=1, longest=validation.BODY_LIMIT),
    }
)
CUSTOMER_REPLY = Shape({"message": Text(trims=True, shortest=1, longest=5000)})

# --- Agents -------------------------------------------------------------------------------------

AGENT_LIST = Shape(
    {
        "projectId": _PROJECT_ID,
        "status": Text(
            is_required=False,
            values=tuple(STATUSES.values),
            about={"description": "Only conversations with this status."},
        ),
        "userId": Text(is_required=False, fits=_is_user, longest=400, about=_USER_ID),
        **_PAGING,
    }
)
AGENT_READ = Shape({"projectId": _PROJECT_ID})
AGENT_CREATE = Shape(
    {
        "projectId": _PROJECT_ID,
        "userId": Text(fits=_is_user, longest=400, about={**_USER_ID, "type": ["string", "number", "boolean"]}),
        "subject": Text(trims=True, shortest=1, longest=validation.SUBJECT_LIMIT),
        "initialMessage": Text(trims=True, shortest=1, longest=validation.BODY_LIMIT),
        "priority": Text(values=PRIORITIES),
        "source": Text(is_required=False, default="manual", values=tuple(SOURCES.values)),
    }
)


def _writing(kind: str) -> Shape:
    return Shape(
        {
            "projectId": _PROJECT_ID,
            "type": Text(values=(kind,)),
            "body": Text(trims=True, shortest=1, longest=validation.BODY_LIMIT),
        }
    )


AGENT_UPDATE = Union(
    (
        _writing("internal-note"),
        _writing("reply"),
        Shape(
            {"projectId": _PROJECT_ID, "type": Text(values=("status",)), "status": Text(values=tuple(STATUSES.values))}
        ),
        Shape(
            {
                "projectId": _PROJECT_ID,
                "type": Text(values=("metadata",)),
                "assignedToUserId": Text(is_required=False, is_nullable=True),
                "assignedToDisplayName": Text(is_required=False, is_nullable=True),
                "priority": Text(is_required=False, values=PRIORITIES),
                "tags": Texts(most=tags.MAX_TAGS, each=Text(longest=tags.MAX_LENGTH)),
            }
        ),
    )
)

# --- Feedback -----------------------------------------------------------------------------------

FEEDBACK = Shape(
    {
        "name": Text(is_required=False, longest=100),
        "email": Text(fits=_is_email, about={"format": "email", "maxLength": _LONGEST_EMAIL}),
        "message": Text(
            fits=_is_not_blank,
            longest=5000,
            about={"type": ["string", "number", "boolean"], "minLength": 1, "pattern": VISIBLE},
        ),
        "feedback_type": Text(is_required=False, values=("feedback", "bug")),
    }
)


def window(query: Mapping[str, Any]) -> tuple[int, int]:
    """Offset and limit, as JavaScript's parseInt reads them and then clamped: never an error."""
    limit, offset = _whole(query.get("limit")), _whole(query.get("offset"))
    return max(0, min(offset or 0, _FARTHEST)), MOST_ROWS if limit is None else max(1, min(limit, MOST_ROWS))


def _whole(value: str | None) -> int | None:
    found = _NUMBER.match(value or "")
    if found is None or not found.group().strip().lstrip("+-"):
        return None
    # 18 digits are far beyond any page; Python refuses to read thousands of them.
    number = int(found[2][:18] or "0")
    return -number if found[1] == "-" else number
