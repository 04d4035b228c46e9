"""Fixtures of the fault tests, and the table they end with.

A kind of fault is one file: it tries its points, records a `table.Row` for each operation with
`record`, and requires zeros; its twins record theirs and require something else than zeros.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from faults.injector import is_loaded
from faults.table import Row, lines

MOST_S = 1_200
FOLDER = Path(__file__).parent
QUICK = os.environ.get("MEMLOG_FAULTS_QUICK") == "1"
EVERY = os.environ.get("MEMLOG_FAULTS_EVERY") == "1"  # every call of every operation: an hour

Record = Callable[[Row], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    bare = pytest.mark.skip(reason="needs the injector: make test-faults")
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.faults)
            if not is_loaded():
                item.add_marker(bare)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found]
    told = (
        getattr(report, "user_properties", ()) for report in reports if getattr(report, "when", "") == "call"
    )
    rows = [Row(*value) for found in told for name, value in found if name == "faults"]
    if rows:
        terminalreporter.section("faults")
        for line in lines(rows):
            terminalreporter.write_line(line)


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Put a row into the table."""
    return lambda row: record_property("faults", tuple(row))


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder in memory, where there is one: a point is a dozen files and many fsyncs."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    found = Path(tempfile.mkdtemp(prefix="memlog-faults-", dir=memory))
    yield found
    shutil.rmtree(found)


@pytest.fixture(autouse=True)
def _finishes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Longer than what the other tests may take."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {MOST_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MOST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
