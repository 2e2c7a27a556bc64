"""`make bench`: choose the desk, ready Django, measure."""

import django

import tests.benchmarks.running_desk  # noqa: F401 (before Django reads its settings)

if __name__ == "__main__":
    django.setup()
    from tests.benchmarks.run import main

    main()
