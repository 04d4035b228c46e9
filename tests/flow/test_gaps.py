"""What did not arrive is known: holes of transcripts, and how holes and gaps heal."""

from typing import Any

import pytest

from archives import NOW_NS, frames, record, ring_frames, rows
from memlog.archive import gaps, holes
from memlog.archive.store import Archive, Outcome
from memlog.contracts import DAY_NS
from memlog.paths import Home
from memlog.record import Event, Record
from memlog.ring.protocol import RingInfo
from memlog.wire import Frame, Gap

PATH = "/projects/p/session-a.jsonl"


def mark(offset: int, ino: int = 5, path: str = PATH) -> dict[str, Any]:
    return {"path": path, "dev": 1, "ino": ino, "offset": offset, "tail": "", "ring_id": "", "state": {}}


def captured(start: int, stop: int, count: int, path: str = PATH, **named: Any) -> Event:
    data = {
        "path": path,
        "from": start,
        "to": stop,
        "count": count,
        "watermark": mark(stop, path=path, **named),
    }
    return Event("captured", "claude-code", "session-a", NOW_NS, data)


def lines(first: int, last: int) -> list[Record]:
    return [record(f"line {n}", n=n) for n in range(first, last)]


class Feed:
    """A ring as seen by the witness: frames get their numbers in the order they are written."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.seq = 0
        info = RingInfo("shm", "/r", b"R" * 16, 1000, "boot", False, 1, 1, 0, 0, 1, 0)
        self.ring = archive.ring_row(info, now_ns=1)

    def frames(self, *items: Record | Event, pid: int = 7) -> list[Frame]:
        made = list(ring_frames(items, first_seq=self.seq + 1, pid=pid))
        self.seq += len(made)
        return made

    def put(self, *frames: Frame | Gap) -> Outcome:
        return self.archive.ingest(frames, ring=self.ring, source="r", now_ns=NOW_NS)


@pytest.fixture
def feed(home: Home) -> Any:
    with Archive.open(home, now_ns=1) as archive:
        yield Feed(archive)


def open_holes(feed: Feed) -> list[tuple[str, int, int]]:
    return [(h.path, h.start, h.stop) for h in holes.open_holes(feed.archive.con)]


def transcript(feed: Feed, path: str = PATH) -> tuple[int, int]:
    row = feed.archive.con.execute("SELECT archived, seen FROM transcript WHERE path = ?", (path,)).fetchone()
    return (row[0], row[1])


def test_a_pass_that_arrived_whole_moves_the_archived_watermark(feed: Feed) -> None:
    outcome = feed.put(*feed.frames(*lines(0, 5), captured(0, 500, 5)))
    assert outcome.watermarks == [mark(500)]
    assert open_holes(feed) == [] and transcript(feed) == (500, 500)


def test_a_pass_may_be_spread_over_batches_and_mixed_with_another_process(feed: Feed) -> None:
    other = "/projects/p/agent-1.jsonl"
    one = feed.frames(*lines(0, 4), captured(0, 400, 4), pid=11)
    two = feed.frames(*lines(10, 13), captured(0, 90, 3, path=other), pid=12)
    mixed = [one[0], two[0], one[1], two[1], one[2], two[2], one[3], two[3], one[4]]
    for n in range(0, len(mixed), 2):
        feed.put(*mixed[n : n + 2])
    assert open_holes(feed) == []
    assert transcript(feed) == (400, 400) and transcript(feed, other) == (90, 90)
    assert feed.archive.con.execute("SELECT count(*) FROM arriving").fetchone() == (0,)


def test_a_record_that_did_not_arrive_makes_the_pass_a_hole(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 2), captured(0, 200, 2)))
    torn = feed.frames(*lines(2, 6), captured(200, 600, 4))
    outcome = feed.put(Gap(3, 5), *torn[2:])
    assert open_holes(feed) == [(PATH, 200, 600)]
    assert outcome.watermarks == [] and transcript(feed) == (200, 600)
    assert rows(feed.archive.con, "SELECT gaps FROM v_session") == [{"gaps": 1}]
    assert holes.open_holes(feed.archive.con)[0].state is not None  # where to go on reading


def test_not_comparing_the_count_would_call_it_archived(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The known-bad twin: whoever believes the event alone moves past what never arrived."""
    cover = holes._cover
    monkeypatch.setattr(holes, "_cover", lambda *a: cover(*a[:6], True, a[7]))
    feed.put(*feed.frames(*lines(0, 4), captured(0, 400, 4))[2:])
    assert open_holes(feed) == [] and transcript(feed) == (400, 400)


def test_a_lost_captured_event_leaves_a_hole_before_the_next_pass(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 2), captured(0, 200, 2), pid=1))
    feed.put(*feed.frames(*lines(2, 4), captured(200, 400, 2), pid=2)[:2])  # the event was evicted
    feed.put(*feed.frames(*lines(4, 6), captured(400, 600, 2), pid=3))
    assert open_holes(feed) == [(PATH, 200, 400)]
    assert transcript(feed) == (200, 600)


