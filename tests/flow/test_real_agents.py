"""Real Codex and Copilot CLI sessions, imported, against counters that know nothing of the importer."""

import json
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from memlog.archive.connection import open_reader
from memlog.capture import agents
from memlog.capture.transcript import read
from memlog.capture.watermark import Watermark
from memlog.paths import Home
from shared_data import files, leaves, unzipped

pytestmark = pytest.mark.data

FILES = {agent: files(agent, "*.gz") for agent in ("codex", "copilot-cli")}
SAID = ("message", "thinking", "tool_use", "tool_result", "attachment", "summary")
KEY = b"k" * 32


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in unzipped(path).splitlines() if line.strip()]


def codex_count(path: Path) -> Counter[str]:
    """Records of a rollout: what both channels say counts once, and the other sighting is bookkeeping."""
    count: Counter[str] = Counter()
    said: dict[str, Counter[Any]] = {"event_msg": Counter(), "response_item": Counter()}
    for line in objects(path):
        kind, payload = line["type"], line["payload"]
        name = payload.get("type", "")
        if kind == "event_msg" and name in ("user_message", "agent_message"):
            said[kind][name[:4], payload["message"]] += 1
        elif kind == "event_msg" and name == "web_search_end":
            said[kind]["web", json.dumps(payload["action"])] += 1
        elif kind == "response_item" and name == "message":
            role = {"user": "user", "assistant": "agen"}.get(payload["role"], payload["role"])
            for block in payload["content"]:
                said[kind][role, block["text"]] += 1
        elif kind == "response_item" and name == "web_search_call":
            said[kind]["web", json.dumps(payload["action"])] += 1
        elif kind == "response_item" and name != "ghost_snapshot":
            count["said"] += 1
        else:
            count["compaction" if kind == "compacted" else "meta"] += 1
    both = said["event_msg"] & said["response_item"]
    count["said"] += sum((said["event_msg"] | said["response_item"]).values())
    count["meta"] += sum(both.values())
    return count


def copilot_count(path: Path) -> Counter[str]:
    """Records of a session: reasoning, text and each request of an answer; a request carried out is no second."""
    count: Counter[str] = Counter()
    for line in objects(path):
        kind, data = line["type"], line["data"]
        if kind == "assistant.message":
            parts = [bool(data.get("reasoningText")), bool(data["content"]), *data["toolRequests"]]
            count["said"] += max(1, sum(map(bool, parts)))
        elif kind in ("user.message", "system.message", "tool.execution_complete"):
            count["said"] += 1 + len(data.get("attachments") or [])
        else:
            count["meta"] += 1
    return count


COUNT = {"codex": codex_count, "copilot-cli": copilot_count}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = tmp_path_factory.mktemp("home") / "memlog"
    for agent, paths in FILES.items():
        assert paths
        run_import(str(home), agent, paths)
    return Home(str(home))


def run_import(home: str, agent: str, paths: list[Path], *flags: str) -> None:
    environ = {**os.environ, "MEMLOG_HOME": home, "MEMLOG_REDACT": "false"}
    command = [sys.executable, "-m", "memlog.cli.start", "import", agent, *flags, *map(str, paths)]
    subprocess.run(command, env=environ, check=True, stdin=subprocess.DEVNULL)


def test_records_metas_compactions_and_epochs_equal_the_independent_count(imported: Home) -> None:
    con = open_reader(imported.archive)
    for agent, paths in FILES.items():
        expected = sum((COUNT[agent](path) for path in paths), Counter[str]())
        rows = con.execute(
            "SELECT kind, count(*) FROM v_record WHERE part = 0 AND agent = ? GROUP BY kind", (agent,)
        ).fetchall()
        assert Counter({k: n for k, n in rows if k not in SAID}) + Counter(
            said=sum(n for k, n in rows if k in SAID)
        ) == expected, agent  # fmt: skip
        sessions = con.execute(
            "SELECT compactions, epochs FROM v_session WHERE agent = ?", (agent,)
        ).fetchall()
        assert len(sessions) == len(paths)
        assert sum(c for c, _ in sessions) == expected["compaction"]
        assert all(epochs == compactions + 1 for compactions, epochs in sessions)


