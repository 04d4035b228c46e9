"""Real Claude Code sessions, imported, against a counter that knows nothing of the importer."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from memlog.archive.connection import open_reader
from memlog.paths import Home
from shared_data import SHARED, leaves

pytestmark = pytest.mark.data

FILES = sorted((SHARED / "data" / "claude-code").glob("*.gz")) + sorted(
    (SHARED / "data" / "claude-code-edge").glob("*.gz")
)


def lines_of(path: Path) -> list[tuple[bytes, Any]]:
    found = []
    for raw in gzip.decompress(path.read_bytes()).split(b"\n"):
        if not raw.strip():
            continue
        try:
            found.append((raw, json.loads(raw)))
        except ValueError:
            found.append((raw, None))
    return found


class Counted:
    """What a file holds, by the words of docs/records.md and nothing else."""

    def __init__(self, path: Path) -> None:
        self.records: Counter[str] = Counter()
        self.compactions: Counter[str] = Counter()
        self.uuids: set[tuple[str, str]] = set()
        self.texts: dict[str, set[str]] = defaultdict(set)
        lines = lines_of(path)
        first = next((j["sessionId"] for _, j in lines if isinstance(j, dict) and j.get("sessionId")), None)
        session = first or path.name.removesuffix(".jsonl.gz")
        seen: set[tuple[str, bytes]] = set()
        for raw, line in lines:
            if not isinstance(line, dict):
                self.records["damage"] += 1
                continue
            session = line.get("sessionId") or session
            if line.get("uuid"):
                if (session, raw) in seen:
                    continue
                seen.add((session, raw))
            self._count(session, line)

    def _count(self, session: str, line: dict[str, Any]) -> None:
        kind = line.get("type")
        if kind in ("user", "assistant"):
            if line.get("uuid"):
                self.uuids.add((session, line["uuid"]))
            message = line.get("message")
            content = message.get("content") if isinstance(message, dict) else None
            blocks = content if isinstance(content, list) else [content]
            self.records["said"] += max(1, len(blocks))
            for block in blocks:
                self.texts[session].update(texts_of(block))
        elif line.get("subtype") == "compact_boundary":
            self.records["compaction"] += 1
            self.compactions[session] += 1
        elif kind == "attachment":
            self.records["said"] += 1
        else:
            self.records["meta"] += 1


def texts_of(block: Any) -> list[str]:
    """Texts of a message, a tool's input, or a tool's result."""
    if isinstance(block, str):
        return [block]
    if not isinstance(block, dict):
        return []
    kind = block.get("type")
    if kind == "text":
        return [block["text"]]
    if kind == "thinking":
        return [block.get("thinking", "")]
    if kind == "tool_use":
        return list(leaves(block.get("input")))
    if kind == "tool_result":
        content = block.get("content")
        if isinstance(content, str):
            return [content]
        return [t for part in content or [] for t in texts_of(part)]
    return []


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = tmp_path_factory.mktemp("home") / "memlog"
    environ = {**os.environ, "MEMLOG_HOME": str(home), "MEMLOG_REDACT": "false"}
    subprocess.run(
        [sys.executable, "-m", "memlog.cli.start", "import", "claude-code", *map(str, FILES)],
        env=environ, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Home(str(home))


def test_records_metas_compactions_and_epochs_equal_the_independent_count(imported: Home) -> None:
    expected: Counter[str] = Counter()
    compactions: Counter[str] = Counter()
    for path in FILES:
        counted = Counted(path)
        expected += counted.records
        compactions += counted.compactions
    con = open_reader(imported.archive)
    stored = Counter(
        dict(con.execute("SELECT kind, count(*) FROM v_record WHERE part = 0 GROUP BY kind").fetchall())
    )
    said = sum(n for kind, n in stored.items() if kind not in ("meta", "compaction", "damage"))
    assert (said, stored["meta"], stored["compaction"], stored["damage"]) == (
        expected["said"], expected["meta"], expected["compaction"], expected["damage"]
    )  # fmt: skip
    rows = con.execute("SELECT session, compactions, epochs, records FROM v_session").fetchall()
    assert {s: c for s, c, _, _ in rows if c} == dict(compactions)
    assert all(e == c + 1 for _, c, e, _ in rows)
    assert sum(r for _, _, _, r in rows) == sum(stored.values())
    epochs = con.execute("SELECT count(*) FROM v_epoch").fetchone()[0]
    assert epochs == len(rows) + sum(compactions.values())
    assert con.execute("SELECT count(DISTINCT session || epoch) FROM v_record").fetchone()[0] <= epochs


def test_every_uuid_of_a_turn_is_a_source_id(imported: Home) -> None:
    con = open_reader(imported.archive)
    stored = set(con.execute("SELECT session, source_id FROM v_record").fetchall())
    wanted = set().union(*(Counted(path).uuids for path in FILES))
    assert wanted and wanted <= stored


def test_no_text_of_a_message_a_tool_input_or_a_tool_result_is_missing(imported: Home) -> None:
    con = open_reader(imported.archive)
    compared = 0
    for path in FILES:
        for session, texts in Counted(path).texts.items():
            joined: dict[tuple[str, int], str] = defaultdict(str)
            for source, block, text in con.execute(
                "SELECT source_id, block, text FROM v_record WHERE session = ? ORDER BY source_id, block, part",
                (session,),
            ):
                joined[source, block] += text
            whole = "\x00".join(joined.values())
            missing = [
                t
                for t in texts
                if t not in whole and t.encode("utf-8", "backslashreplace").decode() not in whole
            ]
            assert not missing, (path.name, missing[0][:200])
            compared += len(texts)
    assert compared > 10_000


def test_importing_twice_changes_nothing(imported: Home) -> None:
    def rows() -> list[Any]:
        return open_reader(imported.archive).execute("SELECT * FROM record ORDER BY id").fetchall()

    before = rows()
    again(imported, FILES[::3])
    assert rows() == before


def again(home: Home, paths: list[Path]) -> None:
    subprocess.run(
        [sys.executable, "-m", "memlog.cli.start", "import", "claude-code", "--again", *map(str, paths)],
        env={**os.environ, "MEMLOG_HOME": home.root, "MEMLOG_REDACT": "false"}, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.slow
def test_importing_all_of_them_twice_changes_nothing(imported: Home) -> None:
    def rows() -> list[Any]:
        return open_reader(imported.archive).execute("SELECT * FROM v_record ORDER BY id").fetchall()

    before = rows()
    again(imported, FILES)
    assert rows() == before
