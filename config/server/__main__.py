"""`python -m config.server <role>`: the whole desk, or one of its roles in a container.

run      everything on this machine: database (unless DATABASE_URL), migrations, web, worker
web      the web front alone
worker   the background worker alone
release  migrations, cache table, static files; what must be done once per version before the others start
"""

from __future__ import annotations

import argparse
import os
import sys

from config.server import loading


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m config.server", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("role", choices=["run", "web", "worker", "release"])
    parser.add_argument(
        "--demo", action="store_true", help="release: also seed the demo desk (run does, unless SEED_DEMO=no)"
    )
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    loading.spare_memory()
    try:
        return start(given.role, demo=given.demo)
    except Exception as error:
        # Only now: it loads the database's driver, which the supervisor does without.
        from config.server import failing
        from config.server.saying import say

        if (sentence := failing.sentence(error)) is None:
            raise
        say(sentence)
        return 1
    finally:
        loading.leave_all()


def start(role: str, *, demo: bool) -> int:
    """Run the role until it ends."""
    # Each role imports what it needs and no more.
    from config.server.home import desk_home
    from config.server.private import keep_private

    keep_private(desk_home())
    if role == "run":
        from config.server.copying import Copied
        from config.server.supervisor import run

        try:
            return run()
        except Copied as copied:  # We are not the supervisor any more, but a copy of it with a role of its own.
            role = copied.role
    from config.server.start import is_possible

    if not is_possible(role):
        return 1
    if role == "web":
        from config.server.web import serve

        return serve()
    if role == "worker":
        from config.server.worker import work

        return work()
    from config.server.release import release

    return release(demo=demo)


if __name__ == "__main__":
    sys.exit(main())
