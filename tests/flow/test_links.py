"""A link where a folder or file of the home should be: nothing is written through it, and what was said is not lost."""

import os
from pathlib import Path

import pytest

from conftest import Run
from memlog.paths import Home
from witness import ask

SESSION = "11111111-2222-4333-8444-555555555555"


def listing(folder: Path) -> list[tuple[str, int, bytes]]:
    return [
        (path.name, path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (folder, *sorted(folder.rglob("*")))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "ring",
        "spool",
        "watermark",
        "log",
        "ring/ring",
        "key",
        "witness.lock",
        "tombstones.jsonl",
        "archive.db",
    ],
)
def test_a_link_in_the_home_is_not_written_through(
    home: Home, run_memlog: Run, run_hook: Run, tmp_path: Path, name: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_bytes(b"theirs")
    place = Path(home.root, name)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.symlink_to(victim / "file" if "." in name or name in ("key", "ring/ring") else victim)
    before = listing(victim)
    transcript = tmp_path / f"{SESSION}.jsonl"
    transcript.write_text(
        '{"type":"user","uuid":"u1","sessionId":"11111111-2222-4333-8444-555555555555","timestamp":"2026-03-04T05:06:07.000Z","cwd":"/w","message":{"role":"user","content":"kept"}}\n'
    )
    told = {"session_id": SESSION, "transcript_path": str(transcript)}
    run_hook("PreCompact", told)
    run_hook("Stop", told)
    first = run_memlog("witness", "drain")
    assert listing(victim) == before
    assert "Traceback" not in first.stderr
    place.unlink()
    run_hook("Stop", told)
    run_memlog("witness", "drain", check=0)
    assert ask(home, "SELECT text FROM v_record") == [("kept",)]
    assert listing(victim) == before and not os.path.islink(place)
