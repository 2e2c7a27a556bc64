"""`make bench`, or `make bench QUICK=1` for two minutes: choose the desk, ready Django, measure, report."""

from __future__ import annotations

import argparse
import os

import django

from tests.benchmarks import served  # before Django reads its settings
from tests.benchmarks.probes import prefer

SIZES, QUICK_SIZES = (1_000, 100_000, 1_000_000), (100_000,)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the desk beside a bare Django view.")
    parser.add_argument("--quick", action="store_true", help="one size, short slices; nothing is kept")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help="conversations of each database")
    parser.add_argument("--only", nargs="+", metavar="WORDS", help="operations whose names hold one of these")
    parser.add_argument("--slices", type=int, help="slices of each operation, at each number of connections")
    parser.add_argument("--seconds", type=float, help="of each slice")
    parser.add_argument("--streams", type=int, help="how many to hold open")
    parser.add_argument("--keep", metavar="FILE", help="write the results there too, whatever was asked for")
    parser.add_argument("--fill", action="store_true", help="only fill the databases, which takes longest")
    parser.add_argument("--nice", type=int, default=-10, help="priority of what is measured, where we may choose it")
    return parser.parse_args()


def main() -> None:
    given = options()
    django.setup()
    from tests.benchmarks import report, seeding
    from tests.benchmarks.operations import OPERATIONS
    from tests.benchmarks.pairing import Effort
    from tests.benchmarks.run import Options, run

    sizes = given.sizes or (QUICK_SIZES if given.quick else SIZES)
    served.have_database()
    for size in sizes:
        seeding.template(size)
    if given.fill:
        return
    prefer([os.getpid()], given.nice)  # what is started from here on is like us
    wanted = [one for one in OPERATIONS if not given.only or any(words in one.name for words in given.only)]
    slices, seconds, streams = (3, 0.15, 0) if given.quick else (12, 0.4, 1000)
    results = run(
        Options(
            sizes=sizes,
            operations=wanted,
            nice=given.nice,
            effort=Effort(slices=given.slices or slices, seconds=given.seconds or seconds),
            is_doubtful=report.is_doubtful,
            streams=streams if given.streams is None else given.streams,
        )
    )
    is_whole = sizes == SIZES and len(wanted) == len(OPERATIONS)
    report.show(results, keep=is_whole, also=given.keep)


if __name__ == "__main__":
    main()
