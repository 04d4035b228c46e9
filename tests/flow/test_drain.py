"""From rings into the archive: every record once, every loss a gap, and the ring knows what is safe."""

import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS, conversation, event, record, ring_frames
from memlog.archive.store import Archive, Outcome
from memlog.errors import RingBusyError
from memlog.paths import Home
from memlog.record import encode
from memlog.ring import layout
from memlog.ring.open import open_ring
from memlog.ring.protocol import RingInfo
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.wire import Frame, Gap
from memlog.witness import batch, trouble
from memlog.witness.batch import Totals, last_seq
from memlog.witness.drain import Drain
from memlog.witness.source import Source
from shared_data import DATA
from witness import ask, one

numbers = count()


@pytest.fixture
def archive(home: Home, settings: Settings) -> Iterator[Archive]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as found:
        yield found


@pytest.fixture
def ring(settings: Settings) -> Iterator[ShmRing]:
    with open_ring(settings) as found:
        assert isinstance(found, ShmRing)
        yield found


def say(ring: ShmRing, *texts: str, session: str = "s") -> list[int]:
    return [
        ring.write(blob, session=session)
        for text in texts
        for blob in encode(record(text, n=next(numbers), session=session))
    ]


def run(archive: Archive, settings: Settings, *devices: str) -> Totals:
    with Drain(archive, settings, devices) as drain:
        drain.run()
        drain.settle()
        return drain.totals


def test_every_record_is_archived_once_however_often_the_ring_is_drained(
    archive: Archive, ring: ShmRing, settings: Settings
) -> None:
    say(ring, "one", "two")
    assert run(archive, settings).archived == 2
    say(ring, "three")
    assert run(archive, settings).archived == 1
    assert run(archive, settings).batches == 0
    assert one(archive.home, "SELECT count(*) FROM v_record") == 3
    assert ring.info().drained_seq == 3


def test_the_ring_hears_of_a_batch_only_after_its_commit(
    archive: Archive, ring: ShmRing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, "one")
    seen: list[int] = []

    def refuse(*args: Any, **named: Any) -> Outcome:
        seen.append(ring.info().drained_seq)
        raise OSError(28, "No space left on device")

    with Drain(archive, settings) as drain:
        drain.rings.find()
        monkeypatch.setattr(archive, "ingest", refuse)
        with pytest.raises(OSError):
            drain.step(flush=True)
        assert seen == [0] and ring.info().drained_seq == 0
        monkeypatch.undo()
        assert drain.run().archived == 1  # the same record is read again
    assert ring.info().drained_seq == 1


def test_a_mark_that_was_lost_between_commit_and_ring_is_made_good_at_the_next_look(
    archive: Archive, ring: ShmRing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, "one", "two")

    def busy(self: ShmRing, seq: int) -> None:
        raise RingBusyError

    with monkeypatch.context() as patch:
        patch.setattr(ShmRing, "set_drained", busy)
        assert run(archive, settings).archived == 2
    assert ring.info().drained_seq == 0  # the injector fired
    assert run(archive, settings).batches == 0
    assert ring.info().drained_seq == 2


def test_what_a_ring_evicted_is_a_gap_with_exact_numbers(
    archive: Archive, ring: ShmRing, settings: Settings
) -> None:
    say(ring, "first")
    run(archive, settings)
    blob = b"\xa0" * 60_000
    while ring.info().oldest_seq <= 5:
        ring.write(blob)
    oldest, newest = ring.info().oldest_seq, ring.info().next_seq - 1
    totals = run(archive, settings)
    assert totals.lost == oldest - 2 > 0
    assert ask(archive.home, "SELECT after_seq, before_seq, lost, healed FROM v_gap") == [
        (1, oldest, oldest - 2, 0)
    ]
    assert one(archive.home, "SELECT count(*) FROM v_record") == 1 + newest - oldest + 1


def test_what_was_evicted_before_the_first_drain_is_a_gap_too(
    archive: Archive, ring: ShmRing, settings: Settings
) -> None:
    while ring.info().oldest_seq == 1:
        ring.write(b"\xa0" * 60_000)
    oldest = ring.info().oldest_seq
    assert run(archive, settings).lost == oldest - 1
    assert ask(archive.home, "SELECT after_seq, before_seq FROM v_gap") == [(0, oldest)]


def test_a_ring_cleared_by_force_leaves_a_gap_though_no_record_follows(
    archive: Archive, ring: ShmRing, settings: Settings
) -> None:
    say(ring, "one", "two", "three")
    ring.clear(force=True)
    assert run(archive, settings).lost == 3
    assert ask(archive.home, "SELECT after_seq, before_seq, lost FROM v_gap") == [(0, 4, 3)]
    assert run(archive, settings).lost == 0
    say(ring, "four")
    assert run(archive, settings).archived == 1
    assert one(archive.home, "SELECT count(*) FROM v_gap") == 1


