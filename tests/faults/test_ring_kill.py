"""SIGKILL of a writer inside the shared-memory ring: what write() returned for is there, whole, and the ring goes on."""

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from faults.conftest import QUICK, Record
from faults.table import Row
from memlog.contracts import RING_MIN
from memlog.ring.shm import ShmRing
from ring_writers import (
    Wrong,
    killed_writers,
    kills_at_every_store,
    one_slot_without_checksum,
    publishing_first,
)

KIND = "SIGKILL of a writer"
KILLS = 100 if QUICK else 1_000
RANDOM, STORES = "ring, at random", "ring, every store"


def row_of(operation: str, found: Iterable[Wrong], twin: str = "") -> Row:
    """A point each."""
    row = Row(KIND, operation, twin=twin)
    for wrong in found:
        row = row.plus(Row("", "", 1, 1, *map(len, wrong)))
    return row


@pytest.fixture
def ring(root: Path) -> str:
    path = str(root / "ring" / "ring")
    ShmRing(path, capacity=RING_MIN).close()
    return path


def test_writers_killed_at_random_moments_lose_nothing_they_accepted(ring: str, record: Record) -> None:
    found = list(killed_writers(ring, KILLS, random.Random(7)))
    row = row_of(RANDOM, (wrong for _, wrong in found))
    record(row)
    assert not row.broken, [wrong for _, wrong in found if wrong][:5]
    assert row.injected == KILLS
    assert sum(acked > 5 for acked, _ in found) > KILLS * 2 / 3 and ShmRing(ring).info().evicted > 4 * KILLS


def test_a_writer_killed_at_every_store_leaves_the_old_state_or_the_new(ring: str, record: Record) -> None:
    found = list(kills_at_every_store(ring))
    row = row_of(STORES, found)
    record(row)
    assert not row.broken, list(filter(None, found))[:5]
    assert row.injected >= 8 * 7 * 4, "the stepping hook did not fire at every store"


def test_a_writer_that_publishes_before_it_has_written_is_caught(ring: str, record: Record) -> None:
    wrongs = (wrong for _, wrong in killed_writers(ring, 1_000, random.Random(7), publishing_first))
    _caught(RANDOM, wrongs, publishing_first.__name__, record)


def test_a_state_without_checksum_stored_over_the_last_one_is_caught(
    ring: str, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for (place, name), value in one_slot_without_checksum().items():
        monkeypatch.setattr(place, name, value)
    _caught(STORES, kills_at_every_store(ring), one_slot_without_checksum.__name__, record)


def _caught(operation: str, wrongs: Iterable[Wrong], twin: str, record: Record) -> None:
    found = []
    for wrong in wrongs:
        found.append(wrong)
        if wrong:
            break
    row = row_of(operation, found, twin)
    record(row)
    assert row.broken, "the twin passes: the check above proves nothing"
