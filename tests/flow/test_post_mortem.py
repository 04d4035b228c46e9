"""export post-mortem: a bundle holds what was asked for, opens anywhere, and replaces nothing else."""

import json
import os
import sqlite3 as stock
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datasette.app import Datasette

import archives
from conftest import Run
from flow import bundles
from flow.bundles import FILES, SHELL, Make, compacted, write
from memlog.errors import RefusedError
from memlog.export import bundle_check
from memlog.paths import Home

filled = bundles.filled
written = bundles.written
make = bundles.make


def test_a_bundle_is_what_was_written_and_its_texts_give_the_chain(make: Make, filled: Home) -> None:
    place = make()
    assert {path.name for path in place.iterdir()} == FILES
    found = bundle_check.verify(str(place))
    assert found.problems == []
    with archives.reading(filled) as con:
        (rows,) = con.execute("SELECT count(*) FROM record").fetchone()
    assert found.links == found.texts == rows > 10
    assert any("anew" in words for words in found.not_proved)


def test_a_bundle_holds_the_part_that_was_asked_for_and_nothing_of_others(make: Make) -> None:
    place = make(text="Friday")
    con = stock.connect(place / "incident.db")
    assert con.execute("SELECT text FROM record").fetchall() == [("never deploy on a Friday",)]
    con.close()
    for path in place.iterdir():
        assert b"hay hay" not in path.read_bytes(), path.name
    found = bundle_check.verify(str(place))
    assert found.problems == [] and found.texts == 1 < found.links


@pytest.mark.skipif(SHELL is None, reason="there is no sqlite3 shell on this machine")
def test_it_opens_in_the_stock_shell_and_the_script_gives_the_same_rows(make: Make, tmp_path: Path) -> None:
    place = make()
    os.chmod(place / "incident.db", 0o400)
    asked = (
        "SELECT count(*) FROM record_fts WHERE record_fts MATCH 'friday'; SELECT count(*) FROM timeline;"
        "SELECT count(*) FROM kept; SELECT text FROM record WHERE text LIKE 'never%'; PRAGMA journal_mode;"
    )
    with (place / "incident.sql").open("rb") as script:
        done = subprocess.run(
            [str(SHELL), "-bail", str(tmp_path / "new.db")], stdin=script, capture_output=True
        )
    assert (done.returncode, done.stderr, done.stdout) == (0, b"", b"")
    answers = [
        subprocess.run(
            [str(SHELL), *flags, str(path), asked], capture_output=True, text=True, check=True
        ).stdout
        for path, flags in ((place / "incident.db", ["-readonly"]), (tmp_path / "new.db", []))
    ]
    assert answers[0] == answers[1] and answers[0].splitlines()[0] == "1" and answers[0].endswith("delete\n")
    con = stock.connect(place / "incident.db")
    (sql,) = con.execute("SELECT sql FROM query WHERE name = 'search'").fetchone()
    con.close()
    said = sql[sql.index(".parameter") : sql.index(" */")].replace("deadlock", "friday")
    done = subprocess.run(
        [str(SHELL), "-readonly", str(place / "incident.db")], input=f"{said}\n{sql};\n",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "never deploy on a [Friday]" in done.stdout, "what the question says before it is asked"


@pytest.fixture
def without_our_plugin() -> Iterator[Callable[[Path], Datasette]]:
    """Datasette as others have it."""
    from datasette.plugins import pm

    ours = [p for p in pm.get_plugins() if (pm.get_name(p) or "").startswith(("memlog", "datasette_memlog"))]
    names = [(plugin, pm.get_name(plugin)) for plugin in ours]
    opened: list[Datasette] = []
    for plugin in ours:
        pm.unregister(plugin)

    def of(path: Path) -> Datasette:
        opened.append(Datasette([], immutables=[str(path)]))
        return opened[-1]

    yield of
    for plugin, name in names:
        pm.register(plugin, name)
    for one in opened:
        for database in one.databases.values():
            database.close()


async def test_datasette_without_our_plugin_shows_and_searches_it(
    make: Make, without_our_plugin: Callable[[Path], Datasette]
) -> None:
    place = make()
    datasette = without_our_plugin(place / "incident.db")
    page = await datasette.client.get("/incident")
    assert page.status_code == 200 and "lost_facts" in page.text
    found = await datasette.client.get("/incident/record.json?_search=friday&_shape=array")
    assert [row["text"] for row in found.json()] == ["never deploy on a Friday"]
    assert (await datasette.client.get("/incident/timeline")).status_code == 200


def test_the_same_moment_gives_the_same_zip_and_only_a_bundle_is_replaced(
    filled: Home, tmp_path: Path
) -> None:
    one = write(filled, tmp_path / "one.zip", "session-b")
    before = one.read_bytes()
    with pytest.raises(RefusedError):
        write(filled, one, "session-b")
    assert write(filled, one, "session-b", force=True).read_bytes() == before
    assert set(zipfile.ZipFile(one).namelist()) == FILES
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(RefusedError):
        write(filled, tmp_path / "mine", "session-b", force=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir() if "tmp" in path.name) == []


@pytest.mark.slow
def test_the_command_makes_one_of_an_epoch_and_verify_knows_it(
    filled: Home, run_memlog: Run, tmp_path: Path
) -> None:
    place = tmp_path / "out.zip"
    session = compacted(filled)
    home = ("--home", filled.root)
    done = run_memlog(*home, "export", "post-mortem", f"{session}@0", "-o", str(place), check=0)
    assert done.stdout == "" and "root" in done.stderr
    elsewhere = ("--home", str(tmp_path / "nothing"))
    good = run_memlog(*elsewhere, "admin", "verify", str(place), "--json", check=0)
    said = json.loads(good.stdout)
    assert said["ok"] and said["root"] in done.stderr and "epoch 0" in said["holds"]
    assert not (tmp_path / "nothing").exists()
    data = bytearray(place.read_bytes())
    data[len(data) // 3] ^= 1
    place.write_bytes(data)
    assert run_memlog(*elsewhere, "admin", "verify", str(place), check=1).stdout
    assert run_memlog(
        *home, "export", "post-mortem", f"{session}@77", "-o", str(tmp_path / "b"), check=3
    ).stderr
    assert not (tmp_path / "b").exists()
