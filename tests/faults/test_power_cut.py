"""A power cut at any point: what COMMIT returned for is there, the archive is whole, and it goes on."""

import os
import random
import shutil
from pathlib import Path

import pytest

from faults import replay, twins
from faults.conftest import QUICK, Record
from faults.injector import Fault, Mode, spread
from faults.operations import DrainRings, Operation, operations
from faults.striking import Point, Range, Tally, Twin
from memlog.ring import layout

KIND = "power cut"
SHARDS = 1 if QUICK else 2
MOST = 8 if QUICK else 80  # points in the log; four states of each
SEED = 7


class Cut(Range):
    """An operation, and the log of what a run of it did to files."""

    def __init__(self, operation: Operation, root: Path, *twins: Twin) -> None:
        super().__init__(operation, root)
        self.reset()
        log = root / "log"
        with open(log, "wb", buffering=0) as file:
            os.set_inheritable(file.fileno(), True)
            self.injector.control.log_fd = file.fileno()
            logged = self.run(Fault(Mode.LOG), *twins)
        assert not logged.error, logged.error
        self.said = logged.said
        self.log = list(replay.read_log(log, self.at.now))
        assert len(self.log) > 50

    def state(self, at: int, how: str) -> tuple[dict[str, bytes | None], int]:
        """What a cut after entry `at` leaves, and how many times the run had said something."""
        disk, said = replay.Disk(self.base), 0
        for entry in self.log[:at]:
            if entry.kind == replay.MARK:
                said = entry.offset
            disk.apply(entry)
        return disk.after_cut(how, self.log[at - 1], random.Random(f"{SEED} {at} {how}")), said

    def try_state(self, at: int, how: str, *twins: Twin) -> Point:
        found, said = self.state(at, how)
        shutil.rmtree(self.at.now)
        self.at.now.mkdir()
        # The ring is memory: after half of the cuts it is as it was at first, after the others it is gone.
        self.operation.rings_gone = how in ("kept", "half kept")
        if self.operation.rings_gone:
            found = {name: data for name, data in found.items() if not name.startswith("home/ring/")}
        replay.write(found, self.at.now)
        self.at.make()
        return Point(True, self.resumed(self.said[:said], _another_boot, *twins))


def _another_boot(operation: Operation) -> None:
    layout.boot_id = lambda: "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("operation", operations(), ids=lambda op: op.name)
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
    for at in spread(len(cut.log), 40):
        tally.add(cut.try_state(at, "dropped"), f"after {at}")
    record(tally.row)
    assert tally.row.broken, "the twin passes: the check above proves nothing"
