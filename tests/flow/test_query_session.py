"""Reading sessions, records, epochs, losses and timelines."""

import cbor2
import pytest

from archives import (
    HOUR,
    MINUTE,
    NOW_NS,
    archive_of,
    conversation,
    event,
    fill,
    frames,
    reading,
    record,
    ring_frames,
)
from memlog.archive.connection import Connection
from memlog.archive.store import Archive
from memlog.errors import NotFoundError
from memlog.paths import Home
from memlog.query import epochs, gaps, session, sessions, timeline
from memlog.query import record as records
from memlog.query.gaps import HoleRow
from memlog.query.record import Whole
from memlog.query.selection import Selection
from memlog.query.where import where
from memlog.record import Record, encode
from memlog.ring.protocol import RingInfo
from memlog.wire import Gap

START = NOW_NS - 3 * HOUR


def story() -> list[Record]:
    """A prompt, a call that works, a call that fails, a compaction, and work after it."""
    return [
        record("please make the tests pass", n=0, ts_ns=START),
        record("first I look at them", n=1, ts_ns=START + MINUTE, role="assistant", kind="thinking"),
        record("command: pytest -q", n=2, ts_ns=START + 2 * MINUTE, role="assistant", kind="tool_use", tool="Bash",
               rest={"id": "call-1"}),
        record("3 passed", n=3, ts_ns=START + 3 * MINUTE, role="tool", kind="tool_result", tool="Bash",
               rest={"tool_use_id": "call-1"}),
        record("file_path: /etc/shadow", n=4, ts_ns=START + 4 * MINUTE, role="assistant", kind="tool_use", tool="Read",
               rest={"block": {"id": "call-2"}, "line": {}}),
        record("permission denied", n=5, ts_ns=START + 5 * MINUTE, role="tool", kind="tool_result", tool="Read",
               rest={"tool_use_id": "call-2"}, error=True),
        record("hook progress", n=6, ts_ns=START + 5 * MINUTE, role=None, kind="meta"),
        record("Conversation compacted", n=7, ts_ns=START + 6 * MINUTE, role="system", kind="compaction",
               boundary="session-a-7", rest={"line": {"compactMetadata": {"trigger": "auto", "preTokens": 155_000}}}),
        record("so far: the tests pass", n=8, ts_ns=START + 6 * MINUTE, kind="summary", boundary="session-a-7"),
        record("done", n=9, ts_ns=START + 7 * MINUTE, role="assistant", boundary="session-a-7"),
    ]  # fmt: skip


@pytest.fixture
def con(home: Home) -> "Connection":
    hooks = [
        event("PreCompact", ts_ns=START + 6 * MINUTE - 1, trigger="auto"),
        event("SessionEnd", ts_ns=START + 8 * MINUTE, reason="exit"),
    ]
    fill(
        home,
        story(),
        hooks,
        conversation(["hello", "hi"], session="other", ts_ns=NOW_NS - MINUTE, project="/srv/shop"),
    )
    with reading(home) as found:
        yield found


def test_sessions_come_latest_first_and_can_be_chosen(con: Connection) -> None:
    found = sessions.sessions(con)
    assert [row.session for row in found] == ["other", "session-a"]
    assert (
        found[1].records == 10 and found[1].compactions == 1 and found[1].errors == 1 and found[1].epochs == 2
    )
    assert [row.session for row in sessions.sessions(con, project="memlog")] == ["session-a"]
    assert [row.session for row in sessions.sessions(con, since_ns=NOW_NS - HOUR)] == ["other"]
    assert [row.session for row in sessions.sessions(con, until_ns=NOW_NS - HOUR)] == ["session-a"]
    assert sessions.session(con, "last").session == "other"
    assert sessions.session(con, "sess").session == "session-a"
    with pytest.raises(NotFoundError, match="nearest: session-a"):
        sessions.session(con, "sesion-a")


