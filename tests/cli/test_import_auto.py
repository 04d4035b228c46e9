"""`memlog import auto`: every agent of this machine, at its own places or where its environment says."""

import json
import os
import shutil
from pathlib import Path

import pytest

from conftest import Run
from memlog.capture import agents, places
from memlog.paths import Home
from witness import records

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def machine() -> dict[str, str]:
    """Transcripts of four agents in a user's home, Codex's elsewhere; the environment that says so."""
    user = Path(os.environ["HOME"])
    shutil.copytree(DATA / "sessions", user / ".claude/projects/-w", ignore=shutil.ignore_patterns("*.py"))
    shutil.copytree(DATA / "agents/codex", user / "elsewhere/codex")
    shutil.copytree(DATA / "agents/copilot-cli", user / ".copilot")
    chats = user / ".gemini/tmp/0a1b/chats"
    chats.mkdir(parents=True)
    for path in (DATA / "documents/gemini-cli").rglob("session-*.json"):
        shutil.copy(path, chats)
    return {"CODEX_HOME": str(user / "elsewhere/codex")}


def test_it_finds_each_agent_and_a_second_run_adds_nothing(
    machine: dict[str, str], home: Home, run_memlog: Run
) -> None:
    result = json.loads(run_memlog("import", "auto", "--json", check=0, env=machine).stdout)
    rows = {row["agent"]: row for row in result["agents"]}
    assert list(rows) == ["claude-code", "codex", "copilot-cli", "gemini-cli"]
    assert all(row["files"] and row["records"] and row["sessions"] for row in rows.values())
    assert sum(row["records"] for row in rows.values()) == result["records"] == records(home)
    done = run_memlog("import", "auto", check=0, env=machine)
    table = [line.split() for line in done.stderr.splitlines() if line.startswith("  ")]
    assert table[0] == ["agent", "files", "records", "already"]
    assert {line[0]: line[2] for line in table[1:]} == dict.fromkeys(rows, "0")
    assert done.stdout == ""


def test_nothing_found_is_said_with_where_it_looked(home: Home, run_memlog: Run) -> None:
    user = Path(os.environ["HOME"])
    (user / ".codex/sessions").mkdir(parents=True)
    done = run_memlog("import", "auto", check=0)
    said = {line.split()[1]: line.partition("(")[2] for line in done.stderr.splitlines()[1:]}
    assert said[str(user / ".codex/sessions")] == "nothing in it)"
    assert said[str(user / ".claude/projects")] == "not there)"
    assert not os.path.exists(home.archive)
    run_memlog("import", "auto", "/tmp", check=2)


def test_an_agents_own_places_serve_without_a_path(
    machine: dict[str, str], home: Home, run_memlog: Run
) -> None:
    result = json.loads(run_memlog("import", "codex", "--json", check=0, env=machine).stdout)
    assert [row["agent"] for row in result["agents"]] == ["codex"] and result["records"] == records(home) > 20
    assert "there is no" in run_memlog("import", "codex", check=2).stderr


def test_every_reader_names_its_places_and_the_environment_moves_them() -> None:
    moved = {"CLAUDE_CONFIG_DIR": "/a", "CODEX_HOME": "/b", "COPILOT_HOME": "/c", "GEMINI_CLI_HOME": "/d"}
    for agent in agents.READERS:
        plain = agents.reader(agent).default_paths("/home/u", {})
        assert all(path.startswith("/home/u/") for path in plain)
        there = agents.reader(agent).default_paths("/home/u", moved)
        assert not plain or not any(path.startswith("/home/u/") for path in there), agent
    found, looked = places.look("/nowhere", {})
    assert found == [] and {one.agent for one in looked} >= {
        "claude-code",
        "codex",
        "copilot-cli",
        "gemini-cli",
    }
