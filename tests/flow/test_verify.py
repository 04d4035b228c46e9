"""verify: each check sees a damage that no other sees, a sound archive has none, an anchor shows what was cut."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archives
import whole
from archives import NOW_NS, record
from conftest import Run
from flow.damages import SEEN, UNSEEN, sql
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


@pytest.mark.slow
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
