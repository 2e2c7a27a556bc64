"""Fingerprints of all tenant tables, cheap enough to be taken after every request."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.db import connection

from accounts.models import ApiKey, Event, IdempotentRequest
from accounts.tenancy import TenantModel

# A key notes when it was last used, and a refused request's answer may be kept for its repeats.
_MAY_CHANGE = (ApiKey, IdempotentRequest)


@cache
def _statement() -> str:
    models = [model for model in apps.get_models() if issubclass(model, TenantModel) and model not in _MAY_CHANGE]
    return (
        " UNION ALL ".join(
            f"SELECT '{table}', count(*), md5(string_agg(t::text, '' ORDER BY t.id)) FROM {table} t"
            for table in sorted(model._meta.db_table for model in [*models, Event])
        )
        + f" UNION ALL SELECT '{ApiKey._meta.db_table}', count(*), '' FROM {ApiKey._meta.db_table}"
    )


def fingerprint() -> dict[str, tuple[int, str]]:
    """Every tenant table with the number of its rows and a digest of their contents."""
    with connection.cursor() as cursor:
        cursor.execute(_statement())
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}
