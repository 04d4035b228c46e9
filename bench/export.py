"""Time and peak memory of exports: `python -m bench.export [--records N] [--home HOME]`, each in a process of its own."""

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench.report import Row, machine, table

FORMATS = (
    "jsonl",
    "csv",
    "sql",
    "sqlite",
    "markdown",
    "html",
    "otel",
    "parquet",
    "post-mortem",
    "post-mortem --redact",
)
_CHILD = """
import json, os, resource, sys, time
from memlog.cli import root
words, began = sys.argv[1:], time.monotonic()
status = root.main(words)
used, other = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
cpu = used.ru_utime + used.ru_stime + other.ru_utime + other.ru_stime
os.write(3, json.dumps([status, cpu, used.ru_maxrss / 1024, time.monotonic() - began]).encode())
"""


_BARE = """
import json, os, resource, sys
from memlog.archive import body
from memlog.archive.connection import open_reader
from memlog.paths import Home
for packed, packing in open_reader(Home(sys.argv[2]).archive).execute("SELECT body, packing FROM record ORDER BY id"):
    body.unpack(packed, packing)
used = resource.getrusage(resource.RUSAGE_SELF)
os.write(3, json.dumps([0, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, 0]).encode())
"""


class Used(NamedTuple):
    """CPU seconds of a command and what it started, seconds it took, peak MiB, and of what it started."""

    cpu: float
    wall: float
    peak: float
    beside: float


def run(home: str, words: list[str], code: str = _CHILD) -> Used:
    """What one command takes; reading every body where `code` is that."""
    read, write = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", "import os, sys; os.dup2(int(sys.argv.pop(1)), 3)\n" + code, str(write), "--home", home, *words],
        pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(write)
    beside = 0.0
    with os.fdopen(read, "rb") as pipe:
        while not select.select((pipe,), (), (), 0.2)[0]:
            beside = max(beside, _beside(child.pid))
        said = pipe.read()
    _, error = child.communicate()
    if not said:
        raise RuntimeError(f"{' '.join(words)}: {error.decode(errors='replace')}")
    status, cpu, peak, wall = json.loads(said)
    if status:
        raise RuntimeError(f"{' '.join(words)}: exit {status}: {error.decode(errors='replace')}")
    return Used(cpu, wall, peak, beside)


def _beside(pid: int) -> float:
    """Peak MiB so far of the processes that one started. What getrusage tells of them was its own."""
    found = 0
    try:
        for other in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            status = Path(f"/proc/{other}/status").read_text()
            found = max(
                found, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            )
    except (OSError, TypeError):  # it has ended, or this is no Linux
        pass
    return found / 1024


def size(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    return sum(p.stat().st_size for p in path.rglob("*")) if path.is_dir() else path.stat().st_size


def rows(records: int, home: str | None = None, formats: tuple[str, ...] = FORMATS) -> list[Row]:
    """A row a format: records a second of CPU, times what a bare read of all bodies costs, peak memory, bytes."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        if home is None:
            home = str(Path(folder) / "home")
            # in a process of its own: a child's peak is at least what its parent's was when it was started
            code = "import sys; from bench.filled import fill; from memlog.paths import Home; fill(Home(sys.argv[1]), int(sys.argv[2]))"
            subprocess.run([sys.executable, "-c", code, home, str(records)], check=True)
        bare = run(home, [], _BARE).cpu
        said = f"{records / bare:,.0f} records/s"
        found.append(Row(f"bare read of all bodies, {records:,} records", said, "reported"))
        for words in formats:
            out = Path(folder) / words.replace(" ", "")
            used = run(home, ["export", *words.split(), "-o", str(out)])
            said = _said(records, bare, used) + f", {size(out) / 1e6:,.0f} MB"
            found.append(Row(f"export {words}, {records:,} records", said, "reported"))
            print(found[-1], file=sys.stderr, flush=True)
            if words == "post-mortem":
                said = _said(records, bare, run(home, ["admin", "verify", str(out)]))
                found.append(Row(f"… verify of it, {records:,} records", said, "reported"))
            subprocess.run(["rm", "-r", str(out)], check=True)
    return found


def _said(records: int, bare: float, used: Used) -> str:
    both = f" + {used.beside:,.0f}" if used.beside else ""
    return (
        f"{records / used.cpu:,.0f} records/s of CPU, {used.cpu / bare:.1f}x, {records / used.wall:,.0f} of the clock,"
        f" peak {used.peak:,.0f}{both} MiB"
    )


def main() -> int:
    """Print one table; 0 whatever the numbers are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--home", help="a home that is filled already with as many records")
    parser.add_argument("--formats", default=",".join(FORMATS))
    arguments = parser.parse_args()
    found = rows(arguments.records, arguments.home, tuple(arguments.formats.split(",")))
    print(f"{arguments.records:,} records; {machine()}\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
