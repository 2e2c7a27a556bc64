"""What a migration may hold, so that it neither blocks a running desk nor breaks when it is killed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection
from django.db.migrations import AddConstraint, AddIndex, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import Index, Q, UniqueConstraint

from accounts import index_migrations, moments, tenant_migrations
from accounts.models import Team, Workspace

APPS = {"accounts", "tickets", "conversations"}
GROWING = {"event", "contact", "conversation", "message", "delivery", "inboundmail", "notification", "attachment"}
RELEASED = {"accounts": "0036", "tickets": "0012", "conversations": "0143"}
"""The last migrations whose constraints are as they are."""
REPEATABLE = (
    index_migrations.AddIndexConcurrently,
    index_migrations.AddUniqueIndexConcurrently,
    index_migrations.RemoveIndexConcurrently,
    index_migrations.AddFieldIfMissing,
    index_migrations.DropIndexConcurrently,
    index_migrations.FillInBatches,
    moments.CheckMoments,
)


def migrations() -> list[Migration]:
    disk = MigrationLoader(None).disk_migrations
    return [migration for (app, _), migration in sorted(disk.items()) if app in APPS]


def operations(migration: Migration) -> list[Operation]:
    return list(migration.operations)


def test_what_is_not_applied_in_one_transaction_can_be_repeated() -> None:
    assert any(not migration.atomic for migration in migrations())
    for migration in migrations():
        if not migration.atomic:
            others = [found for found in operations(migration) if not isinstance(found, REPEATABLE)]
            assert not others, f"{migration}: {others}"


def test_an_index_of_a_table_that_was_there_before_is_made_concurrently() -> None:
    for migration in migrations():
        new = {found.name_lower for found in operations(migration) if isinstance(found, CreateModel)}
        for found in operations(migration):
            if type(found) is AddIndex:
                assert found.model_name_lower in new, f"{migration}: use AddIndexConcurrently for {found.index.name}"


def test_rows_that_were_there_before_are_checked_while_others_write() -> None:
    for migration in migrations():
        if migration.name[:4] <= RELEASED[migration.app_label]:
            continue
        new = {found.name_lower for found in operations(migration) if isinstance(found, CreateModel)}
        for found in operations(migration):
            if type(found) is AddConstraint and found.model_name_lower not in new:
                assert found.model_name_lower not in GROWING, f"{migration}: {found.constraint.name}"
            if isinstance(found, tenant_migrations.TenantForeignKey):
                model = found.table.partition("_")[2]
                is_checked = not str(found.sql).endswith("NOT VALID")
                assert not is_checked or model in new or model not in GROWING, f"{migration}: {found.column}"


@pytest.mark.django_db(transaction=True)
def test_a_unique_index_is_made_once_and_anew_where_it_was_left_half_made(acme: Workspace) -> None:
    unique = UniqueConstraint(fields=["workspace", "name"], condition=~Q(name=""), name="team_tried")
    add = index_migrations.AddUniqueIndexConcurrently("team", unique)
    before = MigrationLoader(None).project_state()
    after = before.clone()
    add.state_forwards("accounts", after)
    find = "SELECT indisunique, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = 'team_tried'"
    found = []
    for name in ("Billing", "Sales"):
        Team.all_workspaces.create(workspace=acme, name=name)
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError):
            cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY team_tried ON accounts_team ((1))")
        cursor.execute(find)
        assert cursor.fetchall() == [(True, False)]
        for step in (add.database_forwards, add.database_forwards, add.database_backwards):
            with connection.schema_editor(atomic=False) as editor:
                step("accounts", editor, *((after, before) if step == add.database_backwards else (before, after)))
            cursor.execute(find)
            found.append(cursor.fetchall())
    assert found == [[(True, True)], [(True, True)], []]


@pytest.mark.django_db
def test_an_index_by_extension_is_left_out_or_replaced_where_the_database_has_none() -> None:
    state = MigrationLoader(None).project_state()
    wanted = Index("workspace", "name", name="contact_tried")
    for instead in (None, Index("name", name="contact_tried")):
        add = index_migrations.AddIndexByExtension("contact", wanted, ["no_such_extension"], instead)
        with connection.schema_editor() as editor:
            add.database_forwards("conversations", editor, state, state)
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'contact_tried'")
            found = cursor.fetchone()
        assert (found is None) == (instead is None)
        assert found is None or "(name)" in found[0]


@pytest.mark.django_db
def test_a_missing_extension_stops_no_update() -> None:
    with connection.schema_editor() as editor:
        state = MigrationLoader(None).project_state()
        index_migrations.UseExtension("no_such_extension").database_forwards("accounts", editor, state, state)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'no_such_extension'")
        assert cursor.fetchone() == (0,)
