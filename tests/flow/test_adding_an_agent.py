"""The reader that docs/adding-an-agent.md shows is a whole one."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from archives import NOW_NS
from memlog.archive.store import Archive
from memlog.capture import agents
from memlog.capture import reader as contract
from memlog.paths import Home
from memlog.settings import Settings
from memlog.witness import backfill
from witness import ask

PAGE = (Path(__file__).parents[2] / "docs/adding-an-agent.md").read_text(encoding="utf-8")
READER, DOCUMENT = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[LINES] = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def imported(home: Home, settings: Settings, path: Path) -> dict[str, Any]:
    with Archive.open(home, now_ns=NOW_NS, settings=settings) as archive:
        steps = backfill.import_job(archive, settings, {"agent": "parley", "paths": [str(path)]})
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                return dict(stop.value)


@pytest.mark.parametrize("shape", ["lines", "document"])
def test_the_reader_of_the_page_archives_the_lines_of_the_page(
    shape: str, home: Home, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"parley_of_{shape}"
    (tmp_path / f"{name}.py").write_text(READER + (DOCUMENT if shape == "document" else ""))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(agents.READERS, "parley", name)
    path = tmp_path / ("chat.jsonl" if shape == "lines" else "chat.json")
    lines = [json.loads(line) for line in LINES.splitlines()]
    whole = LINES if shape == "lines" else json.dumps({"chat": "c-7", "lines": lines})
    path.write_text(whole + ("not JSON\n" if shape == "lines" else ""))
    assert imported(home, settings, path)["records"] == 4
    assert imported(home, settings, path)["unchanged"] == 1
    assert ask(home, "SELECT session, source_id, epoch, kind, role, tool, text FROM v_record WHERE kind NOT IN ('meta', 'damage') ORDER BY ts") == [
        ("c-7", "1", 0, "message", "user", None, "Where is the tide table?"),
        ("c-7", "2", 0, "tool_use", "assistant", "grep", "word: tide"),
        ("c-7", "3", 1, "compaction", None, None, "Ann looks for a table."),
    ]  # fmt: skip
    reader = agents.reader("parley")
    assert reader.default_paths("/h", {}) == ["/h/.parley/chats"]
    exported = {name for name in vars(sys.modules[name]) if not name.startswith("_")}
    said = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    assert said <= exported


def test_the_page_names_what_every_reader_of_ours_exports() -> None:
    protocol = {
        n for n in (*vars(contract.Reader), *contract.Reader.__annotations__) if not n.startswith("_")
    }
    document = {n for n in (*vars(contract.DocumentReader), "HEAD") if not n.startswith("_")}
    assert all(f"`{name}" in PAGE for name in protocol | document)
    for name in agents.READERS:
        reader = agents.reader(name)
        assert all(hasattr(reader, each) for each in protocol) and name == reader.AGENT
        assert all(Path(path).is_absolute() for path in reader.default_paths("/home/x", {}))
