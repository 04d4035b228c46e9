"""The writer: an agent of one's own records with a call, and its records are as good as any other's."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import memlog
from conftest import Run
from memlog.capture import spool
from memlog.contracts import KINDS, MAX_BLOB
from memlog.errors import InputError
from memlog.paths import Home
from memlog.record import Record, decode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Frame


def in_ring(settings: Settings) -> list[Any]:
    with open_ring(settings) as ring:
        items = ring.reader().read(100_000, 1 << 30)
    return [decode(item.blob) for item in items if isinstance(item, Frame)]


def rows(run_memlog: Run, sql: str) -> list[dict[str, Any]]:
    run_memlog("witness", "drain", check=0)
    found: list[dict[str, Any]] = json.loads(run_memlog("query", "sql", sql, "--json", check=0).stdout)
    return found


def test_what_is_written_is_found_under_the_agents_own_name(home: Home, run_memlog: Run) -> None:
    with memlog.open_ring(agent="my-bot", session="chat-7", project="/home/me/bot") as ring:
        assert ring.write("Where is the tide table?", role="user", id="q-1", ts="2026-02-03T10:00:00Z") == 1
        ring.write({"path": "tide.csv", "rows": 12}, kind="tool_use", role="assistant", tool="read")
        ring.write(
            "It says 4.2 m.", role="assistant", parent_id="q-1", rest={"model": "small", "at": Path("/x")}
        )
    found = rows(run_memlog, "SELECT * FROM v_record ORDER BY ts_ns = 1770112800000000000 DESC, id")
    assert {(r["agent"], r["session"], r["project"]) for r in found} == {("my-bot", "chat-7", "/home/me/bot")}
    assert [(r["kind"], r["role"], r["tool"], r["text"]) for r in found] == [
        ("message", "user", None, "Where is the tide table?"),
        ("tool_use", "assistant", "read", "path: tide.csv\nrows: 12"),
        ("message", "assistant", None, "It says 4.2 m."),
    ]
    assert found[0]["source_id"] == "q-1" and found[2]["parent_id"] == "q-1"
    assert all(r["decode_error"] is None for r in found)
    hit = json.loads(run_memlog("query", "search", "tide", "--agent", "my-bot", "--json", check=0).stdout)
    assert len(hit) == 2


def test_a_compaction_begins_an_epoch_of_its_session(home: Home, run_memlog: Run) -> None:
    with memlog.open_ring(agent="my-bot", session="long") as ring:
        for n, kind in enumerate(
            ("message", "message", "compaction", "summary", "message", "compaction", "message")
        ):
            ring.write(f"{kind} {n}", kind=kind, ts=f"2026-02-03T1{n}:00:00Z")
    epochs = rows(run_memlog, "SELECT epoch, group_concat(text, '/') AS texts FROM v_record GROUP BY epoch")
    assert [row["texts"] for row in epochs] == [
        "message 0/message 1", "compaction 2/summary 3/message 4", "compaction 5/message 6"
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_any_value_gives_a_blob_of_the_contract(kind: str, settings: Settings) -> None:
    odd: Any = {"deep": {}, "many": 1 << 80, "half": "\ud83d", "none": None, "set": {1}, 5: b"x"}
    inner = odd["deep"]
    for _ in range(200):
        inner["deep"] = {}
        inner = inner["deep"]
    with memlog.open_ring() as ring:
        ring.write("\ud83d text", kind=kind, error=True, rest=odd, id=7, session="s" * 600)
        ring.write(odd, kind=kind)
    first, second = in_ring(settings)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert (first.kind, first.source_id, first.agent, first.error) == (kind, "7", "unknown", True)
    assert len(first.mac) == 8 and first.text == "\\ud83d text" and second.text


def test_a_long_text_is_split_and_none_of_it_is_lost(settings: Settings) -> None:
    text = "größe " * 40_000
    with memlog.open_ring(agent="a", session="s") as ring:
        assert ring.write(text) > 1
    parts = in_ring(settings)
    assert "".join(part.text for part in parts) == text and {part.parts for part in parts} == {len(parts)}


def test_the_same_id_is_one_row_and_another_text_under_it_is_kept_too(home: Home, run_memlog: Run) -> None:
    with memlog.open_ring(agent="a", session="s") as ring:
        for text in ("one", "one", "two"):
            ring.write(text, id="x")
            ring.write("again")
    found = rows(run_memlog, "SELECT text, count(*) AS n FROM v_record GROUP BY text")
    assert {row["text"]: row["n"] for row in found} == {"one": 1, "two": 1, "again": 3}


def test_credentials_do_not_reach_the_ring(settings: Settings) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    with memlog.open_ring() as ring:
        ring.write(f"use {secret}", rest={"header": f"Bearer {secret}"})
    [record] = in_ring(settings)
    assert secret not in repr(record) and record.redacted


@pytest.mark.parametrize("wrong", [
    {"kind": "thought"}, {"id": "~mine"}, {"id": ""}, {"session": ""}, {"agent": []}, {"ts": "soon"}, {"ts": -1},
])  # fmt: skip
def test_what_makes_no_record_is_refused_and_nothing_written(
    wrong: dict[str, Any], settings: Settings
) -> None:
    with memlog.open_ring() as ring, pytest.raises(InputError):
        ring.write("x", **wrong)
    assert in_ring(settings) == []


def test_what_the_ring_does_not_take_waits_in_the_spool(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMLOG_RING_BYTES", "65536")
    with memlog.open_ring(agent="a", session="s") as ring:
        seqs = [ring.write("x" * 20_000, id=n) for n in range(6)]
    assert 0 in seqs and max(seqs) >= 2
    assert len(spool.pending(home)) == seqs.count(0)


def test_threads_and_forks_share_a_writer(settings: Settings) -> None:
    ring = memlog.open_ring(agent="a", session="s")
    threads = [threading.Thread(target=lambda: [ring.write("t") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if not child:
        try:
            for _ in range(50):
                ring.write("f")
        finally:
            os._exit(0)
    for _ in range(50):
        ring.write("p")
    assert os.waitpid(child, 0)[1] == 0
    ring.close()
    assert len(in_ring(settings)) == 300


def test_a_blob_goes_in_as_it_is(settings: Settings) -> None:
    with memlog.open_ring() as ring, open_ring(settings) as plain:
        ring.write(b"\x01anything")
        [frame] = plain.reader().read()
    assert isinstance(frame, Frame) and frame.blob == b"\x01anything" and len(frame.blob) < MAX_BLOB


def test_importing_the_package_costs_nothing_of_the_writer() -> None:
    words = "import sys, memlog; print([m for m in sys.modules if m.startswith('memlog.')])"
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
    with pytest.raises(AttributeError):
        memlog.nothing  # noqa: B018


def test_objects_on_standard_input_are_records_and_other_json_is_a_blob(
    settings: Settings, run_memlog: Run
) -> None:
    one = {"text": "deploy began", "speaker": "ann", "mood": [1], "session": 5, "id": "d-1"}
    done = run_memlog("write", "--json", "--agent", "my-bot", input=json.dumps(one), check=0)
    assert done.stdout == "1\n"
    lines = [{"text": "a", "role": "user"}, {"text": "b", "agent": "other", "session": "own"}]
    given = "\n".join(map(json.dumps, lines)) + "\n"
    done = run_memlog("write", "--json", "--agent", "my-bot", "--session", "s-2", input=given, check=0)
    assert done.stdout == "2\n3\n"
    run_memlog("write", "--json", input='{"note": 1}', check=0)
    first, second, third, blob = in_ring(settings)
    assert (first.agent, first.session, first.source_id, first.role) == ("my-bot", "5", "d-1", "ann")
    assert first.rest == {"mood": [1]}
    assert (second.agent, second.session, third.agent, third.session) == ("my-bot", "s-2", "other", "own")
    assert blob is None
    refused = run_memlog("write", "--json", input='{"text": "a"}\n{"note": 1}\n')
    assert refused.returncode == 4 and "line 2" in refused.stderr
    assert run_memlog("write", "--json", input='{"text": "a", "kind": "x"}').returncode == 2
    assert len(in_ring(settings)) == 4
