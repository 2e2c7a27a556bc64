"""The errors of Hexclave: known ones have a code, other refusals are plain text, and violations of a schema are listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import APIException

_TYPES = "'client', 'server' or 'admin'"
KNOWN: dict[str, tuple[int, str]] = {
    "SCHEMA_ERROR": (400, "{message}"),
    "BODY_PARSING_ERROR": (400, "The body cannot be read: send JSON in UTF-8 as application/json."),
    "ACCESS_TYPE_REQUIRED": (400, f"Say how you call: send x-stack-access-type, which is {_TYPES}, with its key."),
    "PROJECT_KEY_WITHOUT_ACCESS_TYPE": (400, f"A key was sent without x-stack-access-type, which is {_TYPES}."),
    "INVALID_ACCESS_TYPE": (400, f"The header x-stack-access-type is {_TYPES}."),
    "ACCESS_TYPE_WITHOUT_PROJECT_ID": (400, "The access type '{request_type}' needs the header x-stack-project-id."),
    "CURRENT_PROJECT_NOT_FOUND": (400, "There is no project {project_id}: check the header x-stack-project-id."),
    "BRANCH_DOES_NOT_EXIST": (400, "There is no branch {branch_id}; the one there is is called main."),
    "INSUFFICIENT_ACCESS_TYPE": (
        401,
        "The access type '{actual_access_type}' cannot do this; allowed: {allowed_access_types}.",
    ),
    "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT": (
        401,
        "The project {project_id} asks for a client key: send x-stack-publishable-client-key.",
    ),
    "INVALID_PUBLISHABLE_CLIENT_KEY": (401, "This is no valid client key of the project {project_id}."),
    "SERVER_AUTHENTICATION_REQUIRED": (401, "This needs a server key: send x-stack-secret-server-key."),
    "INVALID_SECRET_SERVER_KEY": (401, "This is no valid server key of the project {project_id}."),
    "ADMIN_AUTHENTICATION_REQUIRED": (401, "This needs a server key in x-stack-super-secret-admin-key."),
    "INVALID_SUPER_SECRET_ADMIN_KEY": (401, "This is no valid key of the project {project_id}."),
    "UNPARSABLE_ACCESS_TOKEN": (401, "The access token cannot be read."),
    "ACCESS_TOKEN_EXPIRED": (401, "The access token has expired."),
    "INVALID_PROJECT_FOR_ACCESS_TOKEN": (
        401,
        "The access token is for the project {actual_project_id}, not for {expected_project_id}.",
    ),
    "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED": (
        401,
        "Anonymous users are not accepted here without the header x-stack-allow-anonymous-user.",
    ),
    "RESTRICTED_USER_NOT_ALLOWED": (
        403,
        "Restricted users are not accepted here without the header x-stack-allow-restricted-user.",
    ),
    "PROJECT_NOT_FOUND": (404, "There is no project {project_id} that you manage."),
    "USER_ID_DOES_NOT_EXIST": (400, "There is no user {user_id} in this project."),
}
"""Every code with its status and a template of its message, which is filled in from `details`."""

NO_CONVERSATION = "Conversation not found."


class KnownError(APIException):
    """An error that clients know by its code. `details` is left out of the answer where there are none."""

    def __init__(self, code: str, /, **details: Any) -> None:
        self.status_code, message = KNOWN[code]
        self.known_code = code
        self.details = details or None
        self.message = message.format(**details)
        super().__init__(self.message)


class StatusError(APIException):
    """A refusal in plain text."""

    def __init__(self, status: int, message: str) -> None:
        self.status_code = status
        self.message = message
        super().__init__(message)


class Violations(APIException):
    """A request that does not match its schema: one line for each error."""

    status_code = 400

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("The request is not as its schema wants it.")