def test_a_pass_killed_before_its_event_and_run_again_is_no_hole(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 3), pid=1))
    outcome = feed.put(*feed.frames(*lines(0, 5), captured(0, 500, 5), pid=2))
    assert open_holes(feed) == [] and outcome.sightings == 3
    left = feed.archive.con.execute("SELECT pid, records FROM arriving").fetchall()
    assert left == [(1, 3)]
    feed.archive.close_silent(now_ns=NOW_NS + DAY_NS + 1)
    assert feed.archive.con.execute("SELECT count(*) FROM arriving").fetchone() == (0,)


def test_a_healed_hole_lets_the_archived_offset_move_to_the_next_hole(feed: Feed) -> None:
    con = feed.archive.con
    feed.put(
        *feed.frames(captured(0, 100, 1), captured(100, 200, 0), captured(200, 300, 9), captured(300, 400, 0))
    )
    assert open_holes(feed) == [(PATH, 0, 100), (PATH, 200, 300)] and transcript(feed) == (0, 400)
    first, second = holes.open_holes(con)
    with feed.archive.transaction():
        assert holes.heal(con, first.id, now_ns=5) == mark(200)
    assert transcript(feed) == (200, 400)
    with feed.archive.transaction():
        assert holes.heal(con, second.id, now_ns=5) == mark(400)
        assert holes.heal(con, second.id, now_ns=6) is None
    assert rows(con, "SELECT gaps FROM v_session") == [{"gaps": 0}]


def test_a_pass_over_the_same_bytes_heals_the_hole(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 2), captured(0, 200, 2))[1:])
    assert open_holes(feed) == [(PATH, 0, 200)]
    feed.put(*feed.frames(*lines(0, 3), captured(0, 300, 3)))
    assert open_holes(feed) == [] and transcript(feed) == (300, 300)


def test_an_import_of_everything_heals_and_moves_the_offset(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 2), captured(0, 200, 2))[1:])
    given = frames(lines(0, 2))
    outcome = feed.archive.ingest(list(given), ring=None, source=PATH, now_ns=9, transcripts=[mark(200)])
    assert outcome.watermarks == [mark(200)]
    assert open_holes(feed) == [] and transcript(feed) == (200, 200)


def test_bytes_that_wait_in_the_spool_are_a_hole_until_they_are_read(feed: Feed) -> None:
    data = {"path": PATH, "spooled": "x.transcript", "from": 0, "to": 9_000, "watermark": mark(0)}
    pending = Event("capture_pending", "claude-code", "session-a", NOW_NS, data)
    feed.put(*feed.frames(pending, *lines(9, 11), captured(9_000, 9_200, 2)))
    assert open_holes(feed) == [(PATH, 0, 9_000)] and transcript(feed) == (0, 9_200)
    (hole,) = holes.open_holes(feed.archive.con)
    with feed.archive.transaction():
        assert holes.heal(feed.archive.con, hole.id, now_ns=5) == mark(9_200)


def test_a_file_that_was_replaced_begins_anew(feed: Feed) -> None:
    feed.put(*feed.frames(*lines(0, 2), captured(0, 900, 2)))
    feed.put(*feed.frames(*lines(5, 6), captured(0, 80, 1, ino=6), pid=8))
    assert transcript(feed) == (80, 80) and open_holes(feed) == []


def test_a_gap_is_healed_when_everything_was_read_again_and_no_hole_is_left(feed: Feed) -> None:
    con = feed.archive.con
    torn = feed.frames(*lines(0, 4), captured(0, 400, 4))
    feed.put(Gap(0, 3), *torn[2:])
    (gap,) = gaps.open_gaps(con)
    (hole,) = holes.open_holes(con)
    with feed.archive.transaction():
        assert not gaps.mark_recovered(con, gap.id, 2, complete=True, now_ns=NOW_NS)  # the hole is open
        holes.heal(con, hole.id, now_ns=NOW_NS)
        assert not gaps.mark_recovered(con, gap.id, 0, complete=False, now_ns=NOW_NS)
        assert gaps.mark_recovered(con, gap.id, 0, complete=True, now_ns=NOW_NS)
    assert rows(con, "SELECT lost, recovered, healed FROM v_gap") == [
        {"lost": 2, "recovered": 2, "healed": 1}
    ]


@pytest.mark.parametrize(
    "data",
    [{}, {"path": 1, "from": 0, "to": 5}, {"path": "p", "from": 9, "to": 5}, {"path": "p", "from": -1, "to": 5},
     {"path": "p", "from": 0, "to": 1 << 63}, {"path": "p", "from": True, "to": 5, "count": 0},
     {"path": "p", "from": 0, "to": 5, "count": "x", "watermark": [1]}],
)  # fmt: skip
def test_odd_events_break_nothing(feed: Feed, data: dict[str, Any]) -> None:
    for name in ("captured", "capture_pending"):
        feed.put(*feed.frames(Event(name, "a", "s", 1, data), *lines(0, 1)))
    assert feed.archive.con.execute("SELECT count(*) FROM v_event").fetchone() == (2,)
