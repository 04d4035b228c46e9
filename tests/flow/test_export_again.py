"""`export jsonl` and `import jsonl` into another home: the same archive, column by column."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, MINUTE, NOW_NS, event, fill, frames, reading, record, ring_frames, rows
from conftest import Run
from memlog.archive import chain, gaps, ids
from memlog.archive.connection import Connection
from memlog.archive.store import Archive
from memlog.capture.readers import jsonl as reader
from memlog.export import jsonl
from memlog.paths import Home
from memlog.query import slice
from memlog.query.search import find
from memlog.query.selection import Selection
from memlog.settings import Settings
from memlog.wire import Damage, Frame, Gap, Header
from memlog.witness import backfill

SECRET = "gh" + "p_" + "a1B2" * 9
T = NOW_NS - 30 * DAY
VIEWS = ("v_record", "v_session", "v_epoch", "v_gap", "v_event", "v_damage")
# Of this archive and not of what it holds: when it committed.
OWN = {"v_record": {"archived_ns"}, "v_event": {"archived_ns"}, "v_damage": {"id"}}


class _Ring:
    """A kernel ring's facts."""

    ring_id, uid, boot_id, kind, path, attested = b"R" * 16, 1000, "boot-1", "kernel", "/dev/memlog", True


class _Shared(_Ring):
    ring_id, boot_id, kind, path, attested = b"S" * 16, "boot-2", "shm", "/home/ann/ring", False


def at(n: float) -> int:
    return T + int(n * MINUTE)


@pytest.fixture
def full(home: Home) -> Home:
    """Captured and imported, whole and damaged, lost and healed: all an archive can hold."""
    said = [record(f"line {n}", n=n, ts_ns=at(n)) for n in range(4)]
    meta = record(
        "",
        n=5,
        ts_ns=at(5),
        kind="meta",
        role=None,
        rest={"line": {"type": "custom-title", "title": "The title"}},
    )
    large = record("hay " * 60_000 + "needle", n=6, ts_ns=at(6), rest={"line": {"big": "x" * 90_000}})
    image = record(
        "[image]",
        n=7,
        ts_ns=at(7),
        kind="attachment",
        omitted=("base64",),
        rest={"sha256": "ab", "bytes": 99},
    )
    redacted = record("token [redacted:github]", n=8, ts_ns=at(8), redacted={"github": 1})
    border = {
        "kind": "compaction",
        "source_id": "b1",
        "rest": {"line": {"compactMetadata": {"trigger": "auto", "preTokens": 9}}},
    }
    after = [
        record("", n=20, ts_ns=at(20), boundary="b1", **border),
        record("later", n=21, ts_ns=at(39), boundary="b1"),
    ]
    rewritten = record("line 1, edited", n=1, ts_ns=at(0.5), mac=b"otherone")
    subagent = [record("sub", n=30, ts_ns=at(22), boundary=None, agent="codex", session="other")]
    learnt = record("tail", n=40, ts_ns=at(25), boundary="")
    told = [
        event("UserPromptSubmit", ts_ns=at(26), prompt="only the hook heard of the zeppelin"),
        event("PreCompact", ts_ns=at(40), trigger="auto"), event("PostCompact", ts_ns=at(41), compact_summary="gone"),
        event("SessionEnd", ts_ns=at(50), reason="other"), event("Stop", session="only-told", ts_ns=at(60), odd=1.5),
        event("captured", path="/t/s.jsonl", **{"from": 0, "to": 9, "count": 5}, watermark={"path": "/t/s.jsonl", "dev": 1}),
    ]  # fmt: skip
    with Archive.open(home, now_ns=5) as archive:
        kernel, shared = archive.ring_row(_Ring(), now_ns=6), archive.ring_row(_Shared(), now_ns=7)
        archive.ingest(
            list(ring_frames([*said, meta, large, image, redacted])), ring=kernel, source="k", now_ns=10
        )
        foreign = [b"\x00\xff no cbor at all", b"\xa1\x61k\x65words", f"key={SECRET}".encode()]
        raw = [Frame(Header(len(b), at(9) + n, 50 + n, 1000, 7, bytes(16)), b) for n, b in enumerate(foreign)]
        archive.ingest([Gap(12, 50), *raw, Gap(60, 70)], ring=kernel, source="k", now_ns=11)
        archive.ingest(
            list(ring_frames([*after, learnt, *told], first_seq=1)), ring=shared, source="s", now_ns=12
        )
        archive.ingest([Damage(5, b"\x01\x02", "no header"), *raw[:1]], ring=None, source="image", now_ns=13)
        archive.ingest(
            list(frames([rewritten, *subagent, learnt._replace(boundary="b1")])),
            ring=None,
            source="i",
            now_ns=14,
        )
        with archive.transaction() as con:
            first = gaps.open_gaps(con)[0]
            gaps.mark_recovered(con, first.id, 7, complete=False, now_ns=15)
        archive.ingest(
            list(frames([record("idle", session="idle", n=1, ts_ns=at(3))])), ring=None, source="i", now_ns=16
        )
        archive.close_silent(now_ns=NOW_NS)
    return home


