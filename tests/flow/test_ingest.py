"""One batch, one transaction: every record once, whatever comes again, in whatever order."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, HOUR, MINUTE, NOW_NS, SECOND, frames, reading, record, ring_frames, rows
from flow.batches import hits, put, ring_info
from memlog.archive import ingest
from memlog.archive.connection import Connection
from memlog.archive.ids import day_of
from memlog.archive.store import Archive, Outcome
from memlog.contracts import DAY_BITS
from memlog.paths import Home
from memlog.record import Event, Record, encode
from memlog.wire import Damage, Gap, Header, scan_image

VOLATILE = ("archived_ns", "digest")


def contents(con: Connection) -> dict[str, list[dict[str, Any]]]:
    """Everything a view shows but what differs between two commits of the same."""
    found = {}
    for view, order in (("v_record", "id"), ("v_session", "agent, session"), ("v_epoch", "session, epoch")):
        found[view] = [
            {k: v for k, v in row.items() if k not in VOLATILE}
            for row in rows(con, f"SELECT * FROM {view} ORDER BY {order}")
        ]
    return found


@pytest.fixture
def archive(home: Home) -> Any:
    with Archive.open(home, now_ns=NOW_NS) as opened:
        yield opened


def test_a_record_met_again_is_a_sighting_and_no_row(archive: Archive) -> None:
    said = [record(f"words {n}", n=n) for n in range(20)]
    assert put(archive, frames(said)).records == 20
    before = contents(archive.con)
    again = put(archive, frames(said))
    assert (again.archived, again.sightings) == (0, 20)
    assert contents(archive.con) == before
    assert len(hits(archive.con, "words")) == 20


def test_a_sighting_in_a_ring_notes_its_key_once(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    put(archive, frames([record("imported")]))
    for _ in range(2):
        put(archive, ring_frames([record("imported")], first_seq=9), ring=ring)
    assert archive.con.execute("SELECT ring, seq FROM record_sighting").fetchall() == [(ring, 9)]
    row = rows(archive.con, "SELECT ring_id, seq, written_ns FROM v_record")[0]
    assert row == {"ring_id": None, "seq": None, "written_ns": None}  # the first one archived stays


def test_a_captured_record_carries_its_ring_key_and_a_second_drain_adds_nothing(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    first = list(ring_frames([record("captured")], first_seq=4))
    for items in (first, first, list(frames([record("captured")]))):
        put(archive, items, ring=ring)
    assert rows(archive.con, "SELECT ring_id, seq, uid, pid, attested FROM v_record") == [
        {"ring_id": (b"R" * 16).hex(), "seq": 4, "uid": 1000, "pid": 7, "attested": 0}
    ]
    assert archive.con.execute("SELECT count(*) FROM record_sighting").fetchone() == (0,)


def test_a_line_the_host_rewrote_is_kept_whole_beside_the_first(archive: Archive) -> None:
    old = [
        record("old a", n=1, source_id="u", mac=b"11111111"),
        record("old b", source_id="u", block=1, mac=b"11111111"),
    ]
    new = [record(f"new {b}", source_id="u", block=b, mac=b"22222222") for b in range(3)]
    for _ in range(2):
        put(archive, frames(old))
        put(archive, frames(new))
    put(archive, frames(old + new))
    found = archive.con.execute(
        "SELECT source_id, block, text FROM v_record ORDER BY source_id, block"
    ).fetchall()
    other = "u~" + b"22222222".hex()
    assert found == [
        ("u", 0, "old a"), ("u", 1, "old b"), (other, 0, "new 0"), (other, 1, "new 1"), (other, 2, "new 2"),
    ]  # fmt: skip


def test_a_late_import_falls_into_its_own_day_and_filters_stay_right(archive: Archive) -> None:
    day = [record(f"day {n}", n=n, session="new", ts_ns=NOW_NS - n * HOUR) for n in range(60)]
    old = [record(f"old {n}", n=n, session="old", ts_ns=NOW_NS - 400 * DAY + n * MINUTE) for n in range(60)]
    put(archive, frames(day[:30]))
    put(archive, frames(old))
    put(archive, frames(day[30:]))
    for row in rows(archive.con, "SELECT id, ts_ns FROM v_record"):
        assert row["id"] >> DAY_BITS == day_of(row["ts_ns"])
    newest = archive.con.execute("SELECT session FROM v_record ORDER BY id DESC LIMIT 60").fetchall()
    assert set(newest) == {("new",)}
    for row in rows(archive.con, "SELECT * FROM v_session"):
        span = {"session": row["session"], "first": row["first_id"], "last": row["last_id"]}
        inside = "SELECT count(*) FROM v_record WHERE session = :session AND id BETWEEN :first AND :last"
        assert archive.con.execute(inside, span).fetchone() == (60,)
    stamps = dict(archive.con.execute("SELECT ts, ts_ns FROM v_record WHERE text = 'day 0'").fetchall())
    assert stamps == {"2026-03-05T14:30:00.000Z": NOW_NS}


def test_prefixes_in_turn_give_the_rows_of_the_whole(home: Home, tmp_path: Path) -> None:
    choose = random.Random(6)
    said: list[Record] = []
    boundary = ""
    for n in range(120):
        kind = choose.choice(("message", "tool_use", "tool_result", "thinking", "meta"))
        fields: dict[str, Any] = {"kind": kind, "role": choose.choice(("user", "assistant"))}
        if n in (40, 90):
            boundary = f"boundary-{n}"
            fields = {
                "kind": "compaction",
                "source_id": boundary,
                "rest": {"line": {"compactMetadata": {"trigger": "auto", "preTokens": n}}},
            }
        if n == 50:
            fields = {
                "kind": "meta",
                "rest": {"line": {"type": "summary", "summary": "A title", "leafUuid": "session-a-60"}},
            }
        if n % 17 == 3:
            fields |= {"boundary": None}  # a subagent's
        jitter = choose.randint(-5, 5) * SECOND
        said.append(
            record(
                f"text {n}",
                n=n,
                ts_ns=NOW_NS - DAY + n * MINUTE + jitter,
                **({"boundary": boundary} | fields),
            )
        )
    whole, parts = Home(str(tmp_path / "whole")), Home(str(tmp_path / "parts"))
    with Archive.open(whole, now_ns=1) as one, Archive.open(parts, now_ns=1) as other:
        put(one, frames(said))
        for size in (1, 7, 41, 60, 61, 93, 120):
            put(other, frames(said[:size]))
        found = contents(one.con)
        assert contents(other.con) == found
    assert [e["records"] for e in found["v_epoch"]] == [40, 50, 30]
    assert found["v_session"][0]["title"] == "A title"


def test_session_counts_are_those_of_its_records(archive: Archive) -> None:
    big = record("x " * 50_000, n=1, kind="tool_result")
    said = [
        record("Fix the bug\nplease", n=0), big, record("run", n=2, kind="tool_use", tool="Bash", role="assistant"),
        record("failed", n=3, kind="tool_result", error=True), record("", n=4, kind="meta"),
    ]  # fmt: skip
    outcome = put(archive, frames(said))
    assert len(encode(big)) > 1 and outcome.archived > outcome.records == 5
    row = rows(archive.con, "SELECT * FROM v_session")[0]
    expected = {
        "records": 5,
        "metas": 1,
        "tools": 1,
        "errors": 1,
        "title": "Fix the bug",
        "epochs": 1,
        "gaps": 0,
    }
    assert {k: row[k] for k in expected} == expected
    assert row["bytes"] == sum(len(b) for r in said for b in encode(r))
    assert archive.con.execute("SELECT records FROM v_epoch").fetchone() == (5,)


@pytest.mark.parametrize("seed", range(4))
def test_title_and_project_are_the_same_in_whatever_order_records_come(
    home: Home, tmp_path: Path, seed: int
) -> None:
    def meta(n: int, **line: Any) -> Record:
        return record(str(line.get("summary", "")), n=n, kind="meta", role=None, rest={"line": line})

    said = [
        record("<command-name>/init</command-name>", n=0, project=None), record("Caveat: ignore", n=1, project=None),
        record("# AGENTS.md instructions for /first", n=9, ts_ns=NOW_NS - DAY, project="/first"),
        record("[[ ## user_query ## ]]\n\nWhat the user asked first", n=2, project="/first"), record("a subagent's prompt", n=3, ts_ns=NOW_NS - 2 * DAY, boundary=None, project="/sub"),
        record("later", n=4, project="/later"), meta(5, type="summary", summary="Somebody else's", leafUuid="not-here"),
        meta(6, type="summary", summary="Ours", leafUuid="session-a-4"), meta(7, type="summary", summary="Ours, newer", leafUuid="session-a-2"),
    ]  # fmt: skip
    titles = {"What the user asked first": said[:6], "Ours, newer": said}
    titles["Named by hand"] = [*said, meta(8, type="custom-title", customTitle="Named by hand")]
    for number, (title, given) in enumerate(titles.items()):
        shuffled = list(given)
        random.Random(seed).shuffle(shuffled)
        with Archive.open(Home(str(tmp_path / str(number))), now_ns=1) as archive:
            for one in shuffled:
                put(archive, frames([one]))
            found = rows(archive.con, "SELECT title, project FROM v_session")[0]
        assert found == {"title": title, "project": "/sub"}


def test_images_overlap_each_other_and_the_ring_they_were_copied_from(archive: Archive) -> None:
    def image(first: int, last: int) -> bytes:
        made = b""
        for n in range(first, last):
            session = bytes(16) if n % 2 else b"with-a-session\0\0"
            blob = f"blob number {n}".encode()
            made += Header(len(blob), NOW_NS + n, n, 1000, 9, session).pack() + blob
        return made

    ring = archive.ring_row(ring_info(), now_ns=1)
    put(archive, scan_image(image(2, 8)), ring=ring)
    put(archive, scan_image(image(0, 5)), source="/tmp/first.bin")
    put(archive, scan_image(image(4, 12)), source="/tmp/second.bin")
    again = put(archive, scan_image(image(0, 12)), source="/tmp/third.bin")
    assert (again.archived, again.sightings) == (0, 12)
    found = archive.con.execute("SELECT seq, count(*) FROM v_record GROUP BY seq ORDER BY seq").fetchall()
    assert found == [(n, 1) for n in range(12)]
    names = {s for (s,) in archive.con.execute("SELECT session FROM v_session")}
    assert names == {"with-a-session", "none-1000-boot-1", "none-1000-first", "none-1000-second"}


def test_a_ring_that_counts_twice_keeps_both_records(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    put(archive, ring_frames([record("first", n=1)], first_seq=5), ring=ring)
    put(archive, ring_frames([record("second", n=2)], first_seq=5), ring=ring)
    put(
        archive,
        [
            *ring_frames([record("third", n=3)], first_seq=6),
            *ring_frames([record("fourth", n=4)], first_seq=6),
        ],
        ring=ring,
    )
    found = dict(archive.con.execute("SELECT text, seq FROM v_record").fetchall())
    assert found == {"first": 5, "second": None, "third": 6, "fourth": None}


def test_a_gap_and_damage_are_rows_met_once(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    items = [
        Gap(4, 10),
        Damage(7, b"\xffgarbage", "no record"),
        *ring_frames([record("after")], first_seq=10),
    ]
    first, again = put(archive, items, ring=ring), put(archive, items, ring=ring)
    assert (first.gaps, first.damage) == ([Gap(4, 10)], 1)
    assert (again.gaps, again.damage) == ([], 0)
    expected = {"after_seq": 4, "before_seq": 10, "lost": 5, "healed": 0, "uid": 1000}
    found = rows(archive.con, "SELECT * FROM v_gap")
    assert len(found) == 1 and expected.items() <= found[0].items()
    assert archive.con.execute("SELECT data, bytes FROM v_damage").fetchall() == [
        (b"\xffgarbage".hex().upper(), 8)
    ]


def test_the_cursor_never_moves_back(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    put(archive, ring_frames([record("x")], first_seq=50), ring=ring)
    assert archive.cursor(ring) == 50
    put(archive, ring_frames([record("y", n=1)], first_seq=8), ring=ring)
    put(archive, [], ring=ring, cursor=20)
    assert archive.cursor(ring) == 50
    put(archive, [Gap(50, 61)], ring=ring)
    assert archive.cursor(ring) == 60


def test_two_rings_and_two_users_may_count_alike(archive: Archive) -> None:
    infos = [ring_info(), ring_info(b"S" * 16), ring_info(uid=7)]
    for n, info in enumerate(infos):
        ring = archive.ring_row(info, now_ns=1)
        assert archive.ring_row(info, now_ns=2) == ring
        put(archive, ring_frames([record(f"r{n}", n=n)], first_seq=1), ring=ring)
    assert archive.con.execute("SELECT count(*), min(seq), max(seq) FROM v_record").fetchone() == (3, 1, 1)


def test_an_event_is_a_row_of_its_own_and_met_again_it_is_the_same(archive: Archive) -> None:
    ring = archive.ring_row(ring_info(), now_ns=1)
    told = Event("PreCompact", "claude-code", "session-a", NOW_NS, {"trigger": "auto", "n": 1, "x": None})
    items = list(ring_frames([told], first_seq=3))
    assert [e for _, e in put(archive, items, ring=ring).events] == [told]
    assert put(archive, items, ring=ring).events == []
    found = rows(archive.con, "SELECT event, session, seq, data FROM v_event")
    assert [(r["event"], r["session"], r["seq"], json.loads(r["data"])) for r in found] == [
        ("PreCompact", "session-a", 3, {"trigger": "auto", "n": 1, "x": None})
    ]
    assert archive.con.execute("SELECT count(*) FROM v_record").fetchone() == (0,)


def test_tags_filter_by_session_day_and_kind(archive: Archive) -> None:
    put(
        archive,
        frames([record("same word", n=1), record("same word", n=2, kind="tool_use", session="other")]),
    )
    (session,) = archive.con.execute("SELECT id FROM session WHERE session = 'other'").fetchone()
    (first, second) = archive.con.execute("SELECT id FROM v_record ORDER BY session DESC").fetchall()
    assert hits(archive.con, f'text : "same" AND tags : "s{session}"') == [second[0]]
    assert hits(archive.con, f'tags : "ktooluse" AND tags : "d{first[0] >> DAY_BITS}"') == [second[0]]


def test_readers_see_a_batch_only_when_it_is_committed(home: Home, archive: Archive) -> None:
    put(archive, frames([record("one", n=1)]))
    with reading(home) as con:
        with archive.transaction():
            ingest.Batch(
                archive,
                archive.read(list(frames([record("two", n=2)])), ring=None, source="x", now_ns=1),
                None,
                "x",
                1,
            ).run(Outcome())
            assert con.execute("SELECT count(*) FROM v_record").fetchone() == (1,)
        assert con.execute("SELECT count(*) FROM v_record").fetchone() == (2,)


def test_a_batch_that_fails_leaves_nothing_and_the_next_one_is_right(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(archive, frames([record("one", n=1)]))
    before = contents(archive.con)
    fired = []

    def fail(*_: object) -> None:
        fired.append(1)
        raise RuntimeError("injected")

    with monkeypatch.context() as patch:
        patch.setattr(ingest.Batch, "_finish", fail)
        with pytest.raises(RuntimeError, match="injected"):
            put(archive, frames([record("two", n=2), record("three", n=3, session="new")]))
    assert fired and not archive.con.in_transaction
    assert contents(archive.con) == before
    put(archive, frames([record("two", n=2)]))
    assert archive.con.execute("SELECT records, epochs FROM v_session").fetchall() == [(2, 1)]
    assert len(hits(archive.con, "two")) == 1
