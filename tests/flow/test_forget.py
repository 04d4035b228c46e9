"""Forgetting: afterwards no file of a home holds a byte of it, and nothing brings it back."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, NOW_NS, event, fill, frames, reading, record
from conftest import Run
from flow.drill import KEPT, OF_SESSION_SQL, SECRET, Drill
from forgetting import needles, rare, traces
from memlog.archive import connection, forget, scrub, tree_forget, unfinished
from memlog.archive.rebuild import rebuild
from memlog.archive.store import Archive
from memlog.archive.tombstones import Tombstone, link_stone, read_mirror, redaction_stone
from memlog.archive.verify import counts
from memlog.capture import spool
from memlog.cli import doctor
from memlog.cli.jobs import JOBS
from memlog.errors import UnavailableError
from memlog.paths import Home
from memlog.record import encode, encode_event
from memlog.ring.open import open_ring
from memlog.ring.shm import ShmRing
from memlog.settings import Settings
from memlog.witness import client
from witness import running


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drill")
    home = Home(str(folder / "home"))
    Drill(home, Settings(home=home.root, ring="shm", start_witness=False)).fill()
    return Path(home.root)


@pytest.fixture
def drill(filled: Path, home: Home, settings: Settings) -> Drill:
    shutil.copytree(filled, home.root)
    return Drill(home, settings)


WHOLE = {"sessions": [["claude-code", SECRET]]}


def test_after_a_session_was_forgotten_no_file_holds_a_byte_of_it(drill: Drill) -> None:
    gone, kept = drill.needles(SECRET), drill.needles(KEPT)
    places = {trace.file.partition("/")[0] for trace in traces(drill.home, gone)}
    assert {"archive.db", "archive.db.before-2", SECRET, f"{SECRET}.of-1234", "ring", "spool"} <= places
    result = drill.forget(**WHOLE)
    assert traces(drill.home, gone) == []
    assert (result["sessions"], result["rows"], result["events"], result["left"]) == (1, 40, 3, [])
    assert result["ring"] == 43 and result["copies"] == [f"{drill.home.archive}.before-2"]
    assert drill.texts() == {r.text for r in drill.records[KEPT]}
    assert traces(drill.home, kept)
    assert drill.is_sound()
    assert not Path(drill.home.root, SECRET).exists() and unfinished.pending(drill.home) is None


def _nothing(*_: Any, **__: Any) -> Iterator[str]:
    return iter(())


def _unsafe(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(connection, "_WRITER_PRAGMAS", [p.replace("ON", "OFF") for p in connection._WRITER_PRAGMAS])


TWINS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no merge of the index": lambda patch: patch.setattr(scrub, "index", _nothing),
    "no zeros in what is deleted": _unsafe,
    "the log left": lambda patch: patch.setattr(scrub, "log", _nothing),
    "the tree left": lambda patch: patch.setattr(tree_forget, "forget", _nothing),
    "copies left": lambda patch: patch.setattr(scrub, "copies", lambda archive: []),
    "the ring left": lambda patch: patch.setattr(ShmRing, "renew", lambda ring, found: 0),
    "events left": lambda patch: patch.setattr(
        forget, "EVENTS_OF_SESSION_SQL", "SELECT id FROM event WHERE 0 AND :session AND :agent"
    ),
}


@pytest.mark.parametrize("twin", TWINS)
def test_a_forget_that_leaves_out_one_step_fails_the_drill(
    drill: Drill, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = drill.needles(SECRET)
    TWINS[twin](monkeypatch)
    with reading(drill.home):  # who reads keeps the log's file alive
        drill.forget(**WHOLE)
    assert traces(drill.home, gone) != []


@pytest.mark.slow
@pytest.mark.parametrize("twin", [False, True])
def test_pages_that_were_rebuilt_keep_no_copy_of_a_row(
    home: Home, settings: Settings, twin: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """secure_delete alone leaves some: rows of many sizes, archived out of order, split and refill pages."""
    rng = random.Random(0)  # noqa: S311
    terms = [rare(rng) for _ in range(600)]
    said = [
        record(" ".join([term, *(rare(rng) for _ in range(rng.randrange(1, 60)))]), n=n,
               session=(SECRET, KEPT, KEPT)[n % 3], ts_ns=NOW_NS - DAY * rng.randrange(1, 4))
        for n, term in enumerate(terms)
    ]  # fmt: skip
    rng.shuffle(said)
    fill(home, *[said[at : at + 7] for at in range(0, len(said), 7)])
    with reading(home) as con:
        rows = [row[1:] for row in con.execute(OF_SESSION_SQL, {"session": SECRET})]
    gone = needles(rows, terms[::3])
    if twin:
        monkeypatch.setattr(scrub, "free", lambda archive: 0)
    client.run(home, settings, "forget", WHOLE, JOBS)
    assert bool(traces(home, gone)) is twin


def _some(drill: Drill) -> dict[str, Any]:
    return drill.chosen(text=f'"{drill.terms[SECRET][3]}" OR "{drill.terms[SECRET][5]}"')


@pytest.mark.parametrize("chosen", ["words", "times", "records"])
def test_single_records_go_with_the_events_that_repeat_them(drill: Drill, chosen: str) -> None:
    said = drill.records[SECRET]
    which = {"words": slice(3, 6, 2), "times": slice(2, 7), "records": slice(3, 4)}[chosen]
    gone, kept = drill.needles(SECRET, which), drill.needles(SECRET, slice(10, 12))
    args = {
        "words": lambda: _some(drill),
        "times": lambda: drill.chosen(SECRET, since_ns=said[2].ts_ns, until_ns=said[7].ts_ns),
        "records": lambda: {"records": drill.chosen(text=drill.terms[SECRET][3])["records"]},
    }[chosen]()
    assert args["records"] and not args.get("sessions")
    drill.forget(**args)
    if chosen != "times":  # the events were told at another time, and an event repeats what it repeats
        assert traces(drill.home, gone) == []
    assert {r.text for r in said[which]}.isdisjoint(drill.texts())
    assert drill.texts() == {r.text for r in [*said, *drill.records[KEPT]]} - {r.text for r in said[which]}
    assert traces(drill.home, kept) and drill.is_sound()


def test_an_event_that_waits_in_the_spool_goes_with_the_record_it_repeats(drill: Drill) -> None:
    said = event("UserPromptSubmit", session=SECRET, ts_ns=NOW_NS, prompt=drill.text(SECRET, 3))
    spool.spool_frames(drill.home, [(encode_event(said), None)])
    gone = drill.needles(SECRET, slice(3, 4))
    drill.forget(records=drill.chosen(text=drill.terms[SECRET][3])["records"])
    assert traces(drill.home, gone) == []


def test_what_a_killed_restore_left_goes_and_what_a_restore_put_aside_is_named(drill: Drill) -> None:
    gone = drill.needles(SECRET)
    for name in ("restore.tmp", "before-restore-1"):
        Path(drill.home.root, name).mkdir()
        shutil.copy(drill.home.archive, Path(drill.home.root, name))
    (left,) = drill.forget(**WHOLE)["left"]
    assert left.startswith(f"{drill.home.root}/before-restore-1, ") and "rm -r" in left
    assert {trace.file.partition("/")[0] for trace in traces(drill.home, gone)} == {"before-restore-1"}


def test_a_list_tells_whose_rows_went_and_which_only_changed(drill: Drill, run_memlog: Run) -> None:
    drill.forget(**_some(drill))
    drill.forget(sessions=[["claude-code", "never-seen"]])
    with Archive.open(drill.home, now_ns=NOW_NS) as archive, archive.transaction() as con:
        names = ("claude-code", KEPT, "kept-0", 0, 0)
        known = con.execute("SELECT agent, session, source_id, block, part FROM tombstone LIMIT 2").fetchall()
        con.executemany(
            "INSERT INTO tombstone (agent, session, source_id, block, part, forgotten_ns) VALUES (?, ?, ?, ?, ?, 1)",
            known,
        )  # as a restore leaves them
        archive.tombstones.add(con, [redaction_stone(names, NOW_NS), link_stone(Tombstone(*names))])
    words = ("--home", drill.home.root, "admin", "forget", "--list")
    told = json.loads(run_memlog(*words, "--json", check=0).stdout)
    assert {row["session"]: [row[n] for n in ("whole", "forgotten", "redacted", "let_go")] for row in told} == {
        SECRET: [0, 4, 0, 0], "never-seen": [1, 0, 0, 0], KEPT: [0, 0, 1, 1],
    }  # fmt: skip
    with reading(drill.home) as con:
        seen = counts(con)
    assert [seen[n] for n in ("forgotten", "forgotten_sessions", "redacted", "let_go")] == [4, 1, 1, 1]
    assert "nothing to forget" in run_memlog(*words[:-1], "zebra", check=0).stdout
    assert "goes with nothing else" in run_memlog(*words, "word", check=2).stderr


def test_a_title_and_counts_are_those_of_what_is_left(drill: Drill) -> None:
    first = drill.chosen(text=drill.terms[SECRET][0])
    drill.forget(**first)
    with reading(drill.home) as con:
        title, records, started = con.execute(
            "SELECT title, records, started_ns FROM session WHERE session = :s", {"s": SECRET}
        ).fetchone()
    assert title.startswith(f"{SECRET} number 1 says") and records == 39
    assert started == drill.records[SECRET][1].ts_ns


def test_nothing_brings_back_what_was_forgotten(drill: Drill, tmp_path: Path) -> None:
    older = tmp_path / "backup.db"
    shutil.copy(drill.home.archive, older)
    gone = drill.needles(SECRET)
    one = drill.chosen(text=drill.terms[KEPT][7])
    gone_too = drill.needles(KEPT, slice(7, 8))
    drill.forget(**WHOLE)
    drill.forget(**one)
    left = {r.text for r in drill.records[KEPT]} - {drill.records[KEPT][7].text}

    def is_gone() -> bool:
        return traces(drill.home, gone) == traces(drill.home, gone_too) == [] and drill.texts() == left

    with Archive.open(drill.home, now_ns=NOW_NS) as archive:  # an import of the same transcripts
        again = [*frames([*drill.records[SECRET], *drill.records[KEPT]]), *frames(drill.told)]
        outcome = archive.ingest(again, ring=None, source="again", now_ns=NOW_NS)
    assert outcome.tombstoned == 41 + 3 and outcome.archived == 0
    assert is_gone()
    for _ in rebuild(drill.home, now_ns=NOW_NS, settings=drill.settings):
        pass
    client.drain(drill.home, drill.settings)  # the ring, from its oldest record
    drill.forget()
    assert is_gone() and drill.is_sound()
    for path in Path(drill.home.root).glob("archive.db*"):
        path.unlink()
    shutil.copy(older, drill.home.archive)  # a restore by hand
    assert not is_gone()
    drill.forget()
    assert is_gone() and drill.is_sound()


def test_without_the_mirror_an_older_backup_would_bring_it_back(drill: Drill, tmp_path: Path) -> None:
    older = tmp_path / "backup.db"
    shutil.copy(drill.home.archive, older)
    drill.forget(**WHOLE)
    shutil.copy(older, drill.home.archive)
    Path(drill.home.tombstones).unlink()
    drill.forget()
    assert drill.records[SECRET][0].text in drill.texts()


@pytest.mark.slow
def test_a_forget_that_was_stopped_at_any_step_ends_the_same_when_run_again(
    filled: Path, home: Home, settings: Settings
) -> None:
    drill = Drill(home, settings)
    wanted, step, gone = None, 0, None
    while True:
        shutil.copytree(filled, home.root)
        gone = gone or drill.needles(SECRET)
        args = {**WHOLE, "records": drill.chosen(text=drill.terms[KEPT][7])["records"]}
        stopped = _stop_at(drill, args, step)
        if stopped:
            assert unfinished.pending(home) is not None or traces(home, gone) or not step
            drill.forget(**args)
        assert traces(home, gone) == [] and unfinished.pending(home) is None
        wanted = wanted or drill.rows()
        assert drill.rows() == wanted
        shutil.rmtree(home.root)
        if not stopped:
            break
        step += 3
    assert step >= 9


def _stop_at(drill: Drill, args: dict[str, Any], step: int) -> bool:
    """True when the job had that many steps; it is then left as a SIGKILL leaves it, but for the cache."""
    with Archive.open(drill.home, now_ns=NOW_NS) as archive:
        job = JOBS["forget"](archive, drill.settings, args)
        return sum(1 for _ in zip(range(step), job, strict=False)) == step and next(job, None) is not None


def test_a_running_witness_forgets_what_its_ring_and_a_live_session_still_say(drill: Drill) -> None:
    gone = drill.needles(SECRET)
    with running(drill.home):
        drill.forget(**WHOLE)
        with open_ring(drill.settings) as ring:
            for blob in encode(record(f"later {drill.terms[SECRET][0]}", n=99, session=SECRET)):
                ring.write(blob)
        client.drain(drill.home, drill.settings)
        assert drill.texts() == {r.text for r in drill.records[KEPT]}
        drill.forget()
        assert traces(drill.home, gone) == []
    assert drill.is_sound()


def test_a_reader_that_holds_the_log_is_named_and_what_is_left_is_done_later(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "_READER_S", 0.1)
    monkeypatch.setattr(connection, "_WRITER_PRAGMAS", [
        p.replace("5000", "50") for p in connection._WRITER_PRAGMAS])  # fmt: skip
    gone = drill.needles(SECRET)
    with reading(drill.home) as con:
        con.execute("BEGIN")
        con.execute("SELECT count(*) FROM record").fetchone()
        with pytest.raises(UnavailableError, match="a reader holds"):
            drill.forget(**WHOLE)
    assert unfinished.pending(drill.home) == [("claude-code", SECRET)]
    (told,) = doctor._unfinished(drill.home)
    assert (told.state, told.remedy) == ("bad", "memlog admin forget --apply")
    drill.forget()
    assert traces(drill.home, gone) == [] and unfinished.pending(drill.home) is None


def test_verify_tells_a_forget_that_was_cut_short_from_damage(drill: Drill, run_memlog: Run) -> None:
    step = 1
    while _stop_at(drill, WHOLE, step) and unfinished.pending(drill.home) is None:
        step += 1
    assert unfinished.pending(drill.home) is not None
    words = ("--home", drill.home.root, "admin", "verify")
    assert "next: memlog admin forget --apply" in run_memlog(*words, check=1).stderr
    drill.forget()
    assert json.loads(run_memlog(*words, "--json", check=0).stdout)["forgetting"] is False


def test_the_tree_another_archive_left_loses_single_lines_too(drill: Drill) -> None:
    gone = drill.needles(SECRET, slice(3, 6, 2))
    drill.forget(**_some(drill))
    aside = Path(drill.home.root, f"{SECRET}.of-1234")
    lines = json.loads((aside / "snap-00000.json").read_text())
    assert len(lines) == 38 and traces(drill.home, gone) == []


def test_what_a_hook_is_writing_just_now_is_left_alone(drill: Drill) -> None:
    half = [Path(folder, "x.json.7.ab.tmp") for folder in (drill.home.spool, drill.home.watermarks)]
    for path in half:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_bytes(b"half a file")
    drill.forget(**WHOLE)
    assert all(path.exists() for path in half)


def test_a_session_that_is_empty_now_is_not_counted(drill: Drill, run_memlog: Run) -> None:
    drill.forget(**WHOLE)
    told = json.loads(run_memlog("--home", drill.home.root, "status", "--json").stdout)
    assert (told["archive"]["sessions"], told["archive"]["records"]) == (1, 40)


def test_the_tombstones_hold_no_text_and_one_line_for_a_whole_session(drill: Drill) -> None:
    drill.forget(**WHOLE)
    stones = read_mirror(drill.home.tombstones)
    assert [s.names for s in stones] == [("claude-code", SECRET, None, None, None)]
    with reading(drill.home) as con:
        assert con.execute("SELECT count(*), count(link) FROM tombstone").fetchone() == (1 + 40 + 3, 40)


def test_the_command_shows_first_and_applies_when_told(drill: Drill, run_memlog: Run) -> None:
    shown = run_memlog("admin", "forget", "--session", SECRET, check=0)
    assert f"session {SECRET} (claude-code) whole" in shown.stdout and "40 records, 3 events" in shown.stdout
    assert "nothing was changed" in shown.stderr and drill.records[SECRET][0].text in drill.texts()
    told = json.loads(run_memlog("admin", "forget", "--session", SECRET, "--apply", "--json", check=0).stdout)
    assert told["forgotten"]["rows"] == 40 and told["forgotten"]["left"] == []
    assert drill.texts() == {r.text for r in drill.records[KEPT]}
    assert "say what to forget" in run_memlog("admin", "forget", "--apply", check=2).stderr
    assert run_memlog("admin", "forget", "--record", "99", check=3).stdout == ""