def held(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every view, without the columns that are an archive's own."""
    found = {}
    with reading(home) as con:
        for view in VIEWS:
            kept = [
                {k: v for k, v in row.items() if k not in OWN.get(view, ())}
                for row in rows(con, f"SELECT * FROM {view}")
            ]
            found[view] = sorted((tuple(row.items()) for row in kept), key=repr)
    return found


def export(home: Home, path: Path, selection: Selection | None = None) -> Path:
    with reading(home) as con:
        part = slice.cut(con, selection or Selection(), now_ns=NOW_NS)
        path.write_bytes(b"".join(jsonl.chunks(con, part, damaged=[], on_rows=lambda n: None)))
    return path


def bring(home: Home, path: Path, *, batch: int = 7, now_ns: int = 99) -> None:
    settings = Settings(home=home.root, batch_records=batch)
    with Archive.open(home, now_ns=now_ns, settings=settings) as archive:
        args = {"agent": "jsonl", "paths": [str(path)], "again": True}
        for _ in backfill.import_job(archive, settings, args):
            pass


def end_silent(home: Home) -> None:
    """What an import does in the end."""
    with Archive.open(home, now_ns=NOW_NS) as archive:
        archive.close_silent(now_ns=time.time_ns())


@pytest.fixture
def other(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "other"))


def test_the_fixture_holds_what_an_archive_can_hold(full: Home) -> None:
    found = {view: len(held_rows) for view, held_rows in held(full).items()}
    assert (
        found["v_gap"] == 2 and found["v_damage"] == 1 and found["v_event"] == 6 and found["v_session"] == 4
    )
    with reading(full) as con:
        kinds = {row["kind"] for row in rows(con, "SELECT DISTINCT kind FROM v_record")}
        assert {"message", "meta", "attachment", "compaction", "blob"} <= kinds
        for condition in ("parts > 1", "decode_error IS NOT NULL", "redacted > 0", "attested = 1", "attested = 0",
                          "source_id LIKE '%~%'", "ring_id IS NULL"):  # fmt: skip
            assert con.execute(f"SELECT 1 FROM v_record WHERE {condition}").fetchone(), condition
        boundaries = [
            r["boundary"]
            for r in rows(con, "SELECT boundary FROM v_epoch WHERE session = 'session-a' ORDER BY epoch")
        ]
        assert boundaries == ["", "b1", f"~event.{at(41)}"]
        assert con.execute("SELECT sum(gaps) FROM v_session").fetchone() == (1,)


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_an_exported_archive_is_the_same_in_another_home(
    full: Home, other: Home, tmp_path: Path, batch: int
) -> None:
    path = export(full, tmp_path / "all.jsonl")
    bring(other, path, batch=batch)
    expected, found = held(full), held(other)
    for view in VIEWS:
        assert found[view] == expected[view], view
    with reading(other) as con:
        assert list(chain.verify_all(con)) == []
        assert [hit.kind for hit in find(con, "zeppelin", now_ns=NOW_NS)] == ["event"]
        assert find(con, "needle", now_ns=NOW_NS)
        the_newest_come_first(con)
    bring(other, path, batch=3)
    assert held(other) == expected
    again = export(other, tmp_path / "again.jsonl")
    assert _without(path, "archived_ns", "link") == _without(again, "archived_ns", "link")


def test_importing_an_archive_into_itself_adds_nothing(full: Home, tmp_path: Path) -> None:
    path = export(full, tmp_path / "all.jsonl")
    before = held(full), tables(full)
    bring(full, path)
    assert (held(full), tables(full)) == before


