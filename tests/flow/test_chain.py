"""A byte changed below a head is found; so is a record taken out, swapped or added."""

from typing import Any

import pytest

from archives import NOW_NS, frames, record, ring_frames, rows
from memlog.archive import chain
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone
from memlog.paths import Home
from memlog.ring.protocol import RingInfo
from memlog.wire import Gap

EDITS = {
    "a body's byte": "UPDATE record SET body = memlog_flip(body) WHERE id = :id",
    "the kind": "UPDATE record SET kind = 'thinking' WHERE id = :id",
    "the role": "UPDATE record SET role = 'assistant' WHERE id = :id",
    "the time": "UPDATE record SET ts_ns = ts_ns + 1 WHERE id = :id",
    "when it was written": "UPDATE record SET written_ns = 5 WHERE id = :id",
    "who wrote it": "UPDATE record SET uid = 0 WHERE id = :id",
    "its ring": "UPDATE ring SET ring_id = x'00'",
    "the error flag": "UPDATE record SET error = 1 WHERE id = :id",
    "where its text begins": "UPDATE record SET text_bytes = 1 WHERE id = :id",
    "its source": "UPDATE record SET source_id = 'other' WHERE id = :id",
    "its session's name": "UPDATE session SET session = 'renamed' WHERE id = 1",
    "the salt": "UPDATE record SET salt = zeroblob(16) WHERE id = :id",
    "the digest": "UPDATE record SET digest = zeroblob(32) WHERE id = :id",
    "the head": "UPDATE session SET head = zeroblob(32) WHERE id = 1",
    "a record gone": "DELETE FROM record WHERE id = :id",
    "the last record gone": "DELETE FROM record WHERE link = 9 AND session_id = 1",
    "two records swapped": "UPDATE record SET link = CASE link WHEN 3 THEN 4 ELSE 3 END WHERE link IN (3, 4)",
}


@pytest.fixture
def archive(home: Home) -> Any:
    with Archive.open(home, now_ns=NOW_NS) as opened:
        ring = opened.ring_row(RingInfo("shm", "/r", b"R" * 16, 1, "boot", False, 1, 1, 0, 0, 1, 0), now_ns=1)
        said = [record(f"text {n}", n=n) for n in range(9)] + [record("else", n=1, session="other")]
        opened.ingest([Gap(0, 4), *ring_frames(said, first_seq=4)], ring=ring, source="t", now_ns=NOW_NS)
        opened.con.create_function("memlog_flip", 1, lambda b: bytes([b[0] ^ 1]) + b[1:])
        yield opened


def problems(archive: Archive) -> list[chain.Problem]:
    return list(chain.verify_all(archive.con))


def test_an_untouched_archive_has_no_problem_also_after_batches_of_every_sort(archive: Archive) -> None:
    assert problems(archive) == []
    archive.ingest(
        list(frames([record("old", n=50, ts_ns=5), record("new", n=51)])), ring=None, source="t", now_ns=2
    )
    archive.ingest(list(frames([record("text 1", n=1)])), ring=None, source="t", now_ns=3)
    assert problems(archive) == []
    assert archive.con.execute("SELECT links FROM session WHERE id = 1").fetchone() == (11,)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_found(archive: Archive, name: str) -> None:
    (record_id,) = archive.con.execute("SELECT id FROM record WHERE link = 3 AND session_id = 1").fetchone()
    archive.con.execute("PRAGMA foreign_keys = OFF")
    changed = archive.con.execute(EDITS[name], {"id": record_id}).rowcount
    assert changed > 0
    assert problems(archive) != []


@pytest.mark.parametrize("name", ["the kind", "a record gone", "two records swapped", "the last record gone"])
def test_a_verifier_that_only_checks_digests_would_pass_them(archive: Archive, name: str) -> None:
    """The known-bad twin: each body matches its digest, yet the session is not what was archived."""
    (record_id,) = archive.con.execute("SELECT id FROM record WHERE link = 3 AND session_id = 1").fetchone()
    archive.con.execute(EDITS[name], {"id": record_id})
    sql = "SELECT salt, digest, memlog_blob(body, packing) AS blob FROM record"
    assert all(chain.digest_of(r["salt"], r["blob"]) == r["digest"] for r in rows(archive.con, sql))
    assert problems(archive) != []


def test_the_record_whose_body_changed_is_named(archive: Archive) -> None:
    (record_id,) = archive.con.execute("SELECT id FROM record WHERE link = 3 AND session_id = 1").fetchone()
    archive.con.execute(EDITS["a body's byte"], {"id": record_id})
    (found,) = problems(archive)
    assert (found.chain, found.link) == ("session-a", 3) and str(record_id) in found.what


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE archive_link SET body = replace(body, '4', '5') WHERE type = 'gap'",
        "UPDATE archive_link SET type = 'x' WHERE n = 2", "DELETE FROM archive_link WHERE n = 2",
        "DELETE FROM archive_link WHERE type = 'gap'", "UPDATE archive SET head = zeroblob(32)",
    ],
)  # fmt: skip
def test_the_archives_own_chain_holds_gaps_and_migrations(archive: Archive, edit: str) -> None:
    kinds = archive.con.execute("SELECT type FROM archive_link ORDER BY n").fetchall()
    first, *migrations, last = kinds
    assert (first, {*migrations}, last) == (("archive",), {("migration",)}, ("gap",))
    assert archive.con.execute(edit).rowcount > 0
    assert chain.verify_archive_chain(archive.con) != []


def test_a_truncated_end_whose_head_was_rewritten_too_needs_an_anchor(archive: Archive) -> None:
    """What the chain alone does not prove, kept as a test so that no page promises it."""
    head = chain.genesis(archive.archive_id, "claude-code", "session-a")
    for row in archive.con.execute(
        "SELECT id FROM record WHERE session_id = 1 ORDER BY link LIMIT 8"
    ).fetchall():
        header = archive.con.execute(chain.HEADER_SQL, {"id": row[0]}).fetchone()
        digest = header[chain.HEADER_COLUMNS + 1]
        head = chain.next_head(head, chain.pack_header(header[: chain.HEADER_COLUMNS]), digest)
    archive.con.execute("DELETE FROM record WHERE link = 9 AND session_id = 1")
    archive.con.execute("UPDATE session SET links = 8, head = ? WHERE id = 1", (head,))
    assert problems(archive) == []


def test_a_forgotten_record_leaves_its_link_and_the_chain_whole(archive: Archive) -> None:
    (record_id,) = archive.con.execute("SELECT id FROM record WHERE link = 3 AND session_id = 1").fetchone()
    row = archive.con.execute(chain.HEADER_SQL, {"id": record_id}).fetchone()
    header = chain.pack_header(row[: chain.HEADER_COLUMNS])
    gone = Tombstone("claude-code", "session-a", row[3], row[4], row[5], NOW_NS, header, row[27], row[25])
    with archive.transaction():
        archive.tombstones.add(archive.con, [gone])
        archive.con.execute("DELETE FROM record WHERE id = :id", {"id": record_id})
    assert problems(archive) == []
    archive.con.execute("UPDATE tombstone SET digest = zeroblob(32)")
    assert problems(archive) != []
