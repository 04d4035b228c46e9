"""Import: every line of every transcript once, whatever was there before and however often."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import corpus

from archives import NOW_NS
from memlog.archive.store import Archive
from memlog.capture import watermark
from memlog.capture.agents import READERS
from memlog.errors import InputError
from memlog.paths import Home
from memlog.record import encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.witness import backfill, client
from witness import ask, identities, one, records, running, until, uuids

DATA = Path(__file__).parents[1] / "data"
SESSIONS = DATA / "sessions"


@pytest.fixture
def archive(home: Home, settings: Settings) -> Iterator[Archive]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as found:
        yield found


def run(archive: Archive, *paths: Path, agent: str = "claude-code", **args: Any) -> dict[str, Any]:
    steps = backfill.import_job(
        archive, archive.settings, {"agent": agent, "paths": [str(p) for p in paths], **args}
    )
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as stop:
            assert told[-1].done == told[-1].total
            assert [p.done for p in told] == sorted(p.done for p in told)
            return dict(stop.value)


def made(path: Path, size: int = 60_000, seed: int = 1) -> Path:
    corpus.transcript(path, size, seed=seed)
    return path


def test_a_second_import_reads_nothing_and_one_asked_for_again_adds_nothing(archive: Archive) -> None:
    first = run(archive, SESSIONS)
    assert first["files"] >= 7 and first["records"] > 20 and first["unread"] == 0
    before = identities(archive.home)
    second = run(archive, SESSIONS)
    assert (second["files"], second["unchanged"], second["records"]) == (0, first["files"], 0)
    again = run(archive, SESSIONS, again=True)
    assert (again["files"], again["unchanged"], again["records"]) == (first["files"], 0, 0)
    assert again["already"] >= first["records"]
    assert identities(archive.home) == before


def test_a_file_that_grew_is_read_from_where_it_was_left(archive: Archive, tmp_path: Path) -> None:
    path = made(tmp_path / "a.jsonl")
    whole = path.read_bytes()
    lines = 0
    for share in (0.3, 0.55, 0.8, 1):
        path.write_bytes(whole[: int(len(whole) * share)])  # the cut falls into a line
        lines += run(archive, path)["lines"]
    assert lines == len(whole.splitlines())
    assert uuids(path) <= {source for (source,) in ask(archive.home, "SELECT source_id FROM v_record")}
    assert one(archive.home, "SELECT count(*) FROM v_record WHERE kind = 'damage'") == 0


def test_the_bytes_of_an_unfinished_line_are_told_and_left(archive: Archive, tmp_path: Path) -> None:
    path = made(tmp_path / "a.jsonl")
    with path.open("ab") as file:
        file.write(b'{"type": "user", "mess')
    assert run(archive, path)["torn"] == 22


def test_a_file_that_was_replaced_is_read_anew(archive: Archive, tmp_path: Path) -> None:
    path = made(tmp_path / "a.jsonl")
    run(archive, path)
    other = made(tmp_path / "b.jsonl", size=90_000, seed=2)
    os.replace(other, path)
    result = run(archive, path)
    assert result["files"] == 1 and result["lines"] == len(path.read_bytes().splitlines())
    assert uuids(path) <= {source for (source,) in ask(archive.home, "SELECT source_id FROM v_record")}


def test_a_zipped_transcript_gives_the_same_records(archive: Archive, tmp_path: Path) -> None:
    path = made(tmp_path / "a.jsonl")
    run(archive, path)
    zipped = tmp_path / "zipped" / "a.jsonl.gz"
    zipped.parent.mkdir()
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    result = run(archive, zipped)
    assert (result["records"], result["torn"]) == (0, 0) and result["already"] > 10
    assert run(archive, zipped)["unchanged"] == 1


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(archive: Archive, tmp_path: Path) -> None:
    made(tmp_path / "a.jsonl")
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(b"this is no gzip file")
    gone = tmp_path / "gone.jsonl"
    gone.symlink_to(tmp_path / "nothing")
    made(tmp_path / "z.jsonl", seed=3)
    result = run(archive, tmp_path)
    assert result["unread"] == 1 and str(bad) in result["unreadable"][0]["error"]
    assert result["sessions"] == 2


def test_a_path_that_is_not_there_stops_everything_before_it_begins(archive: Archive, tmp_path: Path) -> None:
    made(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="nowhere"):
        run(archive, tmp_path / "a.jsonl", tmp_path / "nowhere")
    with pytest.raises(InputError, match="no agent"):
        run(archive, tmp_path, agent="nobody")
    assert one(archive.home, "SELECT count(*) FROM v_record") == 0


def test_the_tally_says_what_the_archive_holds(archive: Archive) -> None:
    result = run(archive, SESSIONS / "odd.jsonl", SESSIONS / "compacted.jsonl")
    home = archive.home
    assert result["records"] == one(home, "SELECT count(*) FROM v_record WHERE part = 0")
    assert result["sessions"] == one(home, "SELECT count(*) FROM v_session")
    assert result["damage"] == one(home, "SELECT count(*) FROM v_record WHERE kind = 'damage'") > 0
    assert sum(result["redacted"].values()) == one(home, "SELECT sum(redacted) FROM v_record") > 0


def test_objects_of_our_own_shape_are_imported_line_by_line(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    lines = [
        {"id": f"n{n}", "session": "talk", "ts": f"2026-01-01T00:00:{n:02d}Z", "speaker": "ann", "text": t}
        for n, t in enumerate(["the first", "the second"])
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(archive, path, agent="jsonl")["records"] == 2
    assert ask(archive.home, "SELECT source_id, role, text FROM v_record ORDER BY ts") == [
        ("n0", "ann", "the first"), ("n1", "ann", "the second"),
    ]  # fmt: skip


def test_a_hook_goes_on_after_what_was_imported(archive: Archive, home: Home, tmp_path: Path) -> None:
    path = made(tmp_path / "a.jsonl")
    run(archive, path)
    mark = watermark.load_archived(home, str(path))
    assert mark is not None and mark.offset == path.stat().st_size


def test_an_old_session_imported_after_newer_ones_takes_its_place_in_time(
    archive: Archive, tmp_path: Path
) -> None:
    for name, day in (("new", "2026-03-02"), ("old", "2026-01-05"), ("mid", "2026-02-03")):
        path = tmp_path / f"{name}.jsonl"
        lines = [
            {"id": f"{name}{n}", "session": name, "ts": f"{day}T10:00:{n:02d}Z", "role": "user", "text": name}
            for n in range(3)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        run(archive, path, agent="jsonl")
    found = [session for (session,) in ask(archive.home, "SELECT session FROM v_record ORDER BY id DESC")]
    assert found == ["new"] * 3 + ["mid"] * 3 + ["old"] * 3
    ranges = ask(archive.home, "SELECT first_id, last_id FROM v_session ORDER BY started")
    assert all(a[1] < b[0] for a, b in zip(ranges, ranges[1:], strict=False))


@pytest.mark.slow
def test_an_import_through_the_witness_lets_rings_drain_meanwhile(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    big = made(tmp_path / "big.jsonl", size=6_000_000)
    with running(home, MEMLOG_BATCH_RECORDS="100"):
        told: list[Any] = []
        args = {"agent": "claude-code", "paths": [str(big)]}
        result: list[dict[str, Any]] = []
        thread = threading.Thread(
            target=lambda: result.append(client.run(home, settings, "import", args, {}, told.append))
        )
        thread.start()
        meanwhile = 0
        with open_ring(settings) as ring:
            record = next(corpus.records(1, seed=9))
            for n in range(100):
                if not thread.is_alive():
                    break
                (blob, *_) = encode(record._replace(source_id=f"live-{n}"))
                seq = ring.write(blob)
                until(lambda seq=seq: ring.info().drained_seq >= seq)  # type: ignore[misc]
                meanwhile += thread.is_alive()
        thread.join()
    assert meanwhile, "nothing that was written while it ran was drained before its end"
    assert result[0]["lines"] == len(big.read_bytes().splitlines())
    assert uuids(big) <= {source for (source,) in ask(home, "SELECT source_id FROM v_record")}


@pytest.mark.slow
def test_an_import_that_is_killed_goes_on_where_it_was(
    home: Home, settings: Settings, tmp_path: Path
) -> None:
    big = made(tmp_path / "big.jsonl", size=4_000_000)
    command = [sys.executable, "-m", "memlog.cli.start", "import", "claude-code", str(big), "--json"]
    env = {**os.environ, "MEMLOG_BATCH_RECORDS": "100"}
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: records(home) > 200)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = records(home)
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    result = json.loads(done.stdout)
    lines = len(big.read_bytes().splitlines())
    assert 0 < result["lines"] < lines, "it began anew"
    assert before > 200 and uuids(big) <= {s for (s,) in ask(home, "SELECT source_id FROM v_record")}
    other = Home(str(tmp_path / "other"))
    os.mkdir(other.root, 0o700)
    shutil.copy(home.key, other.key)
    with Archive.open(other, now_ns=NOW_NS, settings=settings) as archive:
        run(archive, big)
    assert identities(home) == identities(other)


def test_ctrl_c_leaves_whole_batches(home: Home, tmp_path: Path) -> None:
    big = made(tmp_path / "big.jsonl", size=4_000_000)
    command = [sys.executable, "-m", "memlog.cli.start", "import", "claude-code", str(big)]
    env = {**os.environ, "MEMLOG_BATCH_RECORDS": "100"}
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: records(home) > 200)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 130 and "run it again to go on" in said
    assert one(home, "PRAGMA integrity_check") == "ok"
    assert one(home, "SELECT count(*) FROM record_fts") == one(home, "SELECT count(*) FROM record")


CODEX, COPILOT = (next((DATA / "agents" / name).rglob("*.jsonl")) for name in ("codex", "copilot-cli"))
TRANSCRIPTS = {
    "claude-code": SESSIONS / "compacted.jsonl", "codex": CODEX, "copilot-cli": COPILOT,
    **{name: next(p for p in sorted((DATA / "documents" / name).rglob("*.*")) if p.is_file())
       for name in ("gemini-cli", "opencode", "swe-agent")},
}  # fmt: skip


@pytest.mark.parametrize("whose", TRANSCRIPTS)
def test_a_transcript_of_another_agent_is_refused_by_name_and_nothing_of_it_is_archived(
    whose: str, archive: Archive
) -> None:
    path = TRANSCRIPTS[whose]
    for agent in READERS:
        has_ids = agent == "jsonl" and whose in ("copilot-cli", "gemini-cli")
        if agent == whose or has_ids:
            continue
        result = run(archive, path, agent=agent)
        assert (result["unread"], result["records"], result["files"]) == (1, 0, 0), agent
        said = result["unreadable"][0]["error"]
        assert said.endswith(f"it looks like {whose}; next: memlog import {whose} {path}"), agent
    assert one(archive.home, "SELECT count(*) FROM v_record") == 0
    own = run(archive, path, agent=whose)
    assert own["unread"] == 0 and own["records"] > 0


def test_what_was_archived_as_one_agents_is_not_unchanged_for_another(
    archive: Archive, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(COPILOT.read_bytes())  # its lines have ids: anybody's lines may be such
    assert run(archive, path, agent="jsonl")["files"] == 1
    assert run(archive, path, agent="jsonl")["unchanged"] == 1
    result = run(archive, path, agent="copilot-cli")
    assert (result["files"], result["unchanged"]) == (1, 0) and result["records"] > 0
    assert run(archive, path, agent="copilot-cli")["unchanged"] == 1


def test_lines_and_documents_no_reader_knows_are_still_kept(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    path.write_text('{"a format": "of tomorrow"}\n' * 3)
    result = run(archive, path)
    assert (result["records"], result["unread"]) == (3, 0)
