"""150,000 blobs made by CBOR's grammar and broken: a value or an error of ours, in no time, in no memory."""

import random
import resource
import time
from pathlib import Path

import pytest

from faults.conftest import QUICK, Record
from faults.table import Row
from hostile_cbor import BOMBS, generated
from memlog import record as blobs
from memlog.archive.body import text_of_blob
from memlog.archive.store import Archive
from memlog.errors import DecodeError
from memlog.paths import Home
from memlog.wire import Frame

KIND, OPERATION = "hostile bytes", "CBOR blobs"
SHARDS = 1 if QUICK else 4
COUNT = 10_000 if QUICK else 40_000
SLOWEST_S = 0.5
MOST_KB = 64 << 10


def broken_by(blob: bytes) -> str:
    """What it did that no blob may; "" for nothing."""
    started = time.process_time()
    try:
        for read in (blobs.load_cbor, blobs.decode):
            try:
                read(blob)
            except DecodeError:
                pass
        text = text_of_blob(blob)
        if len(text) > 5 * blobs.MAX_BLOB:
            return f"its text has {len(text)} characters"
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
    took = time.process_time() - started
    return f"it took {took:.1f} s" if took > SLOWEST_S else ""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_blob_breaks_its_reader_and_all_are_kept(shard: int, root: Path, record: Record) -> None:
    seed = random.SystemRandom().randrange(1 << 31)
    dice = random.Random(seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = [(blob, what) for blob in (generated(dice) for _ in range(COUNT)) if (what := broken_by(blob))]
    found += [(blob, what) for blob in BOMBS.values() if (what := broken_by(blob))]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # The same event twice is one.
    lost = archived(
        root, list(dict.fromkeys(blob for blob in (generated(dice) for _ in range(1_000)) if blob))
    )
    record(Row(KIND, OPERATION, COUNT, COUNT, lost=lost, corrupt=len(found)))
    assert not found, (seed, [(what, blob.hex()[:200]) for blob, what in found[:3]])
    assert not lost and grown < MOST_KB, f"{grown} KB more"


def archived(root: Path, made: list[bytes]) -> int:
    """How many of these an archive does not have after they came through a ring: each is a row of some kind."""
    with Archive.open(Home(str(root / "home")), now_ns=1) as archive:
        took = 0
        for n in range(0, len(made), 200):
            outcome = archive.ingest(
                [Frame(None, b) for b in made[n : n + 200]], ring=None, source="x", now_ns=1
            )
            took += outcome.archived + outcome.sightings + len(outcome.events) + outcome.damage
        return len(made) - took


def test_a_reader_without_the_strict_profile_is_caught(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "_REFUSED_TAGS", {})
    monkeypatch.setattr(blobs, "DecodeError", KeyError)  # and what the decoder raises is not translated
    dice = random.Random(7)
    found = [what for what in (broken_by(generated(dice)) for _ in range(500)) if what]
    record(Row(KIND, OPERATION, 500, 500, corrupt=len(found), twin="errors_not_translated"))
    assert found