def test_a_transcript_has_a_chapter_per_epoch_and_no_bookkeeping(con: Connection) -> None:
    read = session.transcript(con, "session-a")
    assert [chapter.epoch.epoch for chapter in read.chapters] == [0, 1]
    assert [chapter.epoch.trigger for chapter in read.chapters] == ["auto", None]
    said = [
        [entry.text for entry in chapter.entries if isinstance(entry, Whole)] for chapter in read.chapters
    ]
    assert "hook progress" not in said[0] and said[1][-1] == "done"
    assert "hook progress" in [
        e.text for e in session.transcript(con, "session-a", meta=True).chapters[0].entries
    ]  # type: ignore[union-attr]
    part = session.transcript(con, "session-a", Selection(epoch=1))
    assert [chapter.epoch.epoch for chapter in part.chapters] == [1]
    tools = session.transcript(con, "session-a", Selection(tool="bash"))
    assert [e.text for e in tools.chapters[0].entries] == ["command: pytest -q", "3 passed"]  # type: ignore[union-attr]


def test_epochs_are_rows_of_the_view(con: Connection) -> None:
    found = epochs.epochs(con, "session-a")
    assert [(e.epoch, e.trigger, e.tokens_before) for e in found] == [(0, "auto", 155_000), (1, None, None)]
    assert len(epochs.epochs(con)) == 3


def test_a_timeline_says_how_calls_ended_and_where_hooks_fired(con: Connection) -> None:
    steps = timeline.timeline(con, Selection(session="session-a"), now_ns=NOW_NS)
    assert [(s.what, s.outcome) for s in steps] == [
        ("prompt", None), ("tool", "ok"), ("tool", "failed: permission denied"), ("hook", None),
        ("compaction", None), ("summary", None), ("reply", None), ("hook", None),
    ]  # fmt: skip
    assert steps[3].text == "PreCompact auto" and steps[-1].text == "SessionEnd exit"
    assert [s.ts_ns for s in steps] == sorted(s.ts_ns for s in steps)
    thoughts = timeline.timeline(con, Selection(session="session-a"), now_ns=NOW_NS, thoughts=True)
    assert "thought" in [s.what for s in thoughts]


def test_a_timeline_around_a_record_or_a_time_shows_both_sides(con: Connection) -> None:
    compaction = next(s for s in timeline.timeline(con, now_ns=NOW_NS) if s.what == "compaction")
    around = timeline.timeline(con, now_ns=NOW_NS, around=f"#{compaction.id}", limit=4)
    assert {s.session for s in around} == {"session-a"}
    # half of the records before it, half from it on: the call and its answer are one step
    assert [s.what for s in around] == ["tool", "hook", "compaction", "summary"]
    at_time = timeline.timeline(con, now_ns=NOW_NS, around=compaction.ts, limit=4)
    assert [s.id for s in at_time] == [s.id for s in around]
    with pytest.raises(NotFoundError):
        timeline.timeline(con, now_ns=NOW_NS, around="37815871999")


def test_a_timeline_of_all_sessions_is_in_order_of_time(home: Home) -> None:
    crossed = [
        record(f"t{n}", n=n, session=f"s{n % 3}", ts_ns=START + (n * 37 % 101) * MINUTE) for n in range(100)
    ]
    with archive_of(home, crossed[:50], crossed[50:]) as con:
        steps = timeline.timeline(con, now_ns=NOW_NS, limit=10)
        newest = sorted((r.ts_ns for r in crossed), reverse=True)[:10]
        assert [s.ts_ns for s in steps] == newest[::-1]


