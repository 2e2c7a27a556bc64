"""Moments that can be read back: PostgreSQL keeps some that Python cannot hold, and one such row fails every list it is in.

Every moment of ours is a `Moment`. It refuses others with the caller's error, whatever door they came by; a check
constraint on its column refuses what comes past it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from accounts.errors import Invalid

# Some days inside the four-digit years, so that a moment has one in every time zone.
FIRST = datetime(1000, 1, 8, tzinfo=UTC)
LAST = datetime(9999, 12, 25, tzinfo=UTC)

if TYPE_CHECKING:
    Moment = models.DateTimeField  # for type checkers, one like the other
else:

    class Moment(models.DateTimeField):
        """A moment in time that every time zone can show. Saving another raises Invalid with the field's name."""

        def db_check(self, connection: BaseDatabaseWrapper) -> str:
            column = connection.ops.quote_name(self.column)
            return f"{column} BETWEEN '{FIRST.isoformat()}' AND '{LAST.isoformat()}'"

        def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
            if isinstance(value, datetime) and value.tzinfo is not None and not FIRST <= value <= LAST:
                raise Invalid(f"this must be between {FIRST.date()} and {LAST.date()}", field=self.name)
            return super().get_db_prep_save(value, connection)


class GuardMoments(Operation):
    """Make the app's moments `Moment` fields. Rows that are there already are looked at by `CheckMoments`, in a later migration."""

    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        changed = _moments(app_label, state, models.DateTimeField)
        for model, name in changed:
            _, _, args, kwargs = state.models[app_label, model].fields[name].deconstruct()
            state.models[app_label, model].fields[name] = Moment(*args, **kwargs)
        # Once for all fields: each time renders nearly every model of the desk anew.
        state.reload_models([(app_label, model) for model, _ in changed])

    def database_forwards(
        self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState
    ) -> None:
        for field in self._fields(app_label, before, after):
            editor.execute(
                f'ALTER TABLE "{field.model._meta.db_table}" ADD CONSTRAINT "{_constraint(field)}" '
                f"CHECK ({field.db_check(editor.connection)}) NOT VALID"
            )

    def database_backwards(
        self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState
    ) -> None:
        for field in self._fields(app_label, after, before):
            editor.execute(f'ALTER TABLE "{field.model._meta.db_table}" DROP CONSTRAINT "{_constraint(field)}"')

    def describe(self) -> str:
        return "Refuse moments that cannot be read back"

    def _fields(self, app_label: str, plain: ProjectState, guarded: ProjectState) -> list[models.Field[Any, Any]]:
        found = _moments(app_label, plain, models.DateTimeField)
        return [guarded.apps.get_model(app_label, model)._meta.get_field(name) for model, name in found]


class CheckMoments(Operation):
    """Put moments that cannot be read back at the nearest that can, and let PostgreSQL know that there are none left.

    For a migration with `atomic = False`: nothing that it does keeps others from writing.
    """

    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The fields stay as they are."""

    def database_forwards(
        self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState
    ) -> None:
        columns: dict[str, list[models.Field[Any, Any]]] = {}
        for model, name in _moments(app_label, after, Moment):
            field = after.apps.get_model(app_label, model)._meta.get_field(name)
            columns.setdefault(field.model._meta.db_table, []).append(field)
        for table, fields in columns.items():
            checks = [field.db_check(editor.connection) for field in fields]
            nearest = ", ".join(f'"{field.column}" = {_nearest(field)}' for field in fields)
            some = " OR ".join(f"NOT ({check})" for check in checks)
            with transaction.atomic(editor.connection.alias):
                editor.execute("SET LOCAL parley.purge = 'on'")  # the journal lets nobody else change it
                editor.execute(f'UPDATE "{table}" SET {nearest} WHERE {some}')  # noqa: S608 (names of ours)
            for field in fields:
                editor.execute(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{_constraint(field)}"')

    def database_backwards(
        self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState
    ) -> None:
        """What was mended stays so."""

    def describe(self) -> str:
        return "Mend moments that cannot be read back"


def read(text: str) -> datetime:
    """A moment that the journal keeps as text; one that no time zone can show is the nearest that can be."""
    return max(FIRST, min(LAST, datetime.fromisoformat(text)))


def _moments(app_label: str, state: ProjectState, kind: type[models.Field[Any, Any]]) -> list[tuple[str, str]]:
    """The app's fields of exactly this class, as names of model and field."""
    return [
        (model.name_lower, name)
        for (label, _), model in state.models.items()
        if label == app_label
        for name, field in model.fields.items()
        if type(field) is kind
    ]


def _nearest(field: models.Field[Any, Any]) -> str:
    column = f'"{field.column}"'
    between = f"greatest('{FIRST.isoformat()}', least('{LAST.isoformat()}', {column}))"
    return f"CASE WHEN {column} IS NOT NULL THEN {between} END"


def _constraint(field: models.Field[Any, Any]) -> str:
    """As PostgreSQL calls the check of a column that is made together with its table."""
    return f"{field.model._meta.db_table}_{field.column}_check"
