"""What it costs to archive so many records: the witness beside bare C, growth, and bytes on disk.

`python -m bench.ingest [--records N …]`. A million takes half an hour: each of the three is filled anew.
"""

import argparse

from bench import disk, drain
from bench.report import Row, machine, table

DRAINED_MOST = 100_000  # of more, the witness and C take turns on so many: their rows must fit into memory


def rows(records: int = 10_000) -> list[Row]:
    """The witness from ring to COMMIT over a bare insert from C, and the archive that grows to `records`."""
    drained = min(records, DRAINED_MOST)
    found = [Row(f"{drained:,} records: {row.what}", *row[1:]) for row in drain.rows(drained)]
    return found + [Row(f"{records:,} records: {row.what}", *row[1:]) for row in disk.rows(records)]


def main() -> None:
    """Print the rows for each size."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000])
    arguments = parser.parse_args()
    found = [row for records in arguments.records for row in rows(records)]
    print(f"{machine()}\n\n{table(found)}")


if __name__ == "__main__":
    main()
