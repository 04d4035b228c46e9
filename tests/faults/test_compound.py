"""One fault on top of another: in the recovery from the first, or together with it."""

import errno
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults import replay
from faults.arriving import DrainRings, Heal, Import
from faults.conftest import QUICK, Record
from faults.cutting import Cut, another_boot
from faults.injector import FILLS, Fault, Mode
from faults.operations import Operation
from faults.soundness import merged
from faults.striking import Point, Tally, verdict_of
from memlog.witness import batch

EACH = 1 if QUICK else 8
SEED = 7
FULL = Fault(Mode.FAIL_ON, error=errno.ENOSPC, kinds=FILLS)
ONCE = Fault(Mode.FAIL_ONCE, error=errno.EIO)

Pair = Callable[[Cut, random.Random], Point]


def any_call(at: Cut, dice: random.Random) -> int:
    return dice.randrange(1, at.calls + 1)


def killed_in_the_recovery_from_a_kill(at: Cut, dice: random.Random) -> Point:
    at.reset()
    first = at.run(Fault(Mode.KILL_HALF, any_call(at, dice)))
    second = at.run(Fault(Mode.KILL, dice.randrange(1, at.calls // 3)))
    return Point(first.killed and second.killed, at.resumed(first.said + second.said))


def full_in_the_recovery_from_a_kill(at: Cut, dice: random.Random) -> Point:
    at.reset()
    first = at.run(Fault(Mode.KILL, any_call(at, dice)))
    second = at.run_and_again(FULL._replace(at=dice.randrange(1, at.calls // 3)))
    after = at.resumed(first.said + second.said)
    return Point(first.killed and bool(second.fired), merged([verdict_of(second), after]))


def full_then_killed(at: Cut, dice: random.Random) -> Point:
    at.reset()
    return _refused_then_killed(at, FULL, dice)


def failing_then_killed(at: Cut, dice: random.Random) -> Point:
    at.reset()
    return _refused_then_killed(at, ONCE, dice)


def _refused_then_killed(at: Cut, fault: Fault, dice: random.Random) -> Point:
    """Killed when space had returned: in the same process, a moment later."""
    again = Fault(Mode.KILL, dice.randrange(1, 40))
    first = at.run_and_again(fault._replace(at=any_call(at, dice) * 2 // 3 + 1), again)
    return Point(first.killed, at.resumed(first.said))


def killed_in_the_recovery_from_a_power_cut(at: Cut, dice: random.Random) -> Point:
    said = at.cut(dice.randrange(1, len(at.log)), dice.choice(replay.HOW))
    second = at.run(Fault(Mode.KILL, dice.randrange(1, at.calls // 3)), another_boot)
    return Point(second.killed, at.resumed(said + second.said, another_boot))


def killed_and_the_ring_torn(at: Cut, dice: random.Random) -> Point:
    at.reset()
    first = at.run(Fault(Mode.KILL, any_call(at, dice)))
    rings = [path for path in (at.at.now / "home/ring").iterdir() if path.stat().st_size > 8_192]
    for path in rings:
        raw = bytearray(path.read_bytes())
        place = dice.randrange(4_096, len(raw) - 4_096)
        raw[place : place + 512] = dice.randbytes(512)
        path.write_bytes(raw)
    at.operation.rings_torn = True
    return Point(first.killed and bool(rings), at.resumed(first.said))


def killed_and_the_clock_set_back(at: Cut, dice: random.Random) -> Point:
    at.reset()
    first = at.run(Fault(Mode.KILL, any_call(at, dice)))
    return Point(first.killed, at.resumed(first.said, _yesterday))


def _yesterday(operation: Operation) -> None:
    now_ns = time.time_ns
    time.time_ns = batch.time_ns = lambda: now_ns() - 86_400 * 10**9


PAIRS = (
    killed_in_the_recovery_from_a_kill, full_in_the_recovery_from_a_kill, full_then_killed, failing_then_killed,
    killed_in_the_recovery_from_a_power_cut, killed_and_the_ring_torn, killed_and_the_clock_set_back,
)  # fmt: skip


@pytest.mark.parametrize("operation", [DrainRings, Import, Heal], ids=lambda op: op.name)
def test_one_fault_on_top_of_another_loses_nothing(
    operation: type[Operation], root: Path, record: Record
) -> None:
    at = Cut(operation(), root)
    tally = Tally("compound", operation.name)
    for pair in PAIRS:
        fired = tally.row.injected
        for n in range(EACH):
            at.operation.rings_gone = at.operation.rings_torn = False
            tally.add(
                pair(at, random.Random(f"{SEED} {pair.__name__} {n}")), f"{pair.__name__} {n}, seed {SEED}"
            )
        assert tally.row.injected > fired, f"{pair.__name__}: the injector did not fire"
    record(tally.row)
    assert not tally.row.broken, "\n".join([str(tally.row), *tally.said[:12]])
