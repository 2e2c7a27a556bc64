"""THE place for tenancy: every tenant row is reached inside a workspace scope, which is closed by default.

The scope is opened from the URL or the credential of a request, never from a remembered "current" workspace:
`with scope(workspace): …`; a verb runs in the scope of its actor (`accounts.transaction.atomic`). Inside, `Model.objects` holds that workspace's rows alone; outside, it raises MissingScope.
`Model.all_workspaces` holds the rows of all; a line that uses it says why.

A scope may have a `Viewer`: a member who sees only some of the conversations and tickets. Then `Model.objects` holds what that member
sees, of these and of everything that hangs on them (`visible_to`). Verbs reach all rows of the workspace, and refuse a row that
their actor does not see as if it did not exist (`accounts.permissions.permit`). docs/visibility.md has the rule.

Where a row is given to a filter (`conversation=row`), by hand or by Django itself (`row.messages`, prefetches, deletions), the
filter names the row's workspace too: every index of a tenant's table begins with it.

A streaming body runs after its view has returned, hence outside the scope: it opens its own.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.base import ModelState
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn

from accounts.errors import Forbidden

if TYPE_CHECKING:
    from accounts.models import Workspace
    from accounts.permissions import Actor

logger = logging.getLogger(__name__)

_current: ContextVar[Workspace | None] = ContextVar("workspace", default=None)
_viewer: ContextVar[Viewer | None] = ContextVar("viewer", default=None)

M = TypeVar("M", bound=models.Model)


class MissingScope(RuntimeError):
    """A tenant's rows were asked for outside a workspace scope: a programming error, never an answer to a user."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member who sees only some conversations and tickets, by a value of `permissions.Visibility`.

    `is_preview` is for an admin who looks at the desk as this member: no verb runs then.
    """

    user_id: int
    visibility: str
    is_preview: bool = False


@contextmanager
def scope(workspace: Workspace, viewer: Viewer | None = None) -> Iterator[Workspace]:
    """Open the scope of one workspace, with a viewer for a member who does not see everything.

    Scopes nest; the innermost counts. One of the same workspace keeps the viewer of the outer one, unless it names another.
    """
    opened, kept = _current.get(), _viewer.get()
    if viewer is None and opened is not None and opened.pk == workspace.pk:
        viewer = kept
    token, viewer_token = _current.set(workspace), _viewer.set(viewer)
    try:
        yield workspace
    finally:
        _viewer.reset(viewer_token)
        _current.reset(token)


@contextmanager
def scope_of(actor: Actor | None) -> Iterator[None]:
    """The scope of the actor, in which verbs run: all rows of the workspace. The operator of the installation acts in none.

    Raises Forbidden while an admin looks at the desk as a member.
    """
    if actor is None:
        yield
        return
    opened, viewer = _current.get(), _viewer.get()
    if viewer is not None and viewer.is_preview:
        raise Forbidden("you are viewing this workspace as another member: leave the preview to change anything")
    if opened is None or opened.pk != actor.workspace_id:
        found = apps.get_model("accounts", "Workspace").objects.filter(pk=actor.workspace_id).first()
        opened = found if actor.workspace_id else None
    token, viewer_token = _current.set(opened), _viewer.set(None)
    try:
        yield
    finally:
        _viewer.reset(viewer_token)
        _current.reset(token)


@contextmanager
def everything() -> Iterator[None]:
    """All rows of the open scope's workspace, for any viewer: for sums and consequences that are the desk's own. Say why."""
    token = _viewer.set(None)
    try:
        yield
    finally:
        _viewer.reset(token)


@contextmanager
def scope_apart(workspace: Workspace, failure: str, *args: object) -> Iterator[None]:
    """The scope of one of the workspaces that a job goes through: a failure is logged, and the job goes on with the others."""
    try:
        with scope(workspace):
            yield
    except Exception:
        logger.exception(failure, *args)


def current() -> Workspace:
    """The workspace of the open scope. Raises MissingScope where there is none."""
    workspace = _current.get()
    if workspace is None:
        raise MissingScope("no workspace scope is open: use `with tenancy.scope(workspace):`")
    return workspace


def viewer() -> Viewer | None:
    """The member whose view the open scope is limited to; None where all rows are seen."""
    return _viewer.get()


class TenantQuerySet(models.QuerySet[M]):
    """Base of every tenant query set, so that predicates chain."""


class TenantManager(models.Manager[M], Generic[M]):
    """Rows of the open scope's workspace that its viewer sees; raises MissingScope outside one."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[M]:
        rows = super().get_queryset().filter(workspace=current())
        viewer = _viewer.get()
        return rows if viewer is None else seen(rows, viewer)

    def create(self, **values: Any) -> M:
        values.setdefault("workspace", current())
        return super().create(**values)


