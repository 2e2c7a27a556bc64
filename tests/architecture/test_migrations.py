"""What a migration may hold, so that it neither blocks a running desk nor breaks when it is killed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations import AddIndex, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import Index

from accounts import index_migrations, moments

APPS = {"accounts", "tickets", "conversations"}
REPEATABLE = (
    index_migrations.AddIndexConcurrently,
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
