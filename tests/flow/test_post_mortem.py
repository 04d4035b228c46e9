"""export post-mortem: a bundle opens anywhere, says what happened, and any changed byte of it is noticed."""

import json
import os
import re
import shutil
import sqlite3 as stock
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

import archives
from archives import NOW_NS, event, record
from conftest import Run
from memlog.archive import anchor as anchors
from memlog.archive.anchor import Anchor
from memlog.errors import NotFoundError, RefusedError
from memlog.export import bundle_check, manifest, post_mortem
from memlog.paths import Home
from memlog.query import slice, timeline
from memlog.query.facts import listing
from memlog.query.facts.endings import HIDDEN
from memlog.query.selection import Selection
from pages.filled import records_of

SHELL = shutil.which("sqlite3")
HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(2)> | `x` [a](http://evil.test) \u202e\x1b[31m \"'& ]]>"
FILES = {"report.md", "report.html", "incident.db", "incident.sql", "manifest.json", "chain.jsonl"}

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A session with a compaction, one whose texts are an attack, parts, a foreign blob, an event."""
    home = Home(str(tmp_path_factory.mktemp("post-mortem") / "home"))
    archives.fill(
        home,
        records_of("compacted.jsonl", "unicode.jsonl"),
        [record(HOSTILE, n=1), record(HOSTILE, n=2, kind="tool_use", role="assistant", tool=HOSTILE[:60]),
         record("never deploy on a Friday", n=3), record("hay " * 20_000, n=4), record("x", n=5, session="session-b")],
        [b"\xa1\x61k\x65words", event("PreCompact")],
    )  # fmt: skip
    return home


def write(home: Home, place: Path, session: str = "", text: str = "", **named: Any) -> Path:
    """A bundle of the archive, of a session or of a search."""
    with archives.reading(home) as con:
        con.execute("BEGIN")
        part = slice.cut(con, Selection(), [session] if session else [], text, now_ns=NOW_NS)
        post_mortem.write(con, part, str(place), now_ns=NOW_NS, **named)
    return place


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, ...], Path]:
    """Bundles of this module's archive by what they are of."""
    return {}


@pytest.fixture
def make(
    filled: Home,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    written: dict[tuple[str, ...], Path],
) -> Make:
    """A copy of the bundle of a selection."""

    def made(name: str = "bundle", session: str = "", text: str = "") -> Path:
        key = (Path(name).suffix, session, text)
        if key not in written:
            written[key] = write(filled, tmp_path_factory.mktemp("made") / name, session, text)
        copy = shutil.copytree if written[key].is_dir() else shutil.copy
        return Path(copy(written[key], tmp_path / name))

    return made


def taken(home: Home) -> Anchor:
    with archives.reading(home) as con:
        return anchors.take(con, made="2026-03-05T14:30:00Z")


def compacted(home: Home) -> str:
    with archives.reading(home) as con:
        return str(con.execute("SELECT session FROM v_session WHERE compactions > 0").fetchone()[0])


def faults(place: Path, **named: Any) -> list[bundle_check.Problem]:
    return bundle_check.verify(str(place), **named).problems


def offsets(size: int) -> Iterator[int]:
    """First, last, and some between."""
    yield from sorted({0, size // 5, size // 2, size * 4 // 5, size - 1})


def test_a_bundle_is_what_was_written_and_its_texts_give_the_chain(make: Make, filled: Home) -> None:
    place = make()
    assert {path.name for path in place.iterdir()} == FILES
    found = bundle_check.verify(str(place))
    assert found.problems == []
    with archives.reading(filled) as con:
        (rows,) = con.execute("SELECT count(*) FROM record").fetchone()
    assert found.links == found.texts == rows > 10
    assert any("anew" in words for words in found.not_proved)


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_one_changed_byte_of_any_file_is_noticed(make: Make, name: str) -> None:
    place = make(name)
    assert faults(place) == []
    struck = 0
    for path in sorted(place.iterdir()) if place.is_dir() else [place]:
        whole = path.read_bytes()
        for at in (
            offsets(len(whole))
            if place.is_dir()
            else (*offsets(len(whole)), *range(0, len(whole), len(whole) // 40))
        ):
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([whole[at] ^ 0x20]))
            assert path.read_bytes() != whole
            assert faults(place), f"byte {at} of {path.name}"
            path.write_bytes(whole)
            struck += 1
    assert faults(place) == [] and struck >= 30


def changes(whole: bytes, at_most: int) -> Iterator[tuple[str, bytes]]:
    """A file changed in one place at a time: both its ends, places between, and its length."""
    size = len(whole)
    ends = {*range(min(size, 40)), *range(max(size - 40, 0), size)}
    for at in sorted(ends | set(range(0, size, max(size // at_most, 1)))):
        yield f"byte {at}", whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]
    for cut in (0, size // 2, size - 1):
        yield f"cut at {cut}", whole[:cut]
    yield "a byte more", whole + b"\n"
    yield "a byte before it", b"\n" + whole
    yield "a byte taken out", whole[: size // 2] + whole[size // 2 + 1 :]


def unnoticed(place: Path, at_most: int) -> tuple[int, list[str]]:
    """How many changes were made, one at a time, and those verify was content with."""
    made, missed = 0, []
    for path in sorted(place.iterdir()) if place.is_dir() else [place]:
        whole = path.read_bytes()
        for what, changed in changes(whole, at_most):
            path.write_bytes(changed)
            assert path.read_bytes() == changed != whole
            made += 1
            if not faults(place):
                missed.append(f"{path.name}: {what}")
        path.write_bytes(whole)
    assert faults(place) == []
    return made, missed


@pytest.mark.slow
@pytest.mark.parametrize(("name", "files", "at_most"), [("bundle", 6, 250), ("bundle.zip", 1, 1_500)])
def test_no_change_of_any_file_goes_unnoticed_wherever_it_is(
    make: Make, name: str, files: int, at_most: int
) -> None:
    made, missed = unnoticed(make(name, session="session-b"), at_most)
    assert missed == [] and made >= files * 330


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_verify_that_skims_would_be_caught_by_the_same_changes(
    make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size_only(file: Any, told: Any = None) -> dict[str, Any]:
        return {"bytes": len(file.read()), "sha256": "of nothing"}

    place = make(name, session="session-b")
    if place.is_dir():
        monkeypatch.setattr(manifest, "digest_of", size_only)
        fit(place)
    else:
        monkeypatch.setattr("memlog.export.bundle.is_as_packed", lambda path: True)
    made, missed = unnoticed(place, 2)
    assert 0 < len(missed) < made


def test_a_file_more_or_less_or_longer_is_noticed(make: Make) -> None:
    place = make()
    (place / "notes.txt").write_text("mine")
    assert [found.where for found in faults(place)] == ["notes.txt"]
    (place / "notes.txt").unlink()
    for name in sorted(FILES - {"manifest.json"}):
        data = (place / name).read_bytes()
        (place / name).unlink()
        assert [found.where for found in faults(place)] == [name]
        (place / name).write_bytes(data + b"\n")
        assert [found.where for found in faults(place)] == [name]
        (place / name).write_bytes(data)
    (place / "report.md").unlink()
    (place / "report.md").symlink_to("/dev/null")
    assert [found.where for found in faults(place)] == ["report.md"]
    shutil.rmtree(place)
    place.mkdir()
    with pytest.raises(NotFoundError):
        faults(place)


def rewritten(place: Path, change: Callable[[Any], object]) -> None:
    """Change incident.db and make a manifest that fits, as a forger would."""
    con = stock.connect(place / "incident.db")
    change(con)
    con.commit()
    con.close()
    fit(place)


def fit(place: Path) -> None:
    said = json.loads((place / "manifest.json").read_bytes())
    for name in said["files"]:
        with (place / name).open("rb") as file:
            said["files"][name] = manifest.digest_of(file)
    (place / "manifest.json").write_bytes(manifest.dump(said))


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE record SET text = 'always deploy on a Friday' WHERE text LIKE 'never deploy%'", "text of record"),
        ("UPDATE record SET kind = 'thinking' WHERE text LIKE 'never deploy%'", "something else of itself"),
        ("UPDATE record SET extra = '{\"a\":1}' WHERE text LIKE 'never deploy%'", "something else than"),
        ("DELETE FROM record WHERE text LIKE 'never deploy%'", "has no record"),
        ("UPDATE record SET ts_ns = ts_ns + 1 WHERE text LIKE 'never deploy%'", "something else of itself"),
        ("INSERT INTO record SELECT 1, session, project, agent, epoch, ring_id, seq, ts, ts_ns, written_ns, archived_ns, uid, pid,"
         " attested, kind, role, tool, 'new', parent_id, block, part, parts, bytes, 'forged', decode_error, digest, error, omitted,"
         " redacted, extra FROM record WHERE text LIKE 'never deploy%'", "it has"),
    ],
)  # fmt: skip
def test_a_forger_who_makes_the_manifest_anew_is_caught_by_the_chain(make: Make, sql: str, what: str) -> None:
    place = make(session="session-a")
    rewritten(place, lambda con: None)
    assert faults(place) == [], "a manifest that fits is no fault by itself"
    rewritten(place, lambda con: con.execute(sql))
    assert any(what in found.what for found in faults(place))


def test_only_an_anchor_shows_that_a_bundle_was_written_anew(
    make: Make, filled: Home, tmp_path: Path
) -> None:
    kept = taken(filled)
    place = write(filled, tmp_path / "anchored", "session-a", anchor=kept)
    assert faults(place) == [] == faults(place, anchor=kept)
    other = Home(str(tmp_path / "other"))
    archives.fill(other, [record("always deploy on a Friday", n=3)])
    con = stock.connect(other.archive)
    con.execute("UPDATE archive SET archive_id = ?", (kept.archive_id,))
    con.close()
    with archives.reading(other) as con:
        part = slice.cut(con, Selection(), ["session-a"], now_ns=NOW_NS)
        forged = tmp_path / "forged"
        post_mortem.write(con, part, str(forged), now_ns=NOW_NS)
    # it claims as many links as the anchor says, or an anchor of another length says nothing
    assert any(
        "the anchor" in words for words in bundle_check.verify(str(forged), anchor=kept).not_proved
    ) or faults(forged, anchor=kept)
    wrong = kept._replace(sessions={name: (n, bytes(32)) for name, (n, _) in kept.sessions.items()})
    assert any("rewritten" in found.what for found in faults(place, anchor=wrong))


def test_a_bundle_holds_the_part_that_was_asked_for_and_nothing_of_others(make: Make) -> None:
    place = make(text="Friday")
    con = stock.connect(place / "incident.db")
    assert con.execute("SELECT text FROM record").fetchall() == [("never deploy on a Friday",)]
    con.close()
    for path in place.iterdir():
        assert b"hay hay" not in path.read_bytes(), path.name
    found = bundle_check.verify(str(place))
    assert found.problems == [] and found.texts == 1 < found.links


def test_the_report_says_what_a_compaction_took_and_what_happened(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    for table in ("step", "fact", "compaction", "loss", "kept", "health", "query"):
        assert con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
    kinds = con.execute("SELECT kind, lost, facts FROM loss WHERE kind IN ('file', 'command')").fetchall()
    commands = [value for (value,) in con.execute("SELECT command FROM commands")]
    for title, sql in con.execute("SELECT title, sql FROM query"):
        (
            con.execute(sql, {"words": "the"}).fetchall() if ":words" in sql else con.execute(sql).fetchall(),
            title,
        )
    con.close()
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    for kind, lost, facts in kinds:
        assert f"{lost:,} of {facts:,} {kind}" in html and f"{lost:,} of {facts:,} {kind}" in text
    assert "compaction" in html and commands
    for heading in (
        "Timeline",
        "Commands",
        "Files",
        "Errors",
        "What did not arrive",
        "The recorder",
        "What is left out",
    ):
        assert f"<h2>{heading}</h2>" in html and f"## {heading}\n" in text


def test_a_bundle_of_an_epoch_goes_on_to_what_the_agent_did_next(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice, "NEXT", 6)
    said = [record("never deploy on a Friday", n=0), record("Understood.", n=1, role="assistant")]
    then = {"boundary": "session-a-2"}
    cut = [
        record("compacted", n=2, kind="compaction", role=None, rest={"line": {"compactMetadata": {"trigger": "auto"}}}, **then),
        record("The user deploys.", n=3, kind="summary", **then),
        *(record(f"step {n}", n=n, role="assistant", **then) for n in range(4, 30)),
    ]  # fmt: skip
    archives.fill(home, said, cut)
    with archives.reading(home) as con:
        part = slice.cut(con, Selection(epoch=0), ["session-a"], now_ns=NOW_NS)
        post_mortem.write(con, part, str(tmp_path / "epoch"), now_ns=NOW_NS)
    con = stock.connect(tmp_path / "epoch" / "incident.db")
    held = [text for (text,) in con.execute("SELECT text FROM record ORDER BY ts_ns")]
    assert held == [
        "never deploy on a Friday",
        "Understood.",
        "compacted",
        "The user deploys.",
        *(f"step {n}" for n in range(4, 8)),
    ]
    assert con.execute("SELECT epoch FROM compaction").fetchall() == [(0,)]
    con.close()
    told = (tmp_path / "epoch" / "report.md").read_text()
    assert "compaction* auto; lost of what was asked for, decided and worked on: 1 of 1 ·" in told
    with archives.reading(home) as con:
        shown = [step.text for step in timeline.timeline(con, now_ns=NOW_NS) if step.what == "compaction"]
    assert shown == ["auto"]
    assert "the compaction that ended it and the first 6 records after it" in told and "step 7" in told
    assert faults(tmp_path / "epoch") == []


def test_a_report_cites_records_and_leads_to_their_lines(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    anchors_ = re.findall(r'<li id="r(\d+)"', html)
    links = re.findall(r'<a href="#r(\d+)">(\d+)</a>', html)
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    at = dict(con.execute("SELECT CAST(id AS TEXT), ts FROM record").fetchall())
    con.close()
    assert len(anchors_) == len(set(anchors_)) > 5 and set(anchors_) <= set(at)
    assert len(links) > 5 and {line for line, _ in links} <= set(anchors_)
    assert all(at[line] <= at[record] for line, record in links)
    assert all(f" · {record}\n" in text for record in anchors_)
    assert re.search(r"\| file \|.*\| record \|", text)


def test_that_the_agent_came_back_is_cited(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    rows = con.execute(
        "SELECT k.epoch, k.came_back, r.epoch, (SELECT count(*) FROM fact f WHERE f.record = k.again AND f.kind = k.kind)"
        " FROM kept k LEFT JOIN record r ON r.id = k.again WHERE k.again IS NOT NULL"
    ).fetchall()
    (others,) = con.execute(
        "SELECT count(*) FROM kept WHERE (again IS NULL) = (coalesce(came_back, 0) > 0)"
    ).fetchone()
    con.close()
    assert rows and others == 0
    assert all(back > 0 and then == epoch + 1 and cited for epoch, back, then, cited in rows)
    assert "| back in |" in (place / "report.md").read_text()


def test_a_plan_told_again_is_said_once_for_each_change(home: Home, tmp_path: Path) -> None:
    states = [
        ("pending", "pending"),
        ("completed", "pending"),
        ("completed", "pending"),
        ("completed", "completed"),
    ]
    calls = [
        record(
            "todos:\n" + "\n".join(f"content: do {item} well\nstatus: {state}" for item, state in zip("ab", now, strict=True)),
            n=n, kind="tool_use", role="assistant", tool="TodoWrite",
            rest={"id": f"t{n}", "input": {"todos": [
                {"content": f"do {item} well", "status": state} for item, state in zip("ab", now, strict=True)]}},
        )
        for n, now in enumerate(states)
    ]  # fmt: skip
    archives.fill(home, calls)
    write(home, tmp_path / "bundle")
    con = stock.connect(tmp_path / "bundle" / "incident.db")
    told = con.execute("SELECT value, detail FROM said WHERE kind = 'todo'").fetchall()
    (facts,) = con.execute("SELECT count(*) FROM fact WHERE kind = 'todo'").fetchone()
    con.close()
    assert facts == 8 and sorted(told) == [
        (f"do {item} well", state) for item in "ab" for state in ("completed", "pending")
    ]


def test_a_run_whose_end_a_pipe_hides_is_told_ok_nowhere(home: Home, tmp_path: Path) -> None:
    calls = [
        record(text, n=n, kind=kind, role=role, tool="Bash", rest={"id": f"t{n // 2}", "input": given})
        for n, (text, kind, role, given) in enumerate(
            one
            for command, answer in (("go test ./... | tail -20", "--- FAIL: TestA (0.00s)"), ("go vet | tail -1", "fine"))
            for one in (
                (f"command: {command}", "tool_use", "assistant", {"command": command}),
                (answer, "tool_result", "user", None),
            )
        )
    ]  # fmt: skip
    archives.fill(home, calls)
    write(home, tmp_path / "bundle")
    con = stock.connect(tmp_path / "bundle" / "incident.db")
    ended = dict(con.execute("SELECT command, ended FROM commands").fetchall())
    lines = dict(con.execute("SELECT text, outcome FROM step").fetchall())
    con.close()
    with archives.reading(home) as archive:
        shown = {step.text: step.outcome for step in timeline.timeline(archive, now_ns=NOW_NS)}
    assert ended == lines == shown == {"go test ./... | tail -20": HIDDEN, "go vet | tail -1": "ok"}
    assert HIDDEN in (tmp_path / "bundle" / "report.md").read_text().replace("\\", "")


def test_what_records_say_is_text_in_both_reports(make: Make) -> None:
    place = make(session="session-a")
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    assert "&lt;script&gt;alert(1)" in html and "<script" not in html and "<img" not in html
    assert "default-src &#x27;none&#x27;" not in html and "default-src 'none'; style-src 'sha256-" in html
    assert "<script" not in text and "<img" not in text and "](http://" not in text
    for char in "\u202e\x1b":
        assert char not in html and char not in text
    assert "http://" not in html.replace("http://evil.test", ""), "nothing of ours is anywhere else"


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


def test_sentences_too_long_to_be_read_are_counted_in_the_list_and_in_the_report(
    home: Home, tmp_path: Path
) -> None:
    long = "never do this because " + "of that and " * 200 + "so on"
    archives.fill(
        home, [record(f"Use pnpm, please. {long}.\n{long}.", n=1), record("Use tabs, please.", n=2)]
    )
    with archives.reading(home) as con:
        counts: list[int] = []
        said = [row.value for row in listing.facts(con, "session-a", unread=counts.append)]
    assert said == ["Use pnpm, please.", "Use tabs, please."] and counts == [2]
    place = write(home, tmp_path / "bundle")
    assert "2 sentences of more than 1,500 characters not read" in (place / "report.md").read_text()