def test_a_record_of_many_parts_is_given_back_whole(home: Home) -> None:
    text = "\n".join(f"line {n} äöü" for n in range(20_000))
    rest = {"line": {"toolUseResult": {"stdout": "x" * 150_000, "n": 7}}}
    with archive_of(home, [record(text, n=1, rest=rest), record("small", n=1, block=1)]) as con:
        found = records.find(con, "session-a-1")
        assert [one.block for one in found] == [0, 1]
        assert found[0].text == text and found[0].extra == rest
        assert found[0].parts == len(found[0].ids) > 3
        for part_id in found[0].ids:
            [same] = records.find(con, str(part_id))
            assert same == found[0]
        blobs = records.blobs(con, f"#{found[0].ids[-1]}")
        assert blobs == encode(record(text, n=1, rest=rest))
        listed = list(records.selected(con, where(con, Selection(session="session-a"))))
        assert listed == found
    with archive_of(home) as con, pytest.raises(NotFoundError):
        records.find(con, "no-such-record")


def test_a_blob_that_is_not_ours_is_shown_as_it_is(home: Home) -> None:
    foreign = [cbor2.dumps({"note": "from elsewhere"}), b'{"json": "not cbor"}']
    with archive_of(home, foreign) as con:
        ids = [row[0] for row in con.execute("SELECT id FROM record ORDER BY id")]
        found = [records.find(con, str(i))[0] for i in ids]
        assert {one.text for one in found} == {"note: from elsewhere", '{"json": "not cbor"}'}
        assert [one.kind for one in found] == ["blob", "blob"]
        assert sorted(records.blobs(con, str(ids[0])) + records.blobs(con, str(ids[1]))) == sorted(foreign)


def ring() -> RingInfo:
    return RingInfo("shm", "/ring", b"R" * 16, 1000, "boot", False, 30, 1, 0, 0, 1 << 20, 0)


def test_gaps_and_holes_stand_where_the_records_are_missing(home: Home) -> None:
    told = story()
    lost_from, lost_to = told[3].at, told[6].at
    captured = event(
        "captured",
        ts_ns=START + HOUR,
        path="/t/session-a.jsonl",
        count=9,
        **{"from": 0, "to": 10_000, "watermark": {}},
    )
    arrived = told[:3] + told[6:]
    with Archive.open(home, now_ns=NOW_NS) as archive:
        row = archive.ring_row(ring(), now_ns=NOW_NS)
        first = list(ring_frames(told[:3]))
        later = list(ring_frames([*told[6:], captured], first_seq=7))
        archive.ingest([*first, Gap(3, 7), *later], ring=row, source="ring", now_ns=NOW_NS)
        archive.con.execute(
            "INSERT INTO hole (session_id, path, start, stop, noticed_ns) VALUES (1, '/t/session-a.jsonl', ?, ?, ?)"
            if not archive.con.execute("SELECT 1 FROM hole").fetchone()
            else "UPDATE hole SET start = ?, stop = ?, noticed_ns = ?",
            (lost_from, lost_to, NOW_NS),
        )
    with reading(home) as con:
        [gap] = gaps.gaps(con)
        assert (gap.after_seq, gap.before_seq, gap.lost, gap.healed) == (3, 7, 3, 0)
        [hole] = gaps.holes(con, "session-a")
        assert (hole.start, hole.stop, hole.healed) == (lost_from, lost_to, 0)
        entries = session.transcript(con, "session-a", meta=True).chapters[0].entries
        at = next(n for n, entry in enumerate(entries) if isinstance(entry, HoleRow))
        before, after = entries[at - 1], entries[at + 1]
        assert isinstance(before, Whole) and isinstance(after, Whole)
        assert (before.source_id, after.source_id) == ("session-a-2", "session-a-6")
        steps = timeline.timeline(con, now_ns=NOW_NS)
        place = [s.what for s in steps].index("gap")
        assert steps[place].text.startswith("3 records lost (evicted): seq 4 to 6")
        assert steps[place - 1].id == before.id
        assert "hole" in [s.what for s in steps]
        assert len(arrived) == len(con.execute("SELECT 1 FROM record").fetchall())


def test_frames_of_the_builder_are_what_an_import_gives() -> None:
    assert all(frame.header is None for frame in frames(story()))