def seen(rows: models.QuerySet[M], viewer: Viewer) -> models.QuerySet[M]:
    """Those of the rows that a viewer sees."""
    if viewer.visibility == "all":  # somebody who looks on as a member who sees everything
        return rows
    condition = cast("type[TenantModel]", rows.model).visible_to(viewer)
    return rows if condition is None else rows.filter(condition)


class QuickModel(models.Model):
    """A row that is read quickly: Django's own way calls the constructor, which is for new rows, once for each."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override]  # the stubs are those of a later Django
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """The row of these values; a column that was not read is read when it is asked for, as with Django's own."""
        row, state = cls.__new__(cls), ModelState()
        state.db, state.adding = db, False
        row.__dict__ = dict(zip(field_names, values, strict=True))
        row._state = state
        return row


class TenantModel(QuickModel):
    """A row that belongs to one workspace.

    A model with its own `objects` builds it with `TenantManager.from_queryset(…)` and inherits `TenantModel.Meta`.
    Its migration names it in `tenant_migrations.TenantKey`, so that no row can point at another workspace's row.
    """

    # No index of its own: every composite index of a tenant table begins with the workspace.
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.PROTECT, related_name="+", db_index=False)

    # First declared, hence Django's own default for admin, migrations and reverse relations.
    all_workspaces: ClassVar[models.Manager[Self]] = models.Manager()
    objects: ClassVar[TenantManager[Self]] = TenantManager()

    seen_by: ClassVar[str] = ""
    """The relation to the row that it is seen with, such as `conversation`; where that is null, nobody with a limited view sees it."""

    @classmethod
    def visible_to(cls, viewer: Viewer) -> Q | Exists | None:
        """Which rows a member with a limited view sees; None for all of them."""
        if not cls.seen_by:
            return None
        target = cls._meta.get_field(cls.seen_by).related_model
        assert isinstance(target, type)
        assert issubclass(target, TenantModel)
        key = {"workspace": OuterRef("workspace"), "pk": OuterRef(cls.seen_by)}
        return Exists(seen(target.all_workspaces.filter(**key), viewer))  # of the row's own workspace

    class Meta(QuickModel.Meta):
        abstract = True
        default_manager_name = "all_workspaces"
        base_manager_name = "all_workspaces"


class _NamesWorkspace:
    """Adds to a comparison with rows of a tenant that their workspace is the same, unless the statement says so already."""

    workspaces: tuple[int, ...] = ()

    def get_prep_lookup(self) -> Any:
        lhs, rhs = self.lhs, self.rhs  # type: ignore[attr-defined]
        target = getattr(lhs, "target", None)
        if (
            target is not None
            and issubclass(target.model, TenantModel)
            and isinstance(rhs, (models.Model, list, tuple, set))
        ):
            rows: list[Any] = [rhs] if isinstance(rhs, models.Model) else [*rhs]
            if rows and all(isinstance(row, TenantModel) for row in rows):
                self.workspaces = tuple(sorted({row.workspace_id for row in rows if row.workspace_id is not None}))
        return super().get_prep_lookup()  # type: ignore[misc]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = super().as_sql(compiler, connection)  # type: ignore[misc]
        if not self.workspaces or self._is_named(compiler.query.where):
            return sql, params
        column, _ = compiler.compile(self._workspace_column())
        places = ", ".join(["%s"] * len(self.workspaces))
        named = f"{column} = %s" if len(self.workspaces) == 1 else f"{column} IN ({places})"
        return f"({sql} AND {named})", [*params, *self.workspaces]

    def _workspace_column(self) -> Any:
        lhs = self.lhs  # type: ignore[attr-defined]
        return lhs.target.model._meta.get_field("workspace").get_col(lhs.alias)

    def _is_named(self, where: Any) -> bool:
        if where.connector != "AND" or where.negated or len(self.workspaces) != 1:
            return False
        column, (wanted,) = self._workspace_column(), self.workspaces
        return any(
            isinstance(one, RelatedExact)
            and one.rhs == wanted
            and (one.lhs.alias, one.lhs.target) == (column.alias, column.target)
            for one in where.children
        )


@models.ForeignKey.register_lookup
class WorkspaceExact(_NamesWorkspace, RelatedExact):
    """`link=row`."""


@models.ForeignKey.register_lookup
class WorkspaceIn(_NamesWorkspace, RelatedIn):
    """`link__in=rows`."""
