"""admin verify BUNDLE: whatever became of a bundle is bad news in a sentence, and what was found is found again."""

import json
import os
import shutil
import sqlite3 as stock
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS, event, record
from conftest import Run
from flow.forgery import FORGERIES, forged
from memlog.archive import anchor as anchors
from memlog.cli import root
from memlog.errors import NotFoundError, RefusedError
from memlog.export import (
    bundle_check,
    manifest,
    post_mortem,
    program,
)
from memlog.export.share import Share
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection
from memlog.settings import Settings
from memlog.witness import client
from pages.filled import records_of


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A session with a compaction, and one in which a user forbids something."""
    home = Home(str(tmp_path_factory.mktemp("bundle-check") / "home"))
    said = [
        record("never deploy on a Friday", n=1),
        record("x", n=2, kind="tool_use", role="assistant", tool="Bash"),
    ]
    told = [event("PreCompact"), event("UserPromptSubmit", prompt="never deploy on a Friday"), event("Stop")]
    archives.fill(home, records_of("compacted.jsonl"), said, told)
    return home


def write(
    home: Home, place: Path, session: str = "", text: str = "", epoch: int | None = None, **named: object
) -> Path:
    with archives.reading(home) as con:
        con.execute("BEGIN")
        part = slice.cut(con, Selection(epoch=epoch), [session] if session else [], text, now_ns=NOW_NS)
        post_mortem.write(con, part, str(place), now_ns=NOW_NS, **named)  # type: ignore[arg-type]
    return place


@pytest.fixture(scope="module")
def bundle(filled: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of everything, not to be changed."""
    return write(filled, tmp_path_factory.mktemp("made") / "bundle")


