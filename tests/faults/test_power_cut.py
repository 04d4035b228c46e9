"""A power cut at any point: what COMMIT returned for is there, the archive is whole, and it goes on."""

from pathlib import Path

import pytest

from faults import replay, twins
from faults.arriving import DrainRings
from faults.conftest import EVERY, QUICK, Record
from faults.cutting import SEED, Cut
from faults.every import OPERATIONS
from faults.injector import spread
from faults.operations import Operation
from faults.striking import Tally, Twin

KIND = "power cut"
SHARDS = 1 if QUICK else 2
MOST = 5 if QUICK else 100_000 if EVERY else 30  # points in the log; four states of each


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_a_power_cut_loses_nothing_that_was_archived(
    operation: type[Operation], shard: int, root: Path, record: Record
) -> None:
    cut = Cut(operation(), root)
    tally = Tally(KIND, operation.name)
    for at in list(spread(len(cut.log), MOST))[shard::SHARDS]:
        for how in replay.HOW:
            tally.add(cut.try_state(at, how), f"{how} after {at} of {len(cut.log)}, seed {SEED}")
    record(tally.row)
    tally.require_zero()


@pytest.mark.parametrize(
    "twin", [twins.synchronous_normal, twins.snapshots_not_synced], ids=lambda t: t.__name__
)
def test_a_twin_that_does_not_sync_is_caught(twin: Twin, root: Path, record: Record) -> None:
    cut = Cut(DrainRings(), root, twin)
    tally = Tally(KIND, DrainRings.name, twin.__name__)
    for at in spread(len(cut.log), 15 if QUICK else 40):
        tally.add(cut.try_state(at, "dropped"), f"after {at}")
    record(tally.row)
    assert tally.row.broken, "the twin passes: the check above proves nothing"
