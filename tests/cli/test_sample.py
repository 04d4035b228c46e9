"""The sample session and the transcripts of tests/data are what their script writes."""

import json
from pathlib import Path

from data.sessions import write_sessions
from memlog.cli import sample

SESSIONS = Path(__file__).parents[1] / "data" / "sessions"


def test_the_script_writes_the_files_that_are_there(tmp_path: Path) -> None:
    write_sessions.write_all(tmp_path)
    assert contents(tmp_path) == contents(SESSIONS)


def contents(root: Path) -> dict[str, bytes]:
    """The transcripts and what lies beside them, by path."""
    files = (path for path in root.rglob("*") if path.suffix in (".jsonl", ".json", ".txt"))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_the_sample_is_the_compacted_session_and_holds_what_it_is_for() -> None:
    assert Path(sample.PATH).read_bytes() == (SESSIONS / "compacted.jsonl").read_bytes()
    lines = [json.loads(line) for line in sample._lines()]
    boundary = next(n for n, line in enumerate(lines) if line.get("subtype") == "compact_boundary")
    summary = lines[boundary + 1]["message"]["content"]
    assert "4 tries" in json.dumps(lines[:boundary]) and "4 tries" not in summary
    assert boundary > 50 and len(lines) > 100
