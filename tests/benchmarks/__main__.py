"""`make bench`: choose the database, ready Django, measure."""

import os

os.environ.setdefault("TEST_DATABASE_NAME", "test_benchmark")

import django

import tests.database  # noqa: F401 (chooses the PostgreSQL)

if __name__ == "__main__":
    django.setup()
    from tests.benchmarks.run import main

    main()