def test_an_old_export_takes_nothing_back_where_the_archive_went_on(full: Home, tmp_path: Path) -> None:
    path = export(full, tmp_path / "all.jsonl")
    with Archive.open(full, now_ns=20) as archive, archive.transaction() as con:
        for gap in gaps.open_gaps(con):
            gaps.mark_recovered(con, gap.id, 1, complete=False, now_ns=21)
        con.execute("UPDATE hole SET healed_ns = 22")
    fill(full, [record("went on", session="idle", n=2, ts_ns=NOW_NS)], now_ns=23)
    end_silent(full)
    before = held(full)
    bring(full, path)
    assert held(full) == before


def test_into_an_archive_that_holds_other_records_come_new_ids_and_nothing_is_lost(
    full: Home, other: Home, tmp_path: Path
) -> None:
    path = export(full, tmp_path / "all.jsonl")
    fill(
        other,
        [record(f"mine {n}", n=n, session="mine", ts_ns=at(n)) for n in range(30)],
        [event("Stop", session="mine", x="y")],
    )
    end_silent(other)
    mine = held(other)
    bring(other, path)
    end_silent(full)
    expected, found = held(full), held(other)
    for view in VIEWS:
        numbers = {"id", "first_id", "last_id"}
        said = {_less(row, numbers) for row in found[view]}
        assert {_less(row, numbers) for row in expected[view]} <= said, view
        assert set(mine[view]) <= set(found[view])
    with reading(other) as con:
        assert (
            con.execute("SELECT count(*), count(DISTINCT id) FROM v_record").fetchone()
            == (len(found["v_record"]),) * 2
        )
        the_newest_come_first(con)


def test_a_part_of_an_archive_keeps_ring_id_and_digest_and_carries_no_notes(
    full: Home, other: Home, tmp_path: Path
) -> None:
    path = export(full, tmp_path / "part.jsonl", Selection(kind=("blob", "attachment")))
    lines = [json.loads(raw) for raw in path.read_text().splitlines()]
    assert lines and not any("line" in line for line in lines)
    bring(other, path)
    sql = "SELECT id, ring_id, seq, attested, digest, redacted, text FROM v_record WHERE kind IN ('blob', 'attachment') ORDER BY id"
    with reading(full) as con, reading(other) as copy:
        assert rows(copy, sql) == rows(con, sql)


def test_a_ring_that_lives_here_says_itself_what_it_is(full: Home, other: Home, tmp_path: Path) -> None:
    path = export(full, tmp_path / "all.jsonl")
    with Archive.open(other, now_ns=1) as archive:
        archive.ring_row(_Shared(), now_ns=1)
    path.write_text(path.read_text().replace('"attested": 0', '"attested": 1'))
    bring(other, path)
    with reading(other) as con:
        ring = rows(con, "SELECT attested, cursor, kind FROM ring WHERE ring_id = :id", {"id": b"S" * 16})
        assert ring == [{"attested": 0, "cursor": 0, "kind": "shm"}]
    with Archive.open(other, now_ns=2) as archive:  # and one that comes later takes its own place again
        row = archive.ring_row(_Ring(), now_ns=3)
        assert archive.cursor(row) == 69


def test_what_was_forgotten_as_a_whole_session_does_not_come_back(
    full: Home, other: Home, tmp_path: Path
) -> None:
    from memlog.archive.tombstones import Tombstone

    path = export(full, tmp_path / "all.jsonl")
    with Archive.open(other, now_ns=1) as archive, archive.transaction() as con:
        archive.tombstones.add(con, [Tombstone("claude-code", "session-a")])
    bring(other, path)
    with reading(other) as con:
        for view in ("v_record", "v_session", "v_epoch", "v_event"):
            assert con.execute(f"SELECT count(*) FROM {view} WHERE session = 'session-a'").fetchone() == (
                0,
            ), view


def hostile() -> Iterator[dict[str, Any]]:
    base = {"memlog": 1, "agent": "a", "session": "s"}
    event_ = {**base, "line": "event", "event": "Stop", "ts_ns": 1, "digest": "00" * 16, "data": {}}
    yield {**base, "line": "nonsense"}
    yield {**base, "line": 5}
    yield {**event_, "ts_ns": -1}
    yield {**event_, "ts_ns": 1 << 64}
    yield {**event_, "digest": 5}
    yield {**event_, "session": "\ud800"}
    yield {k: v for k, v in event_.items() if k != "digest"}
    yield {**base, "line": "session", "epochs": {}}
    yield {"memlog": 2, "line": "ring", "ring_id": "00" * 16, "uid": 1}