def verified(place: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = root.main(["admin", "verify", str(place)])
    done = capfd.readouterr()
    return code, done.out + done.err


def found_out(place: Path, **named: Any) -> list[str]:
    return [one.what for one in bundle_check.verify(str(place), **named).problems]


@pytest.mark.parametrize(
    "sql", [pytest.param(sql, marks=pytest.mark.slow if n % 4 else ()) for n, sql in enumerate(FORGERIES)]
)
def test_a_forger_of_what_was_found_is_found_out_whatever_manifest_he_makes(
    filled: Home, bundle: Path, tmp_path: Path, sql: str
) -> None:
    place = forged(Path(shutil.copytree(bundle, tmp_path / "b")))
    assert found_out(place) == [], "a manifest that fits is no fault by itself"
    with archives.reading(filled) as con:
        anchor = anchors.take(con, made="2026-03-05T14:30:00Z")
    forged(place, sql)
    assert any(FORGERIES[sql] in what for what in found_out(place))
    assert any(FORGERIES[sql] in what for what in found_out(place, anchor=anchor))


def test_a_view_that_lies_is_found_out(bundle: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    lie = "CREATE VIEW conversation AS SELECT session, epoch, ts, 'user' AS who, 'replaced' AS text, id FROM record"
    assert any("views" in what for what in found_out(forged(place, "DROP VIEW conversation", lie)))
    endless = "CREATE VIEW said AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i AS ts FROM n"
    assert any("views" in what for what in found_out(forged(place, "DROP VIEW said", endless, reports=False)))


def test_a_link_that_is_said_to_be_damaged_or_lacks_what_it_was_made_of_proves_nothing_in_silence(
    bundle: Path, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    whole = [json.loads(line) for line in (place / "chain.jsonl").read_text().splitlines()]
    at = next(n for n, line in enumerate(whole) if "id" in line)
    for change, told in (({"damaged": "it cannot be read"}, None), ({"header": None}, "made of is missing")):
        line = {key: value for key, value in (whole[at] | change).items() if value is not None}
        line["head"] = "00" * 32
        lines = [*whole[:at], line, *whole[at + 1 :]]
        (place / "chain.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
        done = bundle_check.verify(str(forged(place)))
        if told is None:
            assert any("what 1 record said" in words for words in done.not_proved)
        else:
            assert any(told in one.what for one in done.problems)


@pytest.mark.parametrize("file", ["report.md", "report.html", "incident.sql"])
def test_a_report_that_says_other_than_the_records_is_found_out(
    bundle: Path, tmp_path: Path, file: str
) -> None:
    place = forged(Path(shutil.copytree(bundle, tmp_path / "b")), file=file)
    assert [(one.where, one.what) for one in bundle_check.verify(str(place)).problems] == [
        (file, "it says something else than incident.db")
    ]


def test_a_shared_bundle_has_the_steps_its_records_give_and_says_that_facts_are_not_compared(
    filled: Home, tmp_path: Path
) -> None:
    place = write(filled, tmp_path / "b", shared=Share())
    done = bundle_check.verify(str(place))
    assert done.problems == [] and not done.again
    assert any("tables fact, compaction, loss and kept" in words for words in done.not_proved)
    forged(place, "UPDATE step SET text = 'always deploy on a Friday' WHERE text LIKE 'never%'")
    assert any("table step" in what for what in found_out(place))


def test_what_another_memlog_found_is_not_compared_and_that_is_said(bundle: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    assert bundle_check.verify(str(place)).again
    sql = "UPDATE kept SET kept = 'verbatim' WHERE kept IS NULL"
    forged(place, sql, said=lambda said: said["program"].update(sources="of another"))
    done = bundle_check.verify(str(place))
    assert not done.problems and not done.again
    (words,) = (words for words in done.not_proved if "another memlog" in words)
    assert all(name in words for name in ("step", "fact", "compaction", "loss", "kept", "views", "reports"))
    assert "(of another)" in words and f"({program.digest()[:12]})" in words


def test_of_an_epoch_what_was_lost_is_found_again_and_what_cannot_be_is_named(
    home: Home, tmp_path: Path
) -> None:
    after = [record(f"word {n}", n=n, role="assistant", boundary="session-a-4") for n in range(6, 199)]
    ran = [
        record("command: make drain", n=n, kind="tool_use", role="assistant", tool="Bash", boundary=at,
               rest={"id": f"t{n}", "input": {"command": "make drain"}})
        for n, at in ((3, ""), (199, "session-a-4"))
    ]  # fmt: skip
    archives.fill(home, [
        record("never deploy on a Friday", n=1), record("always use tabs", n=2),
        record("Conversation compacted", n=4, kind="compaction", role="system", boundary="session-a-4"),
        record("The user said: always use tabs.", n=5, kind="summary", boundary="session-a-4"), *after, *ran,
    ])  # fmt: skip
    place = write(home, tmp_path / "b", "session-a", epoch=0)
    done = bundle_check.verify(str(place))
    assert done.problems == [] and done.again
    assert any(
        words.startswith("came_back and again in the tables loss and kept") for words in done.not_proved
    )
    assert any("left out" in words for words in done.not_proved)
    forged(place, "UPDATE kept SET came_back = 77")
    assert found_out(place) == [], "what is said not to be proved is not"
    for sql, table in (
        ("UPDATE kept SET kept = 'verbatim' WHERE kept IS NULL", "kept"),
        ("DELETE FROM fact WHERE rowid = 1", "fact"),
    ):
        forged(place, sql)
        assert any(f"table {table}" in what for what in found_out(place))


def test_with_an_anchor_it_is_still_said_that_what_no_link_holds_may_be_new(
    filled: Home, bundle: Path
) -> None:
    with archives.reading(filled) as con:
        anchor = anchors.take(con, made="2026-03-05T14:30:00Z")
    for kept in (None, anchor):
        assert any(
            "written anew" in words for words in bundle_check.verify(str(bundle), anchor=kept).not_proved
        )


@pytest.mark.slow
def test_a_session_captured_through_hooks_verifies_and_a_forged_finding_of_theirs_does_not(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, session = tmp_path / "s.jsonl", "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"

    def hook(name: str, **more: Any) -> None:
        given = {"session_id": session, "transcript_path": str(path), "cwd": "/w", "hook_event_name": name}
        run_hook(name, given | more)

    def says(n: int, role: str, content: Any) -> None:
        line = {"sessionId": session, "cwd": "/w", "uuid": f"u{n}", "type": role,
                "timestamp": f"2026-03-05T14:00:{n:02}.000Z", "message": {"role": role, "content": content}}  # fmt: skip
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    says(1, "user", "never deploy on a Friday")
    ran = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make drain"}}
    says(2, "assistant", [ran])
    hook("PreCompact", trigger="auto", custom_instructions="")
    hook("PostCompact", trigger="auto", compact_summary="We ran make drain.")
    hook("SessionStart", source="compact")
    hook("UserPromptSubmit", prompt="go on")
    says(3, "user", "go on")
    says(4, "assistant", "Gone on.")
    hook("Stop", stop_hook_active=False, last_assistant_message="Gone on.")
    client.drain(home, settings)
    for name, what in (("b", [session]), ("b0", [f"{session}@0"]), ("br", [session, "--redact"])):
        assert root.main(["export", "post-mortem", *what, "-o", str(tmp_path / name)]) == 0
        code, said = verified(tmp_path / name, capfd)
        assert code == 0, said
    with stock.connect(tmp_path / "b/incident.db") as con:
        (heard,) = con.execute("SELECT count(*) FROM event WHERE event <> 'captured'").fetchone()
        kept = con.execute("SELECT kept FROM kept WHERE value = 'make drain'").fetchall()
        (source,) = con.execute("SELECT source FROM compaction").fetchone()
    assert (heard, kept, source) == (5, [("verbatim",)], "PostCompact")
    for sql in (
        "UPDATE kept SET kept = NULL WHERE value = 'make drain'",
        "UPDATE event SET data = replace(data, 'make drain', 'nothing') WHERE event = 'PostCompact'",
    ):
        place = forged(Path(shutil.copytree(tmp_path / "b", tmp_path / f"f{len(sql)}")), sql)
        code, said = verified(place, capfd)
        assert code == 1 and "table kept" in said and "cannot be followed" not in said


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "first byte": flip, "a prefix": lambda data: b"x" * 9 + data, "nothing left": lambda data: b"",
    "an empty zip": lambda data: b"PK\x05\x06" + bytes(18), "half": lambda data: data[: len(data) // 2],
    "text": lambda data: b"hello",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_whatever_became_of_a_zip_is_bad_news_in_a_sentence(
    filled: Home, tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = write(filled, tmp_path / "b.zip", "session-a")
    assert verified(place, capfd)[0] == 0
    whole = place.read_bytes()
    for spoilt in (place, tmp_path / "without an ending"):
        spoilt.write_bytes(SPOILT[how](whole))
        code, said = verified(spoilt, capfd)
        assert code == 1 and " problem" in said and "archive.db" not in said and str(spoilt) in said


@pytest.mark.parametrize("name", ["incident.db", "manifest.json", "report.md", "chain.jsonl", ""])
def test_what_is_no_regular_file_is_bad_news_and_never_waited_for(
    bundle: Path, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "b" if name else tmp_path / "b.zip"
    if name:
        shutil.copytree(bundle, place)
        (place / name).unlink()
    os.mkfifo(place / name if name else place)
    code, said = verified(place, capfd)
    assert code == 1 and "no regular file" in said


def test_a_bundle_without_its_manifest_is_one_and_an_sqlite_file_is_none(
    bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    (place / "manifest.json").unlink()
    assert verified(place, capfd) == (1, "manifest.json: it is missing\n1 problem\n")
    code = root.main(["admin", "verify", str(place / "incident.db")])
    assert code == NotFoundError.exit_code and "an SQLite file, no bundle" in capfd.readouterr().err


def test_an_anchor_of_another_archive_is_refused_before_anything_is_written(
    filled: Home, home: Home, tmp_path: Path
) -> None:
    archives.fill(home, [record("another")])
    with archives.reading(home) as con:
        other = anchors.take(con, made="2026-03-05T14:30:00Z")
    with pytest.raises(RefusedError, match="another archive"):
        write(filled, tmp_path / "b", anchor=other)
    assert not (tmp_path / "b").exists()
    with archives.reading(filled) as con:
        write(filled, tmp_path / "b", anchor=anchors.take(con, made="2026-03-05T14:30:00Z"))


def test_a_search_that_finds_nothing_says_so_and_names_the_search(filled: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no record in what was asked for: search zzznothing") as found:
        write(filled, tmp_path / "b", text="zzznothing")
    assert found.value.hint == "memlog query search WORDS"


NAMED: dict[str, tuple[str, str]] = {
    "UPDATE loss SET kind = 'zz' WHERE rowid = 1": ("incident.db", "its table loss has rows of a kind"),
    "UPDATE fact SET kind = 'zz' WHERE rowid = 1": ("incident.db", "its table fact has rows of a kind"),
    "DELETE FROM session WHERE rowid = 1": ("incident.db", "its table session lacks session"),
    "DELETE FROM epoch WHERE epoch = 1": ("incident.db", "its table epoch lacks epoch 1 of session"),
    "UPDATE epoch SET epoch = 'x' || epoch": ("incident.db", "table epoch"),
    "UPDATE epoch SET opened_ns = x'00'": ("incident.db", "incident.db"),
    "UPDATE record SET text = CAST(text AS BLOB)": ("incident.db", "is no text"),
    "UPDATE record SET ts_ns = 'x'": ("incident.db", "something else of itself"),
    "UPDATE event SET ts_ns = 'x', data = 'no json'": ("", ""),
    "UPDATE kept SET weight = 'x'": ("incident.db", "table kept"),
    "UPDATE compaction SET ended_ns = 'x', tokens_before = 'x'": ("incident.db", "table compaction"),
    "UPDATE export SET value = x'ff'": ("incident.db", "table export"),
    "UPDATE step SET ts = x'ff', who = NULL, epoch = 'x'": ("incident.db", "table step"),
}  # fmt: skip


@pytest.mark.parametrize("sql", NAMED)
def test_whatever_a_forger_puts_into_a_table_is_told_of_that_table_and_of_no_other_file(
    bundle: Path, tmp_path: Path, sql: str
) -> None:
    place = forged(Path(shutil.copytree(bundle, tmp_path / "b")), sql, reports=False)
    where, what = NAMED[sql]
    told = [f"{one.where}: {one.what}" for one in bundle_check.verify(str(place)).problems]
    assert told and any(where in words and what in words for words in told), told
    assert not any("cannot be followed" in words or words.startswith("chain.jsonl") for words in told)


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("chain.jsonl", b"[1]\n", "line 1 is none that memlog writes"),
        ("chain.jsonl", b'{"link": 1}\n', "line 1 is none that memlog writes"),
        ("chain.jsonl", b"\xff\n", "line 1 is none that memlog writes"),
        ("chain.jsonl", b'{"memlog_chain": 1, "before": "zz"}\n', "line 1 is none that memlog writes"),
        ("incident.db", b"no database", "it cannot be read: file is not a database"),
        ("anchor.json", b"[]", "it is no anchor"),
        ("anchor.json", b"no JSON", "it is no anchor"),
    ],
)
def test_a_file_that_is_none_of_ours_is_named_with_what_is_wrong(
    bundle: Path, tmp_path: Path, name: str, data: bytes, what: str
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    (place / name).write_bytes(data)
    written = json.loads((place / "manifest.json").read_bytes())
    with (place / name).open("rb") as opened:
        written["files"][name] = manifest.digest_of(opened)
    (place / "manifest.json").write_bytes(manifest.dump(written))
    assert any(one.where == name and what in one.what for one in bundle_check.verify(str(place)).problems)


def test_a_manifest_that_is_no_json_and_a_place_where_nothing_is_are_told_so(
    bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / "b"))
    (place / "manifest.json").write_text("nojson")
    assert found_out(place)[0].startswith("it is no JSON: ")
    code, said = verified(tmp_path / "nosuch", capfd)
    assert code == 3 and f"there is no file and no folder {tmp_path / 'nosuch'}" in said


@pytest.mark.parametrize("name", ["incident.db", "manifest.json"])
def test_a_zip_that_grows_when_it_is_unpacked_is_read_no_further_than_its_manifest_says(
    filled: Home, tmp_path: Path, name: str
) -> None:
    place, grown = write(filled, tmp_path / "b.zip", "session-a"), tmp_path / "grown.zip"
    large = 48 << 20
    with (
        zipfile.ZipFile(place) as old,
        zipfile.ZipFile(grown, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            new.writestr(info.filename, bytes(large) if info.filename == name else old.read(info))
    assert grown.stat().st_size < large // 20
    read: list[int] = []
    tracemalloc.start()
    found = bundle_check.verify(str(grown), told=read.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert name in [problem.where for problem in found.problems]
    assert sum(read) < 4 << 20 and peak < 40 << 20  # of what has another size than it says, nothing
