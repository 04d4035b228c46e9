"""SIGKILL at every call that writes: nothing archived is lost, nothing doubled, and it goes on where it was."""

from pathlib import Path

import pytest

from faults import twins
from faults.arriving import DrainRings
from faults.conftest import EVERY, QUICK, Record
from faults.every import OPERATIONS
from faults.injector import Fault, Mode, spread
from faults.operations import Operation
from faults.striking import Range, Tally, Twin

KIND = "SIGKILL"
SHARDS = 1 if QUICK else 4
MOST = 10 if QUICK else 100_000 if EVERY else 500
HALVES = 4 if QUICK else 40  # of these, killed with half of a write done


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_killed_at_any_write_it_loses_and_doubles_nothing(
    operation: type[Operation], shard: int, root: Path, record: Record
) -> None:
    at = Range(operation(), root)
    tally = Tally(KIND, operation.name)
    points = [Fault(Mode.KILL, k) for k in spread(at.calls, MOST)]
    points += [Fault(Mode.KILL_HALF, k) for k in spread(at.calls, HALVES)]
    for fault in points[shard::SHARDS]:
        tally.add(at.kill(fault), f"{fault.mode.name} at {fault.at} of {at.calls}")
    record(tally.row)
    tally.require_zero()


@pytest.mark.parametrize(
    "twin",
    [twins.key_without_ring_id, twins.no_gap_rows, twins.cursor_outside_the_transaction],
    ids=lambda twin: twin.__name__,
)
def test_a_twin_without_one_safeguard_is_caught(twin: Twin, root: Path, record: Record) -> None:
    at = Range(DrainRings(), root)
    tally = Tally(KIND, DrainRings.name, twin.__name__)
    for k in spread(at.calls, 60):
        tally.add(at.kill(Fault(Mode.KILL, k), twin), f"at {k}")
        if tally.row.broken and tally.row.injected >= 5:
            break
    record(tally.row)
    assert tally.row.broken, "the twin passes: the check above proves nothing"
