"""No moment is kept that Python cannot read back, in no table of ours, and every door says so before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.moments import FIRST, LAST, CheckMoments, Moment
from conversations.models import Conversation
from tests.factories import ConversationFactory

OURS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label in {"accounts", "tickets", "conversations"}
]
MOMENTS = [
    pytest.param(model, field, id=f"{model.__name__}.{field.name}")
    for model in OURS
    for field in model._meta.concrete_fields
    if isinstance(field, models.DateTimeField | models.DateField)
]
WEST, EAST = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))
UNREADABLE = [
    pytest.param(datetime(9999, 12, 31, 23, 59, tzinfo=WEST), id="the year 10000 in UTC"),
    pytest.param(datetime(9999, 12, 31, 23, 59, tzinfo=UTC), id="the year 10000 in the east"),
    pytest.param(LAST + timedelta(milliseconds=1), id="after the last"),
    pytest.param(datetime(1, 1, 1, tzinfo=EAST), id="before Christ in UTC"),
    pytest.param(FIRST - timedelta(milliseconds=1), id="before the first"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), MOMENTS)
def test_postgresql_keeps_no_moment_that_cannot_be_read_back(
    model: type[models.Model], field: models.Field[Any, Any]
) -> None:
    assert isinstance(field, Moment), f"make {model.__name__}.{field.name} an accounts.moments.Moment"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'c' AND convalidated AND conrelid = %s::regclass AND conkey = ARRAY["
            "(SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = %s)]",
            [model._meta.db_table, field.column],
        )
        found = " ".join(row[0] for row in cursor.fetchall())
    assert "1000-01-08" in found, f"{model._meta.db_table}.{field.column} has no check"
    assert "9999-12-25" in found


@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_first_and_last_moment_have_four_digit_years_everywhere(moment: datetime) -> None:
    assert {len(str(moment.astimezone(zone).year)) for zone in (WEST, EAST)} == {4}


@pytest.mark.django_db
@pytest.mark.parametrize("moment", UNREADABLE)
def test_saving_a_moment_that_cannot_be_read_back_is_the_callers_fault(acme: Workspace, moment: datetime) -> None:
    conversation = ConversationFactory(workspace=acme)
    conversation.snoozed_until = moment
    with pytest.raises(Invalid, match="between 1000-01-08 and 9999-12-25") as error:
        conversation.save()
    assert error.value.field == "snoozed_until"
    with pytest.raises(Invalid):
        Conversation.all_workspaces.update(snoozed_until=moment)


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["infinity", "-infinity", "10000-01-01 05:00+00", "0044-03-15 12:00+00 BC"])
def test_postgresql_refuses_what_comes_past_the_field(acme: Workspace, moment: str) -> None:
    ConversationFactory(workspace=acme)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_conversation SET snoozed_until = %s", [moment])


@pytest.mark.django_db(transaction=True)
def test_moments_of_earlier_versions_are_mended_when_they_are_checked(acme: Workspace) -> None:
    """Also in the journal, which nobody else changes."""
    conversation = ConversationFactory(workspace=acme)
    table, column = "conversations_conversation", "snoozed_until"
    check = Conversation._meta.get_field(column).db_check(connection)
    with connection.cursor() as cursor:
        for name, field in ((table, column), ("accounts_event", "at")):
            cursor.execute(f"ALTER TABLE {name} DROP CONSTRAINT {name}_{field}_check")
            if name == table:
                cursor.execute(f"UPDATE {name} SET {field} = 'infinity'")
            else:
                with transaction.atomic():
                    cursor.execute("SET LOCAL parley.purge = 'on'")
                    cursor.execute(f"UPDATE {name} SET {field} = '0001-01-01 BC'")
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_check CHECK ({check}) NOT VALID")
        event_check = apps.get_model("accounts.Event")._meta.get_field("at").db_check(connection)
        cursor.execute(
            f"ALTER TABLE accounts_event ADD CONSTRAINT accounts_event_at_check CHECK ({event_check}) NOT VALID"
        )
    state = MigrationLoader(connection).project_state()
    for app in ("conversations", "accounts"):
        with connection.schema_editor(atomic=False) as editor:
            CheckMoments().database_forwards(app, editor, state, state)
    conversation.refresh_from_db()
    assert conversation.snoozed_until == LAST
    assert conversation.closed_at is None
    assert {*apps.get_model("accounts.Event").objects.values_list("at", flat=True)} == {FIRST}