def test_the_rings_of_earlier_boots_are_drained_and_removed(
    archive: Archive, ring: ShmRing, settings: Settings, home: Home
) -> None:
    say(ring, "before the reboot")
    before = ring.info().ring_id
    retired = os.path.join(home.ring, f"retired-{before.hex()}-0")
    os.rename(ring.path, retired)
    with open_ring(settings) as new:
        assert isinstance(new, ShmRing) and new.info().ring_id != before
        say(new, "after it")
    assert run(archive, settings).archived == 2
    assert not os.path.exists(retired)
    keys = ask(home, "SELECT seq, text FROM v_record ORDER BY text")
    assert keys == [(1, "after it"), (1, "before the reboot")]  # the same seq, and both are there


def test_the_ring_of_another_boot_is_drained_by_the_pass_that_puts_it_aside(
    archive: Archive, ring: ShmRing, settings: Settings, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, "before the reboot")
    monkeypatch.setattr(layout, "boot_id", lambda: "00000000-0000-4000-8000-000000000000")
    assert run(archive, settings).archived == 1
    assert [name for name in os.listdir(home.ring) if name.startswith("retired-")] == []


def test_a_ring_file_cut_short_or_overwritten_is_never_thrown_away_unread(
    archive: Archive, ring: ShmRing, settings: Settings, home: Home
) -> None:
    for n in range(100):
        say(ring, f"number {n} " + "x" * 2_000)
    assert run(archive, settings).archived == 100
    for n in range(100, 200):
        say(ring, f"number {n} " + "x" * 2_000)
    os.truncate(ring.path, os.stat(ring.path).st_size // 12)
    with open_ring(settings) as fresh:
        say(fresh, "after")
    totals = run(archive, settings)
    kept = one(home, "SELECT count(*) FROM v_record WHERE text LIKE 'number%'")
    lost = one(home, "SELECT sum(lost) FROM v_gap")
    assert kept + lost == 200 and 0 < lost < 100 and totals.archived == kept - 100 + 1
    Path(ring.path).write_bytes(b"rubbish " * 1_000)
    with open_ring(settings) as fresh:
        say(fresh, "and on")
    assert run(archive, settings).archived == 1
    assert one(home, "SELECT max(bytes) FROM v_damage") == 8_000
    assert os.listdir(home.ring) == ["ring"]


def test_an_image_drains_to_its_records_and_a_second_time_adds_nothing(
    archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    frames = [b"".join((f.header.pack(), f.blob)) for f in ring_frames(conversation(["a", "b"])) if f.header]
    foreign = b'{"text": "not CBOR"}'
    header = next(ring_frames([record("x")])).header
    assert header is not None
    foreign = (
        header._replace(length=len(foreign), seq=0, session=b"session-a".ljust(16, b"\0")).pack() + foreign
    )
    path = tmp_path / "ring.img"
    path.write_bytes(foreign + frames[0] + b"\0" * 58 + frames[1])
    totals = run(archive, settings, str(path))
    assert (totals.archived, totals.damage, totals.undecodable) == (3, 1, 1)
    again = run(archive, settings, str(path))
    assert (again.archived, again.sightings) == (0, 3)
    assert ask(archive.home, "SELECT count(*), max(bytes) FROM damage") == [(1, 58)]
    assert os.listdir(archive.home.ring) == [] if os.path.isdir(archive.home.ring) else True


@pytest.mark.data
def test_the_recorded_image_drains_to_three_records_that_are_found(
    archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "replay.bin"
    shutil.copy(DATA / "ring/memlog-replay.bin", path)
    assert run(archive, settings, str(path)).archived == 3
    texts = [text for (text,) in ask(archive.home, "SELECT text FROM v_record ORDER BY seq")]
    assert len(texts) == 3 and all(text.startswith("{") for text in texts)
    word = texts[0].split('"')[1]
    hits = one(archive.home, "SELECT count(*) FROM record_fts WHERE record_fts MATCH :w", w=f'"{word}"')
    assert hits == 3
    assert run(archive, settings, str(path)).archived == 0
    assert one(archive.home, "SELECT count(*) FROM v_record") == 3


def test_what_a_hook_put_into_the_spool_is_archived_and_removed(
    archive: Archive, settings: Settings, home: Home
) -> None:
    from memlog.capture import spool

    blobs = [(blob, "s") for text in ("kept", "aside") for blob in encode(record(text, n=len(text)))]
    name = spool.spool_frames(home, blobs)
    assert run(archive, settings).archived == 2
    assert one(home, "SELECT count(*) FROM v_record") == 2
    assert not os.path.exists(os.path.join(home.spool, name))


def test_a_record_the_archive_refuses_is_kept_as_damage_and_the_others_are_archived(
    archive: Archive, ring: ShmRing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, "good one", "poison", "good two")
    ingest = Archive.ingest
    refused = 0

    def choke(self: Archive, items: Any, **named: Any) -> Outcome:
        nonlocal refused
        if any(isinstance(item, Frame) and b"poison" in item.blob for item in items):
            refused += 1
            raise OverflowError("int too large")
        return ingest(self, items, **named)

    monkeypatch.setattr(Archive, "ingest", choke)
    totals = run(archive, settings)
    assert refused >= 2
    assert (totals.archived, totals.damage) == (2, 1)
    assert ring.info().drained_seq == 3
    ((data, reason),) = ask(archive.home, "SELECT data, reason FROM damage")
    assert b"poison" in data and "OverflowError" in reason


def test_trouble_with_every_record_is_not_blamed_on_the_records(
    archive: Archive, ring: ShmRing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, *(f"number {n}" for n in range(40)))

    ingest = Archive.ingest

    def choke(self: Archive, items: Any, **named: Any) -> Outcome:
        if any(isinstance(item, Frame) for item in items):
            raise KeyError("a bug of ours")
        return ingest(self, items, **named)

    monkeypatch.setattr(Archive, "ingest", choke)
    with Drain(archive, settings) as drain:
        drain.rings.find()
        with pytest.raises(KeyError):
            drain.step(flush=True)
    assert one(archive.home, "SELECT count(*) FROM damage") <= batch._MOST_REFUSED
    assert ring.info().drained_seq <= batch._MOST_REFUSED


def test_batches_end_at_the_first_of_their_limits(
    archive: Archive, ring: ShmRing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(ring, *(f"number {n}" for n in range(25)))
    sizes: list[int] = []
    ingest = Archive.ingest

    def note(self: Archive, items: Any, **named: Any) -> Outcome:
        sizes.append(len(items))
        return ingest(self, items, **named)

    monkeypatch.setattr(Archive, "ingest", note)
    run(archive, settings._replace(batch_records=10))
    assert sizes == [10, 10, 5]


def test_in_a_stream_records_wait_for_their_batch_and_after_a_pause_they_do_not(
    archive: Archive, ring: ShmRing, settings: Settings
) -> None:
    patient = settings._replace(batch_ms=60_000)
    with Drain(archive, patient) as drain:
        say(ring, "the first after a pause")
        drain.rings.find()
        assert drain.step().archived == 1
        say(ring, "the next")
        assert drain.step().archived == 0 and drain.pending() and drain.lag_s() > 0
        assert drain.step(flush=True).archived == 1


def test_a_compaction_that_begins_puts_the_running_epoch_into_the_tree(
    archive: Archive, ring: ShmRing, settings: Settings, home: Home
) -> None:
    from memlog.record import encode_event

    say(ring, "what the agent knows", session="s1")
    ring.write(encode_event(event("PreCompact", session="s1", trigger="auto")), session="s1")
    run(archive, settings)
    assert "what the agent knows" in Path(home.root, "s1", "snap-00000.json").read_text()


class HashingRing(ShmRing):
    """A ring that says of itself what the kernel's says: a running hash over its records."""

    kind = "kernel"
    flip = 0

    def info(self) -> RingInfo:
        info = super().info()
        running = bytes(32)
        items = super().reader().read(100_000, 1 << 30)
        for item in items:
            assert isinstance(item, Frame) and item.header is not None
            running = sha256(running + item.header.pack() + sha256(item.blob).digest()).digest()
        after = bytes([running[0] ^ self.flip]) + running[1:]
        return info._replace(kind="kernel", hash_before=bytes(32), hash_after=after)


@pytest.mark.parametrize("flip", [0, 1])
def test_a_ring_that_gives_something_else_than_it_took_is_found_out(
    archive: Archive, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch, flip: int
) -> None:
    monkeypatch.setattr(HashingRing, "flip", flip)
    path = os.path.join(home.root, "kernel", "ring")
    Path(path).parent.mkdir(0o700, parents=True)
    with HashingRing(path) as ring:
        say(ring, "one", "two")
        with Drain(archive, settings) as drain:
            drain.rings.sources.append(Source(ring, archive))
            drain.run()
    assert one(home, "SELECT count(*) FROM v_record") == 2
    reasons = [reason for (reason,) in ask(home, "SELECT reason FROM damage")]
    assert len(reasons) == flip
    assert all("running hash" in reason for reason in reasons)


def test_the_newest_seq_of_a_batch_counts_its_gaps() -> None:
    frames = list(ring_frames([record("a")], first_seq=7))
    assert last_seq(frames) == 7
    assert last_seq([*frames, Gap(7, 12)]) == 11
    assert last_seq([]) == 0


def test_trouble_of_the_disk_is_told_from_trouble_of_a_record(archive: Archive) -> None:
    from memlog.archive.connection import sqlite3

    con = archive.con
    with pytest.raises(sqlite3.Error) as full:
        con.execute("PRAGMA max_page_count = 1")
        con.execute("CREATE TABLE big (x)")
        con.execute("INSERT INTO big VALUES (randomblob(1000000))")
    con.execute("PRAGMA max_page_count = 4294967294")
    assert trouble.is_storage(full.value) and not trouble.needs_reopening(full.value)
    assert "disk full" in trouble.sentence(full.value)
    with pytest.raises(sqlite3.Error) as duplicate:
        con.execute("INSERT INTO archive SELECT * FROM archive")
    assert not trouble.is_storage(duplicate.value)
    assert trouble.is_storage(OSError(5, "Input/output error"))
    assert trouble.needs_reopening(OSError(5, "Input/output error"))
