"""verify: each check sees a damage that no other sees, a sound archive has none, an anchor shows what was cut."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import archives
import whole
from archives import NOW_NS, record
from conftest import Run
from memlog.archive import anchor, tree
from memlog.archive.connection import open_reader, open_writer, sqlite3
from memlog.archive.forget import Choice, Forgotten, forget
from memlog.archive.migrate import migrate
from memlog.archive.store import Archive
from memlog.archive.unfinished import finished
from memlog.archive.verify import CHECKS, Look, Problem, unproved, verify
from memlog.errors import UnavailableError
from memlog.paths import Home


def problems(home: Home, *, without: str = "", **named: Any) -> list[Problem]:
    con = open_reader(home.archive)
    try:
        return list(verify(Look(con, home, **named), tuple(c for c in CHECKS if c.name != without)))
    finally:
        con.close()


def heads(home: Home) -> anchor.Anchor:
    with archives.reading(home) as con:
        return anchor.take(con, made="then")


# -- damages: each is seen by one check, and by no other --------------------------------------------


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


def test_an_archive_with_one_of_everything_is_sound(full: Home) -> None:
    assert problems(full) == problems(full, quick=True) == problems(full, anchor=heads(full)) == []
    assert {name for name, _ in SEEN.values()} | {"links", "anchor"} == {check.name for check in CHECKS}


@pytest.mark.parametrize("damage", SEEN)
def test_each_damage_is_seen_by_its_check_and_without_it_by_none(full: Home, damage: str) -> None:
    name, harm = SEEN[damage]
    harm(full)
    found = problems(full)
    assert {problem.check for problem in found} == {name}, found
    assert problems(full, without=name) == [], "the twin: a verify without this check"


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


@pytest.mark.parametrize("change", UNSEEN)
def test_what_no_check_sees_is_said_not_to_be_proved(full: Home, change: str) -> None:
    words, harm = UNSEEN[change]
    harm(full)
    with archives.reading(full) as con:
        look = Look(con, full, anchor=anchor.take(con, made="then"))
        assert [*verify(look)] == []
        assert any(words in said for said in unproved(look))


@pytest.mark.parametrize("column", ["n", "last_ns"])
def test_a_day_counter_moved_on_is_seen_where_no_row_has_gone(home: Home, column: str) -> None:
    whole.make(home, forgotten=False)
    with archives.reading(home) as con:
        assert not any("day counters" in words for words in unproved(Look(con, home)))
    sql(f"UPDATE day SET {column} = {column} + 1 WHERE day = (SELECT min(day) FROM day)")(home)
    assert {problem.check for problem in problems(home)} == {"counts"}
    assert problems(home, without="counts") == []


def test_a_quick_verify_counts_links_and_reads_no_chain(full: Home) -> None:
    sql("UPDATE session SET links = links + 1 WHERE id = 1")(full)
    assert {problem.check for problem in problems(full, quick=True)} == {"links"}
    assert problems(full, quick=True, without="links") == []
    assert {problem.check for problem in problems(full)} == {"links", "chains"}


def test_a_cursor_beyond_its_ring_is_seen_and_one_beyond_what_is_archived(home: Home) -> None:
    whole.make(home, forgotten=False)
    with archives.reading(home) as con:
        ((cursor,),) = con.execute("SELECT cursor FROM ring").fetchall()
    ring = (whole.RING, 1000)
    assert problems(home, rings=lambda: {ring: (1, cursor + 1)}) == []
    (found,) = problems(home, rings=lambda: {ring: (1, cursor)})
    assert found.check == "cursors" and f"next record is {cursor}" in found.what
    sql("DELETE FROM damage", "UPDATE ring SET cursor = cursor + 1000")(home)
    (found,) = problems(home)
    assert "nothing after" in found.what


# -- anchors ------------------------------------------------------------------------------------------


def add(home: Home, n: int, text: str = "later") -> None:
    with Archive.open(home, now_ns=NOW_NS + n) as archive:
        items = [record(f"{text} {k}", n=n + k, session="side") for k in range(3)]
        archive.ingest(list(archives.frames(items)), ring=None, source="x", now_ns=NOW_NS + n)
        tree.write_dirty(archive, open_too=True)


def test_a_tail_that_was_cut_is_seen_with_an_anchor_and_not_without(full: Home) -> None:
    earlier = Path(f"{full.root}.earlier")
    shutil.copytree(full.root, earlier)
    add(full, 200)
    then = heads(full)
    cut = Home(str(earlier))  # as if what came since had never been
    assert problems(cut) == [] == problems(cut, anchor=then, without="anchor")
    (found,) = problems(cut, anchor=then)
    assert found.check == "anchor" and "it was cut: 7 links were anchored" in found.what


def test_a_whole_rewrite_below_an_anchor_is_seen(full: Home, tmp_path: Path) -> None:
    add(full, 200, "what was said")
    then = heads(full)
    forged = Home(str(tmp_path / "forged"))
    Path(forged.root).mkdir()
    shutil.copy(full.key, forged.key)
    con = open_writer(forged.archive)
    migrate(con, now_ns=NOW_NS, archive_id=then.archive_id)
    con.close()
    for session in range(3):
        items = [record("something else", n=n, session=f"session-{session}") for n in range(60)]
        archives.fill(forged, items)
    add(forged, 200, "what was never said")
    with Archive.open(forged, now_ns=NOW_NS) as archive:
        tree.write_dirty(archive, open_too=True)
    assert problems(forged) == []
    found = problems(forged, anchor=then)
    assert {problem.check for problem in found} == {"anchor"}
    assert len(found) >= 4, "the archive's own chain, and each session"


def test_an_archive_that_grew_or_forgot_stands_by_its_anchor(full: Home) -> None:
    then = heads(full)
    add(full, 300)
    with Archive.open(full, now_ns=NOW_NS) as archive:
        (chosen,) = archive.con.execute("SELECT min(id) FROM record").fetchone()
        for choice in (Choice(records=(chosen,)), Choice(sessions=(("claude-code", "session-2"),))):
            for _ in forget(archive, choice, Forgotten(), now_ns=NOW_NS):
                pass
        finished(full)
        tree.write_dirty(archive, open_too=True)
    forgotten = [p for p in problems(full, anchor=then) if p.check not in ("snapshots", "tree")]
    assert forgotten == []


def test_an_anchor_that_cannot_be_written_names_the_file_and_what_to_do(
    full: Home, tmp_path: Path, run_memlog: Run
) -> None:
    place = str(tmp_path / "nowhere" / "a.json")
    said = run_memlog("--home", full.root, "admin", "anchor", "-o", place, check=5).stderr
    assert f"{place} cannot be written" in said and "next: memlog admin anchor -o FILE" in said


def test_an_older_anchor_is_not_replaced_without_force(full: Home, tmp_path: Path, run_memlog: Run) -> None:
    place = tmp_path / "anchor.json"
    place.write_text("an older anchor")
    said = run_memlog("admin", "anchor", "-o", str(place), check=7).stderr
    assert place.read_text() == "an older anchor" and "next: memlog admin anchor -o FILE" in said
    run_memlog("admin", "anchor", "-o", str(place), "--force", check=0)
    assert anchor.read(str(place)).root == heads(full)._replace(made=anchor.read(str(place)).made).root


def test_an_anchor_names_no_session_and_its_root_fixes_it(full: Home, tmp_path: Path) -> None:
    said = json.dumps(heads(full).as_json())
    assert "session-1" not in said and "side" not in said and len(said) < 4_000
    place = tmp_path / "anchor.json"
    place.write_text(said)
    assert anchor.read(str(place)) == heads(full)
    for change in (said.replace('"records": ', '"records": 1'), said[:-9], "[]", "{}"):
        place.write_text(change)
        with pytest.raises(UnavailableError):
            anchor.read(str(place))


# -- the command ----------------------------------------------------------------------------------------


def test_the_exit_code_says_sound_damaged_or_could_not_check(
    full: Home, run_memlog: Run, tmp_path: Path
) -> None:
    place = tmp_path / "anchor.json"
    run_memlog("admin", "anchor", "-o", str(place), check=0)
    assert place.stat().st_mode & 0o777 == 0o600
    done = run_memlog("admin", "verify", "--anchor", str(place), "--json", check=0)
    told = json.loads(done.stdout)
    assert told["ok"] and "anchor" in told["checks"] and told["forgotten"] == 1
    assert "not proved: anything archived after the anchor" in done.stderr
    assert "not proved: that nothing was cut" in run_memlog("admin", "verify", "--quick", check=0).stderr
    assert run_memlog("admin", "verify", "--anchor", str(tmp_path / "none"), check=5).stderr.count("next: ")
    run_memlog("admin", "verify", "--quick", "--full", check=2)
    sql("UPDATE session SET errors = 9 WHERE id = 1")(full)
    assert "errors says 9" in run_memlog("admin", "verify", check=1).stdout
    Path(full.archive).write_bytes(b"no database" * 400)
    assert "1 problem\n" in run_memlog("admin", "verify", check=1).stderr


def test_a_locked_archive_could_not_be_checked(full: Home) -> None:
    writer = sqlite3.connect(full.archive, isolation_level=None)
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.execute("BEGIN EXCLUSIVE")
    con = sqlite3.connect(f"file:{full.archive}?mode=ro", uri=True, isolation_level=None)
    con.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(UnavailableError, match="locked"):
        list(verify(Look(con, full)))
    writer.execute("ROLLBACK")
    assert list(verify(Look(con, full), CHECKS[:2])) == []
    con.close()
    writer.close()


def test_a_running_witness_is_no_damage(home: Home, full: Home) -> None:
    """Rows and snapshots come while each check looks: none takes the one moment for the other."""
    stop: list[bool] = []

    def writing() -> Iterator[None]:
        with Archive.open(full, now_ns=NOW_NS) as archive:
            n = 1_000
            while not stop:
                n += 1
                items = [record(f"more {n}", n=n, session=f"session-{n % 3}")]
                archive.ingest(list(archives.frames(items)), ring=None, source="x", now_ns=NOW_NS + n)
                tree.write_dirty(archive, open_too=True)
                yield

    steps = writing()
    next(steps)
    con = open_reader(full.archive)
    found = []
    looked = Look(con, full, told=lambda *told: next(steps))
    for problem in verify(looked):
        found.append(problem)
    con.close()
    stop.append(True)
    steps.close()
    assert found == []
