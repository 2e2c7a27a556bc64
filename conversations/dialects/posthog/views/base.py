"""What the calls share: whose project it is, and which ticket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.errors import Invalid, NotFound
from accounts.models import Workspace
from conversations.api import reading
from conversations.api.views import DialectViewSet
from conversations.dialects.posthog import HEADERS, TITLE
from conversations.dialects.posthog.answers import PRIMARY_COLUMNS, TicketRow
from conversations.dialects.posthog.auth import PosthogKey
from conversations.dialects.posthog.error_bodies import ERROR_BODIES, PosthogError
from conversations.queries import tickets as ticket_queries
from tickets import queries as tickets
from tickets.models import Ticket

PROJECT = OpenApiParameter(
    "project_id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description=(
        "The workspace: its number, UUID or slug, or `@current` for the key's own. The path also answers below "
        "`/api/environments`, and with a trailing slash."
    ),
)
TICKET = OpenApiParameter(
    "id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The ticket's UUID, or its `ticket_number`."
)
INVALID = OpenApiResponse(PosthogError, description="`attr` names the invalid field. Nothing was changed.")


class NamesOwnProject(BasePermission):
    """The path names the key's project. Raises NotFound: another's is answered as a missing one."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not _means(view.kwargs["project_id"], view.grant.workspace):
            raise NotFound("There is no such project.")
        return True


class PosthogViewSet(DialectViewSet):
    """A family of calls below one project."""

    tag = TITLE
    error_bodies = ERROR_BODIES
    own_headers = HEADERS
    authentication_classes = (PosthogKey,)
    permission_classes = (*DialectViewSet.permission_classes, NamesOwnProject)

    def ticket(self, reference: str, *, columns: tuple[str, ...] | None = None) -> Ticket:
        """The ticket of a reference, with these columns alone where they are given. Raises NotFound."""
        try:
            return tickets.by_reference(reference, columns)
        except NotFound as error:
            raise NotFound("There is no such ticket.") from error

    def read(self, serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
        """The body as the serializer has it. Raises ValidationError."""
        return reading.body(serializer, request.data)


def _means(project_id: str, workspace: Workspace) -> bool:
    return project_id in ("@current", str(workspace.pk), workspace.slug) or project_id.lower() == str(
        workspace.public_id
    )


def with_people(rows: Iterable[Ticket], *, with_person: bool = True) -> list[TicketRow]:
    """Tickets with their people: one query more, for any number of tickets."""
    listed = list(rows)
    primaries = ticket_queries.primaries(listed, PRIMARY_COLUMNS)
    return [TicketRow.of(row, primaries.get(row.pk), with_person=with_person) for row in listed]


def renamed(error: Invalid, names: Mapping[str, str]) -> ValidationError:
    """A verb's error about a field, under the name that the call has for it."""
    field = error.field or "non_field_errors"
    return ValidationError({names.get(field, field): error.message}, code=error.code)
