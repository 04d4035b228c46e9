"""Real Gemini CLI, OpenCode and SWE-agent sessions, imported, against a count that knows nothing of the importer."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memlog.paths import Home
from shared_data import files
from witness import ask, one

pytestmark = pytest.mark.data

SAID = ("message", "thinking", "tool_use", "tool_result", "attachment", "summary", "compaction")


def read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


class Counted:
    """What a document holds, by the words of docs/records.md and nothing else."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.ids: set[str] = set()
        self.texts: list[str] = []

    def say(self, kind: str, *texts: Any) -> None:
        self.kinds[kind] += 1
        self.texts += [text for value in texts for text in leaves(value)]


def gemini(document: Any) -> Counted:
    found = Counted()
    found.say("meta")  # its head
    for message in document["messages"]:
        found.ids.add(message["id"])
        content = message["content"]
        if message["type"] not in ("user", "gemini"):
            found.say("meta", content)
            continue
        if content:
            found.say("message", content)
        for thought in message.get("thoughts", []):
            found.say("thinking", thought["subject"], thought["description"])
        for call in message.get("toolCalls", []):
            found.say("tool_use", call["args"])
            found.say("tool_result", [r["functionResponse"]["response"]["output"] for r in call["result"]])
        if "tokens" in message:
            found.say("meta")
    return found


def opencode(document: Any) -> Counted:
    found = Counted()
    found.say("meta")
    late = {"title", "agent", "model"} & set(document["info"])
    for key in late:
        found.say("meta", document["info"][key] if key == "title" else None)
    for message in document["messages"]:
        found.ids.add(message["info"]["id"])
        for part in message["parts"]:
            if part["type"] in ("text", "reasoning"):
                found.say("message" if part["type"] == "text" else "thinking", part["text"])
            elif part["type"] == "tool":
                found.say("tool_use", part["state"]["input"])
                found.say("tool_result", part["state"]["output"])
            else:
                found.say("meta")
        if "completed" in message["info"]["time"]:
            found.say("meta")
    return found


def swe_agent(document: Any) -> Counted:
    found = Counted()
    found.say("meta")
    for _ in [k for k in document if k not in ("environment", "trajectory", "history", "info")] + [
        *document["info"]
    ]:
        found.say("meta")
    for entry in document["history"]:
        is_answer = entry["role"] == "tool" or (entry["role"] == "user" and found.kinds["tool_use"])
        found.say("tool_result" if is_answer else "message", entry["content"])
        for call in entry.get("tool_calls", []):
            found.say("tool_use", entry["action"], json.loads(call["function"]["arguments"]))
        if entry["role"] == "assistant" and "tool_calls" not in entry:
            found.say("tool_use", entry["action"])
    for step in document["trajectory"]:
        found.say("meta", *(step[key] for key in ("action", "observation", "response", "thought")))
    said = [n for n, entry in enumerate(document["history"]) if entry["role"] == "assistant"]
    for step, first, after in zip(document["trajectory"], said, [*said[1:], None], strict=True):
        told = document["history"][first:after]  # what the model said, and what it was answered
        for key, kind, entries in (
            ("response", "message", told[:1]),
            ("observation", "tool_result", told[1:]),
        ):
            if step[key] and not any(step[key] in entry["content"] for entry in entries):
                found.say(kind, step[key])
    return found


def leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in leaves(child)]


COUNTERS = {"gemini-cli": gemini, "opencode": opencode, "swe-agent": swe_agent}
FILES = [(agent, path) for agent in COUNTERS for path in files(agent, "*.gz")]


def imported(home: Home, agent: str, *paths: Path, again: bool = False) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "memlog.cli.start", "import", agent, "--json", *(["--again"] if again else []), *map(str, paths)],
        env={**os.environ, "MEMLOG_HOME": home.root, "MEMLOG_REDACT": "false"}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("agent", "path"), FILES, ids=[path.name[:40] for _, path in FILES])
def test_each_file_gives_the_counted_records_ids_and_texts_and_nothing_twice(
    agent: str, path: Path, home: Home
) -> None:
    counted = COUNTERS[agent](read(path))
    result = imported(home, agent, path)
    assert (result["damage"], result["torn"], result["unread"], result["sessions"]) == (0, 0, 0, 1)
    stored = Counter(dict(ask(home, "SELECT kind, count(*) FROM v_record WHERE part = 0 GROUP BY kind")))
    assert stored == counted.kinds and result["records"] == sum(stored.values())
    assert counted.ids <= {source for (source,) in ask(home, "SELECT source_id FROM v_record")}
    texts = [text for (text,) in ask(home, "SELECT text FROM v_record ORDER BY source_id, block, part")]
    whole = "\x00".join(texts)
    assert [text for text in counted.texts if text not in whole] == [] and len(counted.texts) > 5
    rows = ask(home, "SELECT * FROM v_record ORDER BY id")
    again = imported(home, agent, path, again=True)
    assert again["records"] == 0 and ask(home, "SELECT * FROM v_record ORDER BY id") == rows
    assert (
        one(
            home,
            "SELECT count(*) FROM v_record WHERE ts_ns <= 0 OR (project IS NULL AND agent != 'gemini-cli')",
        )
        == 0
    )


def test_the_gemini_session_at_three_points_of_growth_is_the_last_of_them(home: Home, tmp_path: Path) -> None:
    found = sorted((len(read(path)["messages"]), path) for path in files("gemini-cli", "*.gz"))
    said = (
        "SELECT session, source_id, block, part, kind, role, tool, ts_ns, project, text "
        "FROM v_record WHERE source_id NOT LIKE '~%' ORDER BY 1, 2, 3, 4"
    )
    for _, path in found:
        imported(home, "gemini-cli", path)
    other = Home(str(tmp_path / "other"))
    imported(other, "gemini-cli", found[-1][1])
    assert ask(home, said) == ask(other, said)
    kinds = "SELECT kind, count(*) FROM v_record GROUP BY kind ORDER BY kind"
    assert ask(home, kinds) == ask(other, kinds)
    assert one(home, "SELECT count(*) FROM v_session") == 1 and len(found) == 3
