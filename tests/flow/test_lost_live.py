"""What compactions took of sessions captured live, and of real ones."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archives import reading
from conftest import Run
from memlog.archive.connection import open_reader
from memlog.paths import Home
from memlog.query.lost import losses
from memlog.query.selection import Selection
from memlog.query.trend import trend
from memlog.settings import Settings
from memlog.witness import client
from shared_data import SHARED, files, unzipped

SESSION = "6a1ff4a2-7a52-4b8e-9f2d-2f2a30f1b9aa"


def live_session(path: Path, run_hook: Run, drain: Callable[[], object], last: str) -> None:
    """A host writes its transcript and calls the hooks; two compactions, whose hooks come in another order each.

    last: a line that is written only when all hooks of the second compaction are over.
    """
    count = 0

    def grow(*lines: dict[str, Any]) -> None:
        nonlocal count
        with path.open("a") as file:
            for line in lines:
                count += 1
                stamp = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
                whole = {
                    "sessionId": SESSION,
                    "cwd": "/w",
                    "uuid": f"u{count}",
                    "timestamp": stamp.replace("+00:00", "Z"),
                }
                file.write(json.dumps({**whole, **line}) + "\n")
                time.sleep(0.002)

    def hook(name: str, **more: Any) -> None:
        run_hook(
            name,
            {
                "session_id": SESSION,
                "transcript_path": str(path),
                "cwd": "/w",
                "hook_event_name": name,
                **more,
            },
        )

    def tool(name: str, **given: Any) -> dict[str, Any]:
        block = {"type": "tool_use", "id": f"toolu_{count + 1}", "name": name, "input": given}
        return {"type": "assistant", "message": {"role": "assistant", "content": [block]}}

    def boundary(tokens: int) -> dict[str, Any]:
        return {"type": "system", "subtype": "compact_boundary", "content": "Conversation compacted",
                "compactMetadata": {"trigger": "auto", "preTokens": tokens}}  # fmt: skip

    def summary(text: str) -> dict[str, Any]:
        return {"type": "user", "isCompactSummary": True, "message": {"role": "user", "content": text}}

    grow(tool("Edit", file_path="/w/left.py", old_string="a"), tool("Bash", command="make"))
    hook("PreCompact", trigger="auto", custom_instructions="")
    drain()
    grow(boundary(15_500), summary("We ran make."))
    hook("SessionStart", source="compact")
    hook("PostCompact", trigger="auto", compact_summary="We ran make.")
    drain()
    grow(tool("Read", file_path="/w/left.py"))
    hook("Stop")
    hook("PreCompact", trigger="auto", custom_instructions="")
    hook("PostCompact", trigger="auto", compact_summary="We read left.py.")
    hook("SessionStart", source="compact")
    drain()
    if last:
        grow(boundary(9_000), summary("We read left.py."), tool("Bash", command=last))
    hook("Stop")
    drain()


@pytest.mark.slow
@pytest.mark.parametrize("last", ["make test", ""])
def test_a_session_captured_live_has_as_many_compactions_as_its_file_or_its_hooks_say(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path, last: str
) -> None:
    path = tmp_path / f"{SESSION}.jsonl"
    live_session(path, run_hook, lambda: client.drain(home, settings), last)
    in_file = sum(
        json.loads(line).get("subtype") == "compact_boundary" for line in path.read_text().splitlines()
    )
    assert in_file == (2 if last else 1), "counted without memlog"
    with reading(home) as con:
        told = con.execute("SELECT event, count(*) FROM v_event WHERE event LIKE '%Compact' OR data LIKE '%compact\"%'"
                           " GROUP BY 1 ORDER BY 1").fetchall()  # fmt: skip
        first, second = losses(con, SESSION)
        assert [row.epoch for row in trend(con, Selection())] == [0, 1]
        assert con.execute("SELECT compactions FROM v_session").fetchall() == [(2,)]
    assert told == [("PostCompact", 2), ("PreCompact", 2), ("SessionStart", 2)], "every hook was heard"
    assert {row.value: (row.kept, row.came_back) for row in first.rows} == {
        "/w/left.py": (None, 1), "make": ("verbatim", 0),
    }  # fmt: skip
    assert (first.trigger, first.tokens_before, first.source, first.unseen) == (
        "auto",
        15_500,
        "transcript",
        (),
    )
    assert {row.value: (row.kept, row.came_back) for row in second.rows} == {
        "/w/left.py": ("name", 0 if last else None)
    }
    if last:
        assert (second.tokens_before, second.source, second.unseen) == (9_000, "transcript", ())
    else:
        assert second.source == "PostCompact" and "no boundary line" in second.unseen[0]


@pytest.mark.data
@pytest.mark.slow
def test_every_compaction_of_real_sessions_has_its_report(home: Home, run_memlog: Run) -> None:
    transcripts = files("claude-code", "*.gz") + files("codex", "*.gz")
    run_memlog("import", "claude-code", str(transcripts[0].parent), check=0, timeout=250)
    run_memlog("import", "codex", str(files("codex", "*.gz")[0].parent), check=0, timeout=250)
    boundaries = 0
    for path in transcripts:
        for line in unzipped(path).splitlines():
            body = json.loads(line) if b"compact" in line else {}
            boundaries += body.get("subtype") == "compact_boundary" or body.get("type") == "compacted"
    con = open_reader(home.archive)
    found = list(trend(con, Selection()))
    con.close()
    assert len(found) == boundaries == 30
    assert all(row.facts and row.kept + row.lost == row.facts for row in found)


@pytest.mark.data
@pytest.mark.slow
def test_what_agents_come_back_for_is_ranked_before_what_they_used_most(home: Home, run_memlog: Run) -> None:
    transcripts = files("claude-code", "*.gz")
    run_memlog("import", "claude-code", str(transcripts[0].parent), check=0, timeout=250)
    memlog = Path(sys.executable).with_name("memlog")
    command = f"{memlog} --home {home.root} query lost {{session}} --epoch {{epoch}} --limit 200 --json"
    script = [sys.executable, str(SHARED / "tools/comeback_eval.py"), *map(str, transcripts)]

    def share(*options: str) -> dict[str, float]:
        told = subprocess.run([*script, *options], capture_output=True, text=True, check=True).stdout
        return {line.split()[0]: float(line.split()[3]) for line in told.splitlines() if " all " in line}

    for k, reach in (("5", 0.60), ("10", 0.80)):
        ours = share("-k", k, "--cmd", command)["memlog"]
        assert ours >= reach and ours > share("-k", k)["frequent"] + 0.08
