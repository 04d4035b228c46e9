"""A full or failing disk at every call that writes, once and from then on: nothing is lost, and it goes on."""

import errno
from pathlib import Path

import pytest

from faults.conftest import EVERY as EACH
from faults.conftest import QUICK, Record
from faults.every import OPERATIONS
from faults.injector import EVERY, FILLS, WRITE, Fault, Mode, spread
from faults.operations import Operation
from faults.striking import Range, Tally

SHARDS = 1 if QUICK else 4
MOST = 3 if QUICK else 100_000 if EACH else 32  # of each
FAULTS = {
    "ENOSPC once": Fault(Mode.FAIL_ONCE, error=errno.ENOSPC, kinds=FILLS),
    "ENOSPC for ever": Fault(Mode.FAIL_ON, error=errno.ENOSPC, kinds=FILLS),
    "EIO once": Fault(Mode.FAIL_ONCE, error=errno.EIO, kinds=EVERY),
    "EIO for ever": Fault(Mode.FAIL_ON, error=errno.EIO, kinds=EVERY),
    "short write": Fault(Mode.SHORT, kinds=WRITE),
}


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.name)
def test_refused_at_any_write_it_loses_nothing_and_goes_on_when_space_returns(
    operation: type[Operation], shard: int, root: Path, record: Record
) -> None:
    at = Range(operation(), root)
    tallies = []
    for kind, fault in FAULTS.items():
        tallies.append(Tally(kind, operation.name))
        calls = at.count(fault.kinds)
        for k in list(spread(calls, MOST))[shard::SHARDS]:
            tallies[-1].add(at.refuse(fault._replace(at=k)), f"{kind} at {k} of {calls}")
        record(tallies[-1].row)
    for tally in tallies:
        tally.require_zero()
