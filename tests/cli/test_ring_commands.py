"""`memlog show|tail|stats|clear|write|version|resize`, as a person and a script see them."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Run
from memlog import record
from memlog.cli import ring_rows
from memlog.contracts import MAX_BLOB
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from shared_data import DATA

KEYS = ["seq", "ts_ns", "uid", "pid", "session_id", "schema_version", "length", "payload_b64"]
STATS = [
    "total_writes", "total_evictions", "records_in_ring", "ring_bytes", "ring_capacity", "oldest_ts_ns",
    "newest_ts_ns",
]  # fmt: skip


def write_all(settings: Settings, *blobs: bytes, session: str | None = None) -> None:
    with open_ring(settings) as ring:
        for blob in blobs:
            ring.write(blob, session=session)


def said(blob: str, **named: object) -> bytes:
    fields = {
        "agent": "claude-code",
        "session": "s-1",
        "source_id": "u1",
        "block": 0,
        "kind": "message",
        "ts_ns": 1,
    }
    return record.encode(record.Record(**{**fields, "text": blob, "mac": b"12345678", **named}))[0]  # type: ignore[arg-type]


def test_version_ends_with_the_schema(run_memlog: Run) -> None:
    assert run_memlog("version", check=0).stdout.split()[-2:] == ["schema_version:", "1"]


def test_write_then_show_gives_the_payload_back(run_memlog: Run) -> None:
    assert run_memlog("write", input="hello", check=0).stdout == "1\n"
    assert run_memlog("write", "--session", "abc", input="again", check=0).stdout == "2\n"
    # what an existing client's smoke test does: the last line is the newest payload
    assert run_memlog("show", "--format", "raw", "--limit", "1", check=0).stdout.splitlines()[-1] == "again"
    rows = [json.loads(line) for line in run_memlog("show", "--format", "json", check=0).stdout.splitlines()]
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert base64.b64decode(rows[1]["payload_b64"]) == b"again"
    assert bytes.fromhex(rows[1]["session_id"]) == b"abc".ljust(16, b"\0")


def test_raw_keeps_header_and_payload_in_order_through_a_pipe(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, b"one", b"two\n", b"three")
    lines = run_memlog("show", "--format", "raw", check=0).stdout.splitlines()
    assert [line[:9] for line in lines if line] == [
        "--- seq=1",
        "one",
        "--- seq=2",
        "two",
        "--- seq=3",
        "three",
    ]


def test_show_decodes_records_events_and_foreign_blobs(run_memlog: Run, settings: Settings) -> None:
    event = record.Event("PreCompact", "claude-code", "s-1", 2, {"trigger": "auto"})
    write_all(
        settings, said("first line\nsecond"), record.encode_event(event), b"\xa1\x61k\x61v", b"\xffno cbor"
    )
    rows = json.loads(run_memlog("show", "--json", check=0).stdout)
    assert [(r["kind"], r["session"], r["text"]) for r in rows] == [
        ("message", "s-1", "first line"), ("PreCompact", "s-1", "trigger: auto"), ("blob", None, "k: v"),
        ("blob", None, "\ufffdno cbor"),
    ]  # fmt: skip


def test_limit_means_the_newest_and_since_the_latest(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, *(b"%d" % n for n in range(20)))
    rows = json.loads(run_memlog("show", "--limit", "3", check=0).stdout)
    assert [row["text"] for row in rows] == ["17", "18", "19"]
    for since in ("30s", "10m", "2h", "1d", "60"):
        assert len(json.loads(run_memlog("show", "--since", since, check=0).stdout)) == 20
    time.sleep(0.05)
    assert json.loads(run_memlog("show", "--since", "0.01", check=0).stdout) == []
    for wrong in ("soon", "99999999d", "1e300", "nan"):
        assert "understood: 2026-03-05" in run_memlog("show", "--since", wrong, check=2).stderr


def test_a_lost_range_and_damage_are_shown_where_they_are(
    run_memlog: Run, tmp_path: Path, settings: Settings
) -> None:
    write_all(settings, b"one", b"two", b"three")
    with open_ring(settings) as ring:
        found = [item.header.pack() + item.blob for item in ring.reader().read()]  # type: ignore[union-attr]
    image = tmp_path / "image.bin"
    image.write_bytes(found[0] + bytes(58) + found[1] + found[2])
    rows = json.loads(run_memlog("show", "--device", str(image), "--json", check=0).stdout)
    assert [row["kind"] for row in rows] == ["blob", "damage", "blob", "blob"]
    assert run_memlog("write", "--device", str(image), input="x").returncode == 7


def test_hostile_text_reaches_no_terminal(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, said("\x1b]0;owned\x07 \u202eevil"))
    out = run_memlog("tail", check=0).stdout + run_memlog("show", "--table", check=0).stdout
    assert "\x1b" not in out and "\u202e" not in out and "owned" in out


def test_write_says_what_it_does_not_take(run_memlog: Run) -> None:
    empty = run_memlog("write", input="")
    assert empty.returncode == 2 and "empty" in empty.stderr
    large = run_memlog("write", input="x" * (MAX_BLOB + 1))
    assert large.returncode == 4 and "65,536" in large.stderr
    assert run_memlog("write", "--cbor", input="\xa1 this is no cbor").returncode == 4
    assert run_memlog("write", "--json", input="{not json").returncode == 4
    assert run_memlog("write", input="x" * MAX_BLOB, check=0).stdout == "1\n"


def test_json_becomes_cbor(run_memlog: Run) -> None:
    run_memlog("write", "--json", input='{"note": "größe", "n": [1, 2]}', check=0)
    row = json.loads(run_memlog("show", "--format", "json", check=0).stdout)
    assert record.load_cbor(base64.b64decode(row["payload_b64"])) == {"note": "größe", "n": [1, 2]}


def test_wait_archived_ends_with_the_drained_mark(run_memlog: Run, settings: Settings) -> None:
    late = run_memlog("write", "--wait", "archived", "--timeout", "0.1", input="x")
    assert late.returncode == 5 and late.stdout == "1\n" and "memlog witness run" in late.stderr
    with open_ring(settings) as ring:
        ring.set_drained(2)  # as a witness would after its COMMIT
    assert run_memlog("write", "--wait", "archived", "--timeout", "20", input="y", check=0).stdout == "2\n"


def test_stats_have_the_struct_s_keys_and_the_ring_s_own(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, b"one", b"two")
    found = json.loads(run_memlog("stats", "--format", "json", check=0).stdout)
    assert list(found)[: len(STATS)] == STATS
    assert (found["kind"], found["undrained"], found["total_writes"]) == ("shm", 2, 2)
    text = dict(line.split(maxsplit=1) for line in run_memlog("stats", check=0).stdout.splitlines())
    assert text["records_in_ring"] == "2" and text["path"].endswith("/ring/ring")


def test_clear_refuses_undrained_records_unless_forced(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, b"one")
    refused = run_memlog("clear")
    assert refused.returncode == 7 and "memlog witness drain" in refused.stderr
    assert "1 ring record dropped" in run_memlog("clear", "--force", check=0).stderr
    assert run_memlog("clear", check=0).returncode == 0


@pytest.mark.parametrize(
    ("drained", "cleared", "kind", "words"),
    [
        (2, True, "cleared", "2 records cleared, archived before: 1 to 2"),
        (0, True, "cleared", "2 records cleared that no witness had archived: 1 to 2"),
        (9, False, "archived", "records no longer in the ring, archived before: 1 to"),
        (0, False, "gap", "records lost: 1 to"),
    ],
)
def test_what_was_archived_or_cleared_is_not_called_lost(
    settings: Settings, capsys: pytest.CaptureFixture[str], drained: int, cleared: bool, kind: str, words: str
) -> None:
    with open_ring(settings._replace(ring_bytes=65_536)) as ring:
        reader = ring.reader()
        for _ in range(2 if cleared else 9):
            ring.write(b"x" * 30_000)
        ring.set_drained(drained)
        if cleared:
            ring.clear(force=True)
        ring.write(b"later")
        for item in ring_rows.everything(reader, ring.info().next_seq - 1):
            ring_rows.printer(None, ring)(item)
    first = capsys.readouterr().out.splitlines()[0]
    assert words in first and f"  {kind}  " in first


def test_resize_keeps_undrained_records_unless_forced(run_memlog: Run, settings: Settings) -> None:
    write_all(settings, *[b"x" * 60_000] * 3)
    assert run_memlog("resize", "64K").returncode == 7
    assert run_memlog("resize", "1M", check=0).returncode == 0
    assert run_memlog("resize", "64K", "--force", check=0).returncode == 0
    assert json.loads(run_memlog("stats", "--format", "json", check=0).stdout)["records_in_ring"] == 1
    for wrong in ("12", "1T", "much", "1G"):
        assert run_memlog("resize", wrong).returncode == 2


def test_a_missing_device_is_said_in_a_sentence(run_memlog: Run) -> None:
    done = run_memlog("stats", "--ring", "kernel", env={"MEMLOG_DEVICE": "/dev/memlog-absent"})
    assert done.returncode == 5 and "not loaded" in done.stderr and "Traceback" not in done.stderr
    assert run_memlog("show", "--device", "/nowhere/ring.bin").returncode == 3
    assert run_memlog("show", "--uid", str(os.geteuid() + 1)).returncode == 7
    assert run_memlog("show", "--uid", str(os.geteuid()), check=0).stdout == "[]\n"


def test_tail_follows_what_other_processes_write(home: Home, settings: Settings) -> None:
    write_all(settings, *(b"no. %d" % n for n in range(5)))
    command = [sys.executable, "-m", "memlog.cli.start", "tail", "-f", "-n", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        try:
            assert tail.stdout
            first = [tail.stdout.readline().split()[-1] for _ in range(2)]
            write_all(settings, b"later", session="s")
            later = tail.stdout.readline().split()
            with open_ring(settings) as ring:
                os.unlink(ring.path)  # and another ring lies there
            write_all(settings, b"new-ring")
            anew = tail.stdout.readline().split()[-1]
            tail.send_signal(signal.SIGINT)
            tail.wait(20)
        finally:
            tail.kill()
    assert first == ["3", "4"] and later[1:] == ["s", "blob", "later"] and anew == "new-ring"
    assert tail.returncode == 130


def test_help_has_an_example_that_runs(run_memlog: Run) -> None:
    for name in ("show", "tail", "stats", "clear", "resize", "version"):
        text = run_memlog(name, "--help", check=0).stdout
        example = next(line for line in text.splitlines() if "Example:" in line).split("memlog ", 1)[1]
        run_memlog(*example.split(), check=0)


@pytest.mark.data
def test_the_recorded_image_reads_through_a_path_and_through_a_pipe(run_memlog: Run) -> None:
    image = DATA / "ring" / "memlog-replay.bin"
    rows = json.loads(run_memlog("show", "--device", str(image), check=0).stdout)
    assert [(r["seq"], r["session"]) for r in rows] == [(0, "session-a"), (1, "session-a"), (2, "session-b")]
    with image.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "memlog.cli.start", "show", "--device", "-"],
            stdin=file,
            capture_output=True,
            text=True,
        )
    assert json.loads(done.stdout) == rows
