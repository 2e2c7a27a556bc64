"""THE place for tenancy: every tenant row is reached inside a workspace scope, which is closed by default.

The scope is opened from the URL or the credential of a request, never from a remembered "current" workspace:
`with scope(workspace): …`; a verb runs in the scope of its actor (`accounts.transaction.atomic`). Inside, `Model.objects` holds that workspace's rows alone; outside, it raises MissingScope.
`Model.all_workspaces` holds the rows of all; a line that uses it says why.

Where a row is given to a filter (`conversation=row`), by hand or by Django itself (`row.messages`, prefetches, deletions), the
filter names the row's workspace too: every index of a tenant's table begins with it.

A streaming body runs after its view has returned, hence outside the scope: it opens its own.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models.base import ModelState
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn

if TYPE_CHECKING:
    from accounts.models import Workspace
    from accounts.permissions import Actor

logger = logging.getLogger(__name__)

_current: ContextVar[Workspace | None] = ContextVar("workspace", default=None)

M = TypeVar("M", bound=models.Model)


class MissingScope(RuntimeError):
    """A tenant's rows were asked for outside a workspace scope: a programming error, never an answer to a user."""


@contextmanager
def scope(workspace: Workspace) -> Iterator[Workspace]:
    """Open the scope of one workspace. Scopes nest; the innermost counts."""
    token = _current.set(workspace)
    try:
        yield workspace
    finally:
        _current.reset(token)


@contextmanager
def scope_of(actor: Actor | None) -> Iterator[None]:
    """The scope of the actor: verbs run in it. The operator of the installation acts in none."""
    opened = _current.get()
    if actor is None or (opened is not None and opened.pk == actor.workspace_id):
        yield
        return
    token = _current.set(
        apps.get_model("accounts", "Workspace").objects.filter(pk=actor.workspace_id).first()
        if actor.workspace_id
        else None
    )
    try:
        yield
    finally:
        _current.reset(token)


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


class TenantQuerySet(models.QuerySet[M]):
    """Base of every tenant query set, so that predicates chain."""


class TenantManager(models.Manager[M], Generic[M]):
    """Rows of the open scope's workspace; raises MissingScope outside one."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(workspace=current())

    def create(self, **values: Any) -> M:
        values.setdefault("workspace", current())
        return super().create(**values)


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