def odd() -> Iterator[dict[str, Any]]:
    """Notes that parse and say what cannot be."""
    base = {"memlog": 1, "agent": "a", "session": "s"}
    event_ = {**base, "line": "event", "event": "Stop", "ts_ns": 1, "digest": "zz", "data": {}}
    yield event_
    yield {**event_, "digest": "00" * 16, "data": [1]}
    yield {**event_, "digest": "01" * 16, "ring_id": "short", "uid": "x", "id": "5", "seq": True}
    yield {
        **base,
        "line": "session",
        "epochs": [5, {"boundary": "\ud800", "opened_ns": 1}, {"boundary": "b", "opened_ns": "x"}],
    }
    yield {"memlog": 1, "line": "ring", "ring_id": "zz", "uid": 1}
    yield {
        "memlog": 1,
        "line": "gap",
        "ring_id": "00",
        "uid": 1,
        "after_seq": 5,
        "before_seq": 1,
        "reason": "x",
        "noticed_ns": 1,
    }
    yield {
        "memlog": 1,
        "line": "damage",
        "source": "s",
        "place": 1,
        "reason": "r",
        "noticed_ns": 1,
        "data_b64": "!",
    }
    yield {**base, "line": "hole", "path": "/x", "start": 9, "stop": 1, "noticed_ns": 1, "state": "{broken"}


def test_hostile_notes_are_records_of_their_own_or_left_out(other: Home, tmp_path: Path) -> None:
    assert all(reader.frame_of(line) is None for line in hostile())
    path = tmp_path / "odd.jsonl"
    path.write_text(
        "".join(json.dumps(line) + "\n" for line in (*hostile(), *odd(), {"id": "x", "text": "fine"}))
    )
    bring(other, path, batch=2)
    with reading(other) as con:
        assert con.execute("SELECT count(*) FROM v_record").fetchone() == (len(list(hostile())) + 1,)
        assert list(chain.verify_all(con)) == []


def test_a_claimed_id_cannot_use_a_day_up_nor_leave_it(full: Home, other: Home, tmp_path: Path) -> None:
    lines = [json.loads(raw) for raw in export(full, tmp_path / "all.jsonl").read_text().splitlines()]
    lines = [line for line in lines if "line" not in line]
    for n, line in enumerate(lines):
        line["id"] = [(ids.day_of(line["ts_ns"]) << 24) | 0xFFFFFF, 5, -1, 1 << 70, True, "7"][n % 6]
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    bring(other, path)
    with reading(other) as con:
        found = con.execute("SELECT id, ts_ns FROM v_record").fetchall()
        assert len(found) == len(lines) and all(id_ >> 24 == ids.day_of(ts_ns) for id_, ts_ns in found)
        assert max(id_ & 0xFFFFFF for id_, _ in found) < len(lines)


def test_the_commands_do_it(full: Home, other: Home, tmp_path: Path, run_memlog: Run) -> None:
    path = tmp_path / "all.jsonl"
    run_memlog("export", "jsonl", "-o", str(path), check=0)
    run_memlog("--home", other.root, "import", "jsonl", str(path), check=0)
    assert held(other) == held(full) and os.stat(path).st_mode & 0o777 == 0o600


def the_newest_come_first(con: Connection) -> None:
    """Ids that were kept are not in the order in which this archive got them."""
    sql = "SELECT ts_ns FROM v_record WHERE part = 0 AND kind <> 'meta' ORDER BY ts_ns DESC"
    stamps = [ns for (ns,) in con.execute(sql)]
    for limit in (1, 3, 8, 20):
        newest = find(con, "", Selection(), now_ns=NOW_NS, newest=True, limit=limit)
        assert [hit.ts_ns for hit in newest] == stamps[:limit]


def _without(path: Path, *names: str) -> list[dict[str, Any]]:
    lines = [json.loads(raw) for raw in path.read_text().splitlines()]
    kept = [{k: v for k, v in line.items() if k not in names} for line in lines]
    return sorted(kept, key=lambda line: json.dumps(line, sort_keys=True))


def _less(row: tuple[Any, ...], names: set[str]) -> tuple[Any, ...]:
    return tuple(item for item in row if item[0] not in names)


def tables(home: Home) -> dict[str, int]:
    with reading(home) as con:
        names = [
            n
            for (n,) in con.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'"
            )
        ]
        return {n: con.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in names if n != "transcript"}
