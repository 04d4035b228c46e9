"""One hook for every host: what Codex, Gemini CLI and OpenCode hand over becomes what an import gives."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from memlog.capture import agents, install, opencode_plugin
from memlog.capture.transcript import read
from memlog.contracts import COPILOT_EVENTS
from memlog.paths import Home, load_key
from memlog.record import Event, Record, decode, encode
from memlog.ring.open import open_ring
from memlog.settings import Settings
from memlog.wire import Frame

DATA = Path(__file__).parents[1] / "data"
COPILOT = next((DATA / "agents/copilot-cli").rglob("*.jsonl"))
CODEX = next((DATA / "agents/codex").rglob("*.jsonl"))
GEMINI = sorted((DATA / "documents/gemini-cli").rglob("*.json"))[-1]
OPENCODE = sorted((DATA / "documents/opencode").rglob("*.json"))[-1]
NODE = shutil.which("node")


def in_ring(settings: Settings) -> list[Record | Event]:
    with open_ring(settings) as ring:
        items = ring.reader().read(100_000, 1 << 30)
    return [decode(item.blob) for item in items if isinstance(item, Frame)]  # type: ignore[misc]


def records(found: list[Record | Event]) -> list[Record]:
    return [r for r in found if isinstance(r, Record)]


def events(found: list[Record | Event]) -> list[tuple[str, str]]:
    return [(e.agent, e.event) for e in found if isinstance(e, Event)]


def imported(home: Home, agent: str, path: Path) -> list[Record]:
    pieces = read(str(path), agents.reader(agent), key=load_key(home))
    return [decode(blob) for piece in pieces for r in piece.records for blob in encode(r)]  # type: ignore[misc]


def identities(found: list[Record]) -> set[Any]:
    return {(r.agent, r.session, r.source_id, r.block, r.part, r.mac, r.text) for r in found}


def told(session: str, path: Path | str | None, event: str, **fields: Any) -> dict[str, Any]:
    return {
        "session_id": session,
        "transcript_path": path and str(path),
        "cwd": "/w",
        "hook_event_name": event,
        **fields,
    }


@pytest.mark.parametrize(("agent", "path", "event"), [
    ("codex", CODEX, "PreCompact"), ("gemini-cli", GEMINI, "PreCompact"), ("opencode", OPENCODE, "Stop"),
])  # fmt: skip
def test_what_a_hook_captures_is_what_an_import_gives(
    agent: str, path: Path, event: str, home: Home, settings: Settings, run_hook: Run
) -> None:
    run_hook("SessionStart", told("s", path, "SessionStart", source="startup"), agent)
    done = run_hook(event, told("s", path, event, trigger="auto"), agent)
    assert (done.stdout, done.stderr) == ("", "")
    found = in_ring(settings)
    assert identities(records(found)) == identities(imported(home, agent, path))
    assert len(records(found)) == len(identities(records(found)))  # the second call added nothing
    assert events(found) == [(agent, "captured"), (agent, "SessionStart"), (agent, event)]


def test_a_codex_session_whose_file_the_host_does_not_name_is_found(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    codex = tmp_path / "codex"
    shutil.copytree(CODEX.parents[4], codex)
    (codex / "sessions/2026/12/01").mkdir(parents=True)
    run_hook("Stop", told(CODEX.stem[-36:], None, "Stop"), "codex", env={"CODEX_HOME": str(codex)})
    assert records(in_ring(settings)) == imported(home, "codex", CODEX)
    run_hook("Stop", told("../../" + CODEX.stem[-36:], None, "Stop"), "codex", env={"CODEX_HOME": str(codex)})
    assert events(in_ring(settings))[-1] == ("codex", "Stop")


def test_copilot_hands_over_in_its_own_spelling_or_names_the_session_alone(
    home: Home, settings: Settings, run_hook: Run, tmp_path: Path
) -> None:
    said = {
        "sessionId": COPILOT.parent.name,
        "transcriptPath": str(COPILOT),
        "cwd": "/w",
        "stopReason": "end_turn",
    }
    run_hook("Stop", said, "copilot-cli")
    found = in_ring(settings)
    assert records(found) == imported(home, "copilot-cli", COPILOT)
    assert found[-1].session == COPILOT.parent.name
    shutil.copytree(COPILOT.parents[2], tmp_path / "copilot")
    environ = {"COPILOT_HOME": str(tmp_path / "copilot")}
    run_hook("SessionEnd", {"sessionId": COPILOT.parent.name}, "copilot-cli", env=environ)
    assert len(records(in_ring(settings))) == 2 * len(records(found))  # another file, the same rows


def test_the_copilot_hooks_in_the_repository_are_those_of_the_contract() -> None:
    text = (DATA.parents[1] / "integrations/copilot-cli/memlog.json").read_text()
    hooks = json.loads(text)["hooks"]
    found = {event: [hook["bash"] for hook in group] for event, group in hooks.items()}
    line = "command -v memlog-hook >/dev/null || exit 0; exec memlog-hook --agent copilot-cli {}"
    assert found == {event: [line.format(ours)] for event, ours in COPILOT_EVENTS.items()}


def test_an_agent_memlog_has_no_reader_for_leaves_its_events(
    home: Home, settings: Settings, run_hook: Run
) -> None:
    run_hook("Stop", told("s-1", CODEX, "Stop"), "my-bot")
    [event] = in_ring(settings)
    assert isinstance(event, Event) and (event.agent, event.session, event.event) == ("my-bot", "s-1", "Stop")


@pytest.mark.slow
def test_captured_sessions_and_their_import_are_the_same_rows(
    home: Home, run_hook: Run, run_memlog: Run
) -> None:
    run_hook("Stop", told("s", CODEX, "Stop"), "codex")
    run_hook("Stop", told("s", GEMINI, "Stop"), "gemini-cli")
    run_memlog("witness", "drain", check=0)
    count = "SELECT count(*) AS n FROM v_record"
    before = run_memlog("query", "sql", count, "--json", check=0).stdout
    assert json.loads(before)[0]["n"] > 40
    for agent, path in (("codex", CODEX), ("gemini-cli", GEMINI)):
        run_memlog("import", agent, str(path), "--again", check=0)
    assert run_memlog("query", "sql", count, "--json", check=0).stdout == before
    rows = json.loads(run_memlog("query", "sessions", "--json", check=0).stdout)
    assert {row["agent"] for row in rows} >= {"codex", "gemini-cli"}


DRIVER = """
import { Memlog } from %s
const session = JSON.parse(process.argv[2])
const client = { session: {
  get: async ({ path }) => ({ data: { ...session.info, id: path.id } }),
  messages: async () => { if (process.argv[3] === "broken") throw new Error("no"); return { data: session.messages } },
} }
const hooks = await Memlog({ client, directory: "/w" })
const id = session.info.id
await hooks.event({ event: { type: "session.created", properties: { info: { id } } } })
await hooks.event({ event: { type: "message.updated", properties: {} } })
await hooks["experimental.session.compacting"]({ sessionID: id }, { context: [] })
await hooks.event({ event: { type: "session.idle", properties: { sessionID: id } } })
await hooks.event({ event: { type: "session.error", properties: { error: { name: "X" } } } })
"""


@pytest.mark.skipif(NODE is None, reason="no JavaScript runtime here")
@pytest.mark.parametrize("state", ["whole", "broken"])
def test_the_opencode_plugin_hands_sessions_over_and_leaves_nothing_behind(
    state: str, home: Home, settings: Settings, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / install.PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m memlog.capture.hook "$@"\n')
    program.chmod(0o755)
    plugin = tmp_path / "memlog.mjs"
    plugin.write_bytes(opencode_plugin.source(home, str(program)))
    left = Path(home.root, "opencode/ses_old.json")
    left.parent.mkdir(parents=True, mode=0o700)
    left.write_text("{}")
    os.utime(left, (1, 1))
    driver = tmp_path / "driver.mjs"
    driver.write_text(DRIVER % json.dumps(str(plugin)))
    done = subprocess.run(
        [str(NODE), str(driver), OPENCODE.read_text(), state], capture_output=True, text=True, timeout=40
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = in_ring(settings)
    said = [event for _, event in events(found) if event != "captured"]
    assert said == ["SessionStart", "PreCompact", "Stop", "StopFailure"]
    if state == "whole":
        assert identities(records(found)) == identities(imported(home, "opencode", OPENCODE))
        assert stat.S_IMODE(left.parent.stat().st_mode) == 0o700
    else:
        assert records(found) == []
    assert list(left.parent.iterdir()) == []
