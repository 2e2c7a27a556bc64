"""What of the database belongs to the desk: its tables, their columns and their sequences."""

from __future__ import annotations

from typing import Any

from django.apps import apps

KNOWN = """
    SELECT relname::text, relpersistence = 'p' FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relpersistence IN ('p', 'u')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname
"""
COLUMNS = """
    SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
SEQUENCES = """
    SELECT sequencename::text, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences
    WHERE schemaname = current_schema()
"""
# Constraints that are checked row by row: the table that they point at is loaded first.
REFERENCES = """
    SELECT source.relname::text, target.relname::text FROM pg_constraint
    JOIN pg_class AS source ON source.oid = conrelid JOIN pg_class AS target ON target.oid = confrelid
    WHERE contype = 'f' AND NOT condeferrable AND conrelid <> confrelid
    AND connamespace = current_schema()::regnamespace
"""


def names(cursor: Any, *, with_unlogged: bool = False) -> list[str]:
    """Every table of the desk but the cache, the referenced ones first; unlogged ones are of the moment, and in no backup."""
    cursor.execute(KNOWN)
    found = [name for name, is_kept in cursor.fetchall() if is_kept or with_unlogged]
    left = {name for name in found if name.startswith(_prefixes())}
    cursor.execute(REFERENCES)
    references = [(source, target) for source, target in cursor.fetchall() if source in left and target in left]
    ordered: list[str] = []
    while left:
        free = sorted(left - {source for source, target in references if target in left}) or sorted(left)
        ordered += free
        left -= set(free)
    return ordered


def columns(cursor: Any, table: str) -> list[str]:
    """The columns that are written; generated ones follow from them."""
    cursor.execute(COLUMNS, [table])
    return list(cursor.fetchone()[0] or [])


def sequences(cursor: Any) -> dict[str, tuple[int, bool]]:
    cursor.execute(SEQUENCES)
    return {name: (value, is_called) for name, value, is_called in cursor.fetchall()}


def _prefixes() -> tuple[str, ...]:
    """How the names of the desk's tables begin: those of this version and of earlier ones."""
    return ("django_", *(f"{app.label}_" for app in apps.get_app_configs()))
