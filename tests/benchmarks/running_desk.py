"""The desk that is measured: on the benchmark's database, without collected static files or a limit per key."""

from __future__ import annotations

import os

os.environ.setdefault("TEST_DATABASE_NAME", "test_benchmark")

import tests.database  # noqa: F401 (chooses the PostgreSQL)
from config import settings

settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.API_CALLS_PER_MINUTE = settings.ASSISTANT_STARTS_PER_MINUTE = 0
settings.ROOT_URLCONF = "tests.benchmarks.urls"
