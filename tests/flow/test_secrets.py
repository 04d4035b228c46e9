"""Credentials that were archived before a rule knew them: found, taken out in place, and gone for good."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS, event, fill, reading, record
from conftest import Run
from forgetting import Needles, traces
from memlog.archive import scrub, unfinished
from memlog.archive.rebuild import rebuild
from memlog.archive.secrets import scan
from memlog.archive.store import Archive
from memlog.archive.verify import Look, verify
from memlog.cli.jobs import JOBS
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Damage
from memlog.witness import client

KEY = "ghp_" + "q7zx" * 9
LOGIN = "hunter2-4711-xyz"
GONE = Needles((), (), (KEY.encode()[4:], LOGIN.encode()))
SAID = [
    record(f"use {KEY} to push", n=0), record("nothing here", n=1),
    record("and in what was around it", n=2, rest={"toolUseResult": {"password": LOGIN}}),
    record(f"x = '{KEY}'\n" * 900, n=3),
]  # fmt: skip
TOLD = [event("UserPromptSubmit", prompt=f"use {KEY} to push"), event("Stop", message="done")]


@pytest.fixture
def ids(home: Home, settings: Settings) -> list[int]:
    """Archived, in the ring, in the tree and in a copy, as a version without these rules left it."""
    plain = settings._replace(redact=False)
    with open_ring(plain) as ring:
        for said in SAID:
            for blob in encode(said):
                ring.write(blob)
    client.drain(home, plain)
    fill(home, TOLD)
    with Archive.open(home, now_ns=NOW_NS) as archive:
        damage = Damage(1, f"torn {KEY} torn".encode(), "torn")
        archive.ingest([damage], ring=None, source="s", now_ns=NOW_NS)
    client.run(home, settings, "tree", {}, JOBS)
    shutil.copy(home.archive, f"{home.archive}.before-2")
    with reading(home) as con:
        return [id_ for (id_,) in con.execute("SELECT id FROM record ORDER BY id")]


def found(home: Home) -> dict[str, Any]:
    names = {"record": "records", "event": "events", "damage": "damage"}
    chosen: dict[str, Any] = {name: [] for name in names.values()}
    with reading(home) as con:
        for _, _, row in scan(con):
            if row is not None:
                chosen[names[row.what]].append(row.id)
    return chosen


def redact(home: Home, settings: Settings) -> dict[str, Any]:
    return client.run(home, settings, "secrets", found(home), JOBS)


def texts(home: Home) -> list[str]:
    with reading(home) as con:
        return [text for (text,) in con.execute("SELECT text FROM v_record ORDER BY id")]


def is_sound(home: Home) -> bool:
    with reading(home) as con:
        return [*verify(Look(con, home))] == []


def test_what_is_archived_is_redacted_in_place_and_no_file_holds_a_byte_of_it(
    home: Home, settings: Settings, ids: list[int]
) -> None:
    places = {trace.file.partition("/")[0] for trace in traces(home, GONE)}
    assert {"archive.db", "archive.db.before-2", "session-a", "ring"} <= places
    result = redact(home, settings)
    assert (result["rows"], result["events"], result["damage"], result["left"]) == (3, 1, 1, [])
    assert result["rules"] == {"github": 1 + 900 + 1 + 1, "password": 1} and result["ring"] == 3
    assert traces(home, GONE) == []
    with reading(home) as con:
        assert [id_ for (id_,) in con.execute("SELECT id FROM record ORDER BY id")] == ids
        assert con.execute("SELECT title FROM session").fetchone() == ("use [redacted:github] to push",)
        assert con.execute("SELECT sum(redacted) FROM record").fetchone() == (902,)
        assert con.execute("SELECT count(link) FROM tombstone").fetchone() == (3,)
        hit = "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'redacted AND push'"
        assert con.execute(hit).fetchone() == (1,)
    assert texts(home)[0] == "use [redacted:github] to push"
    assert is_sound(home) and found(home) == {"records": [], "events": [], "damage": []}


def test_without_the_scrub_the_drill_would_find_it(
    home: Home, settings: Settings, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "index", lambda archive: iter(()))
    redact(home, settings)
    assert traces(home, GONE) != []


def test_neither_import_rebuild_nor_an_older_copy_brings_it_back(
    home: Home, settings: Settings, ids: list[int], tmp_path: Path
) -> None:
    older = tmp_path / "older.db"
    shutil.copy(home.archive, older)
    redact(home, settings)
    fill(home, [*SAID, *TOLD])
    assert traces(home, GONE) == [] and len(texts(home)) == len(ids)
    for _ in rebuild(home, now_ns=NOW_NS, settings=settings):
        pass
    client.run(home, settings, "forget", {}, JOBS)
    assert traces(home, GONE) == [] and len(texts(home)) == len(ids) and is_sound(home)
    for path in Path(home.root).glob("archive.db*"):
        path.unlink()
    shutil.copy(older, home.archive)
    assert found(home)["records"]
    client.run(home, settings, "forget", {}, JOBS)
    assert traces(home, GONE) == [] and len(texts(home)) == len(ids) and is_sound(home)


@pytest.mark.parametrize("step", [1, 2, 4, 7])
def test_a_redaction_that_was_stopped_ends_the_same_when_run_again(
    home: Home, settings: Settings, ids: list[int], step: int
) -> None:
    with Archive.open(home, now_ns=NOW_NS) as archive:
        job = JOBS["secrets"](archive, settings, found(home))
        assert sum(1 for _ in zip(range(step), job, strict=False)) == step
    assert unfinished.pending(home) is not None
    redact(home, settings)
    assert traces(home, GONE) == [] and unfinished.pending(home) is None and is_sound(home)


def test_the_command_names_rules_and_records_and_never_what_it_found(
    home: Home, ids: list[int], run_memlog: Run
) -> None:
    shown = run_memlog("doctor", "secrets", check=1)
    assert f"record {ids[0]}, session session-a (claude-code): github 1" in shown.stdout
    assert KEY not in shown.stdout + shown.stderr and "--apply" in shown.stderr
    done = run_memlog("doctor", "secrets", "--apply", "--json", check=0)
    assert json.loads(done.stdout)["redacted"]["rows"] == 3 and KEY not in done.stdout
    assert "0 rows" in run_memlog("doctor", "secrets", check=0).stderr
    assert traces(home, GONE) == []
