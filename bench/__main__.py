"""`python -m bench [NAME…] [--records N]`: the numbers of docs/performance.md, measured in one run."""

import argparse
import importlib
import sys

from bench.report import Row, machine, table

NAMES = ("ring_write", "hook_process", "drain", "disk", "search", "start")


def main() -> int:
    """Print one table; 0 whatever the numbers are."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; none: all")
    parser.add_argument("--records", type=int, default=10_000, help="made-up records  [default: 10,000]")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    found: list[Row] = []
    for name in arguments.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found += importlib.import_module(f"bench.{name}").rows(arguments.records)
    print(f"{arguments.records:,} records; {machine()}\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
