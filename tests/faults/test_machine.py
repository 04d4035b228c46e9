"""Anything in any order: writes, reboots, reloads, drains, crashes, a second witness, overruns, clocks, imports.

Hypothesis chooses; what it found is shrunk and printed. The twins are run until one step breaks what holds.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from faults import twins
from faults.conftest import EVERY, QUICK, Record
from faults.machine import Machine
from faults.table import Row
from memlog.errors import MemlogError

KIND, OPERATION = "state machine", "rings, witness, imports"
SHARDS = 1 if QUICK else 4
EXAMPLES, STEPS = (12, 30) if QUICK else (300 if EVERY else 75, 50)
RINGS = st.sampled_from(("shm", "kernel"))
counted: Counter[str] = Counter()
folder: list[Path] = []


class Anything(RuleBasedStateMachine):
    """Rules in the order they were thought of; each says that it was tried."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(Path(tempfile.mkdtemp(dir=folder[0])))

    @rule(kind=RINGS, count=st.integers(1, 12), size=st.integers(0, 2_000), again=st.booleans())
    def write(self, kind: str, count: int, size: int, again: bool) -> None:
        self.machine.write(kind, count, size, again)
        counted["write"] += 1

    @rule(kind=RINGS, count=st.integers(20, 50))
    def overrun(self, kind: str, count: int) -> None:
        self.machine.write(kind, count, 5_000)
        counted["overrun"] += 1

    @rule(kept=st.booleans())
    def reboot(self, kept: bool) -> None:
        self.machine.reboot(kept=kept)
        counted["reboot"] += 1

    @rule()
    def reload(self) -> None:
        self.machine.load_module()
        counted["reload"] += 1

    @rule()
    def drain(self) -> None:
        self.machine.drain()
        counted["drain"] += 1

    @rule(at=st.integers(1, 120))
    def crash(self, at: int) -> None:
        counted["crash"] += self.machine.drain(crash_at=at)

    @rule()
    def second_witness(self) -> None:
        self.machine.second_witness()
        counted["second witness"] += 1

    @rule(seconds=st.integers(-400_000_000, 400_000_000))
    def clock(self, seconds: int) -> None:
        self.machine.now_ns += seconds * 10**9
        counted["clock"] += 1

    @precondition(lambda self: self.machine.texts)
    @rule(count=st.integers(1, 30))
    def late_import(self, count: int) -> None:
        self.machine.late_import(count)
        counted["late import"] += 1

    def teardown(self) -> None:
        try:
            self.machine.drain()
            self.machine.is_sound()
        finally:
            counted["machines"] += 1
            self.machine.close()


def run(examples: int, phases: tuple[Phase, ...], *, derandomize: bool = False) -> None:
    """So many machines of STEPS steps each."""
    chosen = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, phases=phases, derandomize=derandomize,
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    run_state_machine_as_test(Anything, settings=chosen)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_rows_and_gaps_are_what_was_written(shard: int, root: Path, record: Record) -> None:
    folder[:] = [root]
    counted.clear()
    run(EXAMPLES, (Phase.generate, Phase.shrink))
    print(dict(counted))
    happened = sum(counted.values()) - counted["machines"]
    record(Row(KIND, OPERATION, happened, happened))
    assert counted["machines"] >= EXAMPLES
    assert min(
        counted[n] for n in ("overrun", "reboot", "reload", "crash", "second witness", "clock", "late import")
    )


@pytest.mark.parametrize(
    "twin",
    [twins.key_without_ring_id, twins.no_gap_rows, twins.cursor_outside_the_transaction],
    ids=lambda twin: twin.__name__,
)
def test_a_machine_without_one_safeguard_is_caught(
    twin: Callable[[Any], None], root: Path, record: Record
) -> None:
    said = in_own_process(twin, root)
    record(
        Row(
            KIND,
            OPERATION,
            said["steps"],
            said["steps"],
            corrupt=int(bool(said["broken"])),
            twin=twin.__name__,
        )
    )
    print(f"{twin.__name__}: {said['broken']}")
    assert said["broken"], "the twin passes: the check above proves nothing"


def in_own_process(twin: Callable[[Any], None], root: Path) -> dict[str, Any]:
    """What broke first, after how many steps; the twin stays in the child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        said = {"broken": "", "steps": 0}
        try:
            folder[:] = [root]
            counted.clear()
            twin(SimpleNamespace(new="11" * 16))
            run(200, (Phase.generate,), derandomize=True)
        except (AssertionError, MemlogError) as exc:  # what the machine checks, and what memlog says of it
            said["broken"] = f"{type(exc).__name__}: {exc}"[:500]
        finally:
            said["steps"] = sum(counted.values())
            os.write(writing, json.dumps(said).encode())
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        found: dict[str, Any] = json.loads(pipe.read())
    os.waitpid(pid, 0)
    return found
