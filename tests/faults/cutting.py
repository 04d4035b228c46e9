"""An operation whose run was logged, so that a power cut can be had at any point of it."""

import random
import shutil
from pathlib import Path
from typing import Any

from faults import replay
from faults.injector import MARK, Fault, Mode
from faults.operations import Operation
from faults.striking import Point, Range, Twin
from memlog.ring import layout

SEED = 7


class Cut(Range):
    """What a run did to files, entry by entry, and what it had said by then."""

    def __init__(self, operation: Operation, root: Path, *twins: Twin) -> None:
        super().__init__(operation, root)
        self.reset()
        path = root / "log"
        with open(path, "wb", buffering=0) as file:
            self.injector.control.log_fd = file.fileno()
            logged = self.run(Fault(Mode.LOG), *twins)
        assert not logged.error, logged.error
        self.said = logged.said
        self.log = list(replay.read_log(path, self.at.now))
        assert len(self.log) > 50

    def cut(self, at: int, how: str) -> list[Any]:
        """Leave what a cut after entry `at` leaves; what had been said by then."""
        disk, said = replay.Disk(self.base), 0
        for entry in self.log[:at]:
            if entry.kind == MARK:
                said = entry.offset
            disk.apply(entry)
        found = disk.after_cut(how, self.log[at - 1], random.Random(f"{SEED} {at} {how}"))
        # A ring is memory: after half of the cuts it is as it was at first, after the others it is gone.
        self.operation.rings_gone = how in ("kept", "half kept")
        if self.operation.rings_gone:
            found = {name: data for name, data in found.items() if not name.startswith("home/ring/")}
        shutil.rmtree(self.at.now)
        self.at.now.mkdir()
        replay.write(found, self.at.now)
        self.at.make()
        return self.said[:said]

    def try_state(self, at: int, how: str, *twins: Twin) -> Point:
        """A cut, and what is there after the next boot."""
        return Point(True, self.resumed(self.cut(at, how), another_boot, *twins))


def another_boot(operation: Operation) -> None:
    """For a child: the machine was started again."""
    layout.boot_id = lambda: "00000000-0000-4000-8000-000000000000"