def test_an_epoch_holds_what_stands_before_its_boundary(imported: Home) -> None:
    con = open_reader(imported.archive)
    for path in FILES["codex"]:
        session = objects(path)[0]["payload"]["id"]
        epoch, before = 0, defaultdict(set)
        for line in objects(path):
            epoch += line["type"] == "compacted"
            if line["type"] == "response_item" and line["payload"]["type"] == "function_call_output":
                before[epoch].add(line["payload"]["output"])
        for number, outputs in before.items():
            rows = con.execute(
                "SELECT source_id, text FROM v_record WHERE session = ? AND epoch = ? AND kind = 'tool_result' "
                "ORDER BY source_id, part", (session, number),
            ).fetchall()  # fmt: skip
            joined: dict[str, str] = defaultdict(str)
            for source, text in rows:
                joined[source] += text
            assert outputs <= set(joined.values()), (path.name, number)


def test_no_string_of_any_line_is_missing_and_no_message_stands_twice(imported: Home) -> None:
    con = open_reader(imported.archive)
    compared = 0
    for agent, paths in FILES.items():
        for path in paths:
            reader = agents.reader(agent)
            records = [r for p in read(str(path), reader, key=KEY, redact=False) for r in p.records]
            rows = con.execute(
                "SELECT source_id, block, text FROM v_record WHERE agent = ? AND session = ? ORDER BY source_id, block, part",
                (agent, records[0].session),
            ).fetchall()  # fmt: skip
            stored: dict[Any, str] = defaultdict(str)
            for source, block, text in rows:
                stored[source, block] += text
            whole = "\0".join(stored.values())
            kept = set(leaves([r.rest for r in records])) | {r.source_id for r in records}
            kept |= {str(v) for r in records for v in (r.session, r.parent_id)}
            payloads = sum("base64" in r.omitted for r in records)
            missing = set()
            for line in objects(path):
                wanted = [s for key, value in line.items() if key != "timestamp" for s in leaves(value)]
                missing |= {s for s in wanted if s not in whole and s not in kept}
                compared += len(wanted)
            assert len(missing) <= payloads, (path.name, sorted(missing)[:3])
            said = Counter(r.text for r in records if r.kind == "message" and len(r.text) > 200)
            lines = Counter(s for line in objects(path) for s in set(leaves(line)) if len(s) > 200)
            assert all(n == 1 or lines[text] > n for text, n in said.items()), path.name
    assert compared > 15_000


def test_importing_twice_changes_nothing(imported: Home) -> None:
    def rows() -> list[Any]:
        return open_reader(imported.archive).execute("SELECT * FROM v_record ORDER BY id").fetchall()

    before = rows()
    for agent, paths in FILES.items():
        run_import(imported.root, agent, paths, "--again")
    assert rows() == before


def test_reading_each_file_as_it_grew_gives_the_records_of_the_whole(tmp_path: Path) -> None:
    draw = random.Random(7)
    for agent, paths in FILES.items():
        reader = agents.reader(agent)
        for path in paths:
            raw = unzipped(path)
            grown = tmp_path / path.name.removesuffix(".gz")
            grown.write_bytes(raw)
            whole = [r for piece in read(str(grown), reader, key=KEY) for r in piece.records]
            cuts = sorted(draw.sample(range(len(raw)), 12))  # anywhere: also within a line
            found, mark = [], None
            for cut in [*cuts, len(raw)]:
                os.truncate(grown, 0)
                with grown.open("r+b") as file:
                    file.write(raw[:cut])
                for piece in read(str(grown), reader, key=KEY, start=mark, settled=cut == len(raw)):
                    found += piece.records
                    mark = piece.watermark
                mark = Watermark.from_json(json.loads(json.dumps(mark.to_json()))) if mark else None
            assert found == whole, path.name
