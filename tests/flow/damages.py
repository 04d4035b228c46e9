"""Damages to a home: SEEN by one check of verify and by no other, UNSEEN by any and said not to be proved."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import archives
from archives import NOW_NS
from memlog.archive.connection import open_writer, sqlite3
from memlog.paths import Home


def sql(*statements: str) -> Callable[[Home], None]:
    def harm(home: Home) -> None:
        con = open_writer(home.archive)
        con.execute("PRAGMA foreign_keys = OFF")
        changed = con.total_changes
        for statement in statements:
            con.execute(statement)
        assert con.total_changes > changed, "the damage was done"
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.close()

    return harm


def an_index_entry(home: Home) -> None:
    """A byte of an index that no query of ours would miss."""
    con = sqlite3.connect(home.archive)
    ((root,),) = con.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'record_timed'").fetchall()
    con.close()
    raw = bytearray(Path(home.archive).read_bytes())
    at = raw.index(NOW_NS.to_bytes(8, "big")[:6], (root - 1) * 4096)
    assert raw[(root - 1) * 4096] == 0x0A and at < root * 4096
    raw[at + 5] ^= 1
    Path(home.archive).write_bytes(raw)


def no_mirror(home: Home) -> None:
    os.unlink(home.tombstones)


def one_stone_more(home: Home) -> None:
    with open(home.tombstones, "a") as file:
        file.write('{"agent": "claude-code", "session": "gone", "source_id": "x", "forgotten_ns": 1}\n')


def a_record_back(home: Home) -> None:
    """Forgotten in both places, and there all the same."""
    with archives.reading(home) as con:
        ((name,),) = con.execute("SELECT source_id FROM record WHERE source_id = 'side-1'").fetchall()
    stone = {"agent": "claude-code", "session": "side", "source_id": name, "forgotten_ns": 1}
    with open(home.tombstones, "a") as file:
        file.write(json.dumps(stone) + "\n")
    sql(
        f"INSERT INTO tombstone (agent, session, source_id, forgotten_ns) VALUES ('claude-code', 'side', '{name}', 1)"
    )(home)


def snapshot(home: Home) -> Path:
    return Path(home.root, "session-1", "snap-00000.json")


def a_blank_line(home: Home) -> None:
    with open(snapshot(home), "ab") as file:
        file.write(b"\n")


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Home], None]:
    """A snapshot somebody changed together with every digest that speaks of it."""

    def harm(home: Home) -> None:
        place = snapshot(home)
        before = place.read_bytes()
        place.write_bytes(change(before))
        assert place.read_bytes() != before
        old, new = (hashlib.sha256(raw).hexdigest() for raw in (before, place.read_bytes()))
        notes = place.with_name("session.json")
        assert old in notes.read_text()
        notes.write_text(notes.read_text().replace(old, new))
        sql(f"UPDATE epoch SET snap_digest = x'{new}' WHERE hex(snap_digest) = upper('{old}')")(home)

    return harm


def no_notes(home: Home) -> None:
    notes = snapshot(home).with_name("session.json")
    said = json.loads(notes.read_text())
    notes.write_text(json.dumps({**said, "archive": "00" * 16}))


def other_notes(home: Home) -> None:
    notes = snapshot(home).with_name("session.json")
    said = json.loads(notes.read_text())
    said["epochs"][0]["sha256"] = "00" * 32
    notes.write_text(json.dumps(said))


def other_words(home: Home) -> None:
    con = open_writer(home.archive)
    id_, session = con.execute("SELECT id, session_id FROM record WHERE kind = 'message' LIMIT 1").fetchone()
    con.execute("DELETE FROM record_fts WHERE rowid = ?", (id_,))
    row = (id_, "haystack 0 in session-0", f"s{session} d{id_ >> 24} kmessage")
    con.execute("INSERT INTO record_fts (rowid, text, tags) VALUES (?, ?, ?)", row)
    con.close()


def other_event_words(home: Home) -> None:
    con = open_writer(home.archive)
    ((id_,),) = con.execute("SELECT rowid FROM event_fts WHERE event_fts MATCH 'prompt' LIMIT 1").fetchall()
    con.execute("DELETE FROM event_fts WHERE rowid = ?", (id_,))
    con.execute("INSERT INTO event_fts (rowid, text) VALUES (?, 'a promise of session-0')", (id_,))
    con.close()


ONE = "WHERE id = (SELECT min(id) FROM record)"
SEEN: dict[str, tuple[str, Callable[[Home], None]]] = {
    "an index entry": ("pages", an_index_entry),
    "a letter of a view": ("schema", sql(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 's.tools', 's.metas') WHERE name = 'v_session'")),
    "an index that is gone": ("schema", sql("UPDATE archive SET links = links", "DROP INDEX event_session")),
    "what an event was told by": ("tree", sql("UPDATE event SET pid = 9")),
    "where an epoch begins": ("tree", sql("UPDATE epoch SET place = 7 WHERE number = 1 AND session_id = 2")),
    "when it was made": ("archive chain", sql("UPDATE archive SET created_ns = created_ns + 1")),
    "who stamped a ring's records": ("tree", sql("UPDATE ring SET attested = 0")),
    "how a record found its epoch": ("tree", sql(f"UPDATE record SET timed = 1 - timed {ONE}")),
    "a migration's digest": ("archive chain", sql("UPDATE archive_link SET body = replace(body, '0002', '0009')")),
    "a head of the archive": ("archive chain", sql("UPDATE archive SET head = zeroblob(32)")),
    "a link cut off": ("archive chain", sql("UPDATE archive SET links = links - 1")),
    "a column": ("chains", sql(f"UPDATE record SET parent_id = 'nobody' {ONE}")),
    "a moved record": ("chains", sql("UPDATE record SET link = 1 - link WHERE link IN (0, 1)", "UPDATE record SET link = 3 WHERE link = 1")),
    "a head": ("chains", sql("UPDATE session SET head = zeroblob(32) WHERE id = 1")),
    "a stone's digest": ("chains", sql("UPDATE tombstone SET digest = zeroblob(32) WHERE link IS NOT NULL")),
    "a count of errors": ("counts", sql("UPDATE session SET errors = errors + 1 WHERE id = 1")),
    "a count of turns": ("counts", sql("UPDATE session SET turns = turns + 1 WHERE id = 1")),
    "a range": ("counts", sql("UPDATE session SET last_id = last_id - 1 WHERE id = 1")),
    "a time": ("counts", sql("UPDATE session SET ended_ns = ended_ns + 1 WHERE id = 1")),
    "an epoch's count": ("counts", sql("UPDATE epoch SET records = records - 1, dirty = 1 WHERE id = 1")),
    "an epoch's number": ("counts", sql("UPDATE epoch SET number = 7, snap_digest = NULL WHERE number = 1 AND session_id = 1")),
    "an open epoch before another": ("counts", sql("UPDATE epoch SET closed_ns = NULL, dirty = 1 WHERE number = 0 AND session_id = 1")),
    "an epoch of another session": ("counts", sql(
        "UPDATE epoch SET dirty = 1",
        "UPDATE epoch SET records = records - 1 WHERE id = (SELECT epoch_id FROM record WHERE id = (SELECT min(id) FROM record))",
        f"UPDATE record SET epoch_id = (SELECT max(id) FROM epoch) {ONE}",
        "UPDATE epoch SET records = records + 1 WHERE id = (SELECT max(id) FROM epoch)")),
    "a day's counter": ("counts", sql("UPDATE day SET n = n - 1 WHERE day = (SELECT min(day) FROM day)")),
    "an end of a session": ("counts", sql("UPDATE session SET closed_ns = ended_ns WHERE id = 1")),
    "how late a day's events came": ("counts", sql("UPDATE day SET lag_ns = 0 WHERE lag_ns > 0")),
    "a day's newest event": ("counts", sql("UPDATE day SET last_ns = last_ns - 1 WHERE day = (SELECT min(day) FROM day)")),
    "a day without a counter": ("counts", sql("DELETE FROM day")),
    "a row that names nobody": ("counts", sql("UPDATE hole SET session_id = 99")),
    "a gap": ("losses", sql("DELETE FROM gap WHERE id = 2")),
    "a gap nobody noted": ("losses", sql("INSERT INTO gap SELECT 99, ring, 900, 905, 4, reason, 0, NULL, 1 FROM gap WHERE id = 1")),
    "how much a gap lost": ("losses", sql("UPDATE gap SET lost = 1 WHERE id = 1")),
    "why a gap is": ("losses", sql("UPDATE gap SET reason = 'cleared' WHERE id = 1")),
    "a negative cursor": ("cursors", sql("UPDATE ring SET cursor = -1")),
    "a watermark": ("cursors", sql("DELETE FROM hole", "UPDATE transcript SET archived = seen + 1")),
    "a hole passed over": ("cursors", sql("UPDATE transcript SET archived = 60")),
    "a stone in one place": ("tombstones", no_mirror),
    "a stone only the mirror has": ("tombstones", one_stone_more),
    "a forgotten record that is back": ("tombstones", a_record_back),
    "a word": ("index", other_words),
    "a record out of the index": ("index", sql("DELETE FROM record_fts WHERE rowid = (SELECT min(id) FROM record)")),
    "a stray row of the index": ("index", sql("INSERT INTO record_fts (rowid, text, tags) VALUES (7, 'stray', 's1')")),
    "a version of the texts": ("index", sql("UPDATE archive SET text_version = 99")),
    "a word of an event": ("event index", other_event_words),
    "an event out of the index": ("event index", sql("DELETE FROM event_fts WHERE rowid = (SELECT max(rowid) FROM event_fts)")),
    "a blank line": ("snapshots", a_blank_line),
    "a text rewritten with its digests": ("tree", rewritten(lambda raw: raw.replace(b"needle 3", b"noodle 3", 1))),
    "a line taken with its digests": ("tree", rewritten(lambda raw: b"\n".join(raw.split(b"\n")[:3] + raw.split(b"\n")[4:]))),
    "a line twice with its digests": ("tree", rewritten(lambda raw: raw.replace(b"\n]", b",\n" + raw.split(b"\n")[1].rstrip(b",") + b"\n]"))),
    "a line torn with its digests": ("tree", rewritten(lambda raw: raw.replace(b'{"memlog"', b'{"memlog', 1))),
    "the notes of another archive": ("tree", no_notes),
    "a note of another snapshot": ("tree", other_notes),
}  # fmt: skip


UNSEEN: dict[str, tuple[str, Callable[[Home], None]]] = {
    "a title": ("titles", sql("UPDATE session SET title = 'forged' WHERE id = 1")),
    "a project": ("projects", sql("UPDATE session SET project = '/forged' WHERE id = 1")),
    "tokens": ("tokens", sql("UPDATE session SET tokens = 5 WHERE id = 1")),
    "a loss called healed": ("losses healed", sql("UPDATE gap SET healed_ns = 5, recovered = lost WHERE id = 1")),
    "a hole called healed": ("losses healed", sql("UPDATE hole SET healed_ns = 5")),
    "a transcript passed over": ("transcripts", sql("DELETE FROM hole", "UPDATE transcript SET archived = seen")),
    "damage": ("damaged bytes", sql("DELETE FROM damage")),
    "a ring's path": ("path of rings", sql("UPDATE ring SET path = '/forged'")),
    "a ring's kind": ("kind, boot", sql("UPDATE ring SET kind = 'shm'")),
    "a day counter moved on": ("day counters", sql("UPDATE day SET n = n + 1, last_ns = last_ns + 1")),
    "a late end of a session with forgotten rows": (
        "ends of sessions", sql("UPDATE session SET closed_ns = ended_ns + 1 WHERE session = 'side'")),
}  # fmt: skip
