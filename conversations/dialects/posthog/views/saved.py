"""Saved views: filters under a name, found by `short_id`."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Invalid, NotFound
from conversations import actions
from conversations.dialects.posthog import answers, inputs, view_filters
from conversations.dialects.posthog.paging import Pages
from conversations.dialects.posthog.views.base import INVALID, PROJECT, PosthogViewSet, renamed
from conversations.models import SavedView
from conversations.queries import tickets as ticket_queries
from tickets.permissions import TicketScope

_VIEW = OpenApiParameter(
    "short_id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The view's `short_id`, as lists print it."
)


class SavedViews(PosthogViewSet):
    """Shared views and the key's own."""

    pagination_class = Pages
    scopes: ClassVar[dict[str, str]] = {
        "list": TicketScope.READ,
        "retrieve": TicketScope.READ,
        "create": TicketScope.WRITE,
        "partial_update": TicketScope.WRITE,
        "destroy": TicketScope.WRITE,
    }

    @extend_schema(
        operation_id="listPosthogViews",
        summary="List saved views",
        parameters=[PROJECT],
        responses=answers.PosthogViewPage,
    )
    def list(self, request: Request, project_id: str) -> Response:
        """The caller's favourites first, then newest."""
        pages = self.pagination_class()
        found = pages.rows(ticket_queries.saved_views(self.actor), request)
        return pages.response(answers.PosthogViewPage, found)

    @extend_schema(
        operation_id="createPosthogView",
        summary="Create a saved view",
        parameters=[PROJECT],
        request=inputs.ViewInput,
        responses={201: answers.PosthogView, 400: INVALID},
    )
    def create(self, request: Request, project_id: str) -> Response:
        """Shared with the project unless `visibility` says `private`."""
        data = self.read(inputs.ViewInput, request)
        is_favorited = data.pop("is_favorited", False)
        try:
            row = actions.create_view(workspace=self.grant.workspace, by=self.actor, at=self.at, **_read(data))
        except Invalid as error:
            raise renamed(error, {}) from error
        if is_favorited:
            actions.favorite_view(view=row, favorite=True, by=self.actor, at=self.at)
        return Response(self._printed(row.short_id), status=201)

    @extend_schema(
        operation_id="getPosthogView",
        summary="Retrieve a saved view",
        parameters=[PROJECT, _VIEW],
        responses=answers.PosthogView,
    )
    def retrieve(self, request: Request, project_id: str, short_id: str) -> Response:
        """Private views of others are not found."""
        return Response(self._printed(short_id))

    @extend_schema(
        operation_id="updatePosthogView",
        summary="Update a saved view",
        parameters=[PROJECT, _VIEW],
        request=inputs.ViewPatch,
        responses={200: answers.PosthogView, 400: INVALID},
    )
    def partial_update(self, request: Request, project_id: str, short_id: str) -> Response:
        """`filters` are replaced completely. What is sent as it is printed changes nothing."""
        row = self._find(short_id)
        data = self._changes(row, self.read(inputs.ViewPatch, request))
        is_favorited = data.pop("is_favorited", None)
        row = actions.update_view(view=row, by=self.actor, at=self.at, **_read(data))
        if is_favorited is not None:
            actions.favorite_view(view=row, favorite=is_favorited, by=self.actor, at=self.at)
        return Response(self._printed(short_id))

    @extend_schema(
        operation_id="deletePosthogView",
        summary="Delete a saved view",
        parameters=[PROJECT, _VIEW],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def destroy(self, request: Request, project_id: str, short_id: str) -> Response:
        """Deletes the view for everyone."""
        actions.delete_view(view=self._find(short_id), by=self.actor, at=self.at)
        return Response(status=204)

    def _changes(self, row: SavedView, data: dict[str, Any]) -> dict[str, Any]:
        """What differs from what is printed of the view, which may have been made on a screen."""
        printed = answers.PosthogView(row).data
        same = [name for name in ("filters", "visibility") if name in data and data[name] == printed[name]]
        return {name: value for name, value in data.items() if name not in same}

    def _find(self, short_id: str) -> SavedView:
        try:
            return ticket_queries.saved_view(self.actor, short_id)
        except NotFound as error:
            raise NotFound("There is no such view.") from error

    def _printed(self, short_id: str) -> dict[str, Any]:
        return answers.PosthogView(self._find(short_id)).data


def _read(data: dict[str, Any]) -> dict[str, Any]:
    """The input with what its filters mean in the desk's own conditions."""
    if (filters := data.get("filters")) is None:
        return data
    return {**data, "condition": view_filters.condition(filters), "search": view_filters.search(filters)}
