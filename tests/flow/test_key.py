"""<home>/key: another one would store everything twice, so it is brought back, or nothing is written."""

import json
import os
import shutil
from pathlib import Path

import pytest

from conftest import Run
from memlog.errors import UnsafePathError
from memlog.paths import Home, load_key
from witness import records


def transcript(path: Path) -> str:
    """Two prompts without an id of their own: the key makes their identities."""
    line = {"type": "user", "sessionId": "s-1", "timestamp": "2026-01-08T14:41:01Z"}
    path.write_text("".join(json.dumps({**line, "message": {"content": f"hi {n}"}}) + "\n" for n in "ab"))
    return str(path)


@pytest.mark.slow
def test_a_key_that_is_gone_or_cut_short_is_brought_back_and_nothing_is_stored_twice(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    path = transcript(tmp_path / "t.jsonl")
    run_memlog("import", "claude-code", path, check=0)
    key, had = Path(home.key).read_bytes(), records(home)
    assert os.stat(home.archive_key).st_mode & 0o777 == 0o600
    for spoil in (lambda: os.unlink(home.key), lambda: Path(home.key).write_bytes(key[:9])):
        spoil()
        assert "key      the first record" in run_memlog("status").stdout
        copy = shutil.copy(path, tmp_path / f"copy-{os.urandom(4).hex()}.jsonl")
        run_memlog("import", "claude-code", copy, check=0)
        assert (Path(home.key).read_bytes(), records(home)) == (key, had)


def test_another_key_is_refused_by_import_and_hook_and_what_the_hook_saw_waits_in_the_spool(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    path = transcript(tmp_path / "t.jsonl")
    run_memlog("import", "claude-code", path, check=0)
    had = records(home)
    Path(home.key).write_bytes(b"x" * 32)
    refused = run_memlog("import", "claude-code", shutil.copy(path, tmp_path / "again.jsonl"), check=7)
    assert "not the key this archive was made with" in refused.stderr
    hooked = transcript(tmp_path / "later.jsonl")
    run_hook("Stop", {"session_id": "s-1", "cwd": "/w", "transcript_path": hooked})
    assert [name for name in os.listdir(home.spool) if name.endswith(".transcript")]
    done = run_memlog("status", check=1)
    assert "key      BAD" in done.stdout and f"next: cp {home.archive_key} {home.key}" in done.stderr
    shutil.copy(home.archive_key, home.key)  # the remedy
    run_memlog("witness", "drain", check=0)
    assert records(home) == had and os.listdir(home.spool) == []
    run_memlog("status", check=0)


def test_without_any_copy_no_key_is_made_beside_an_archive(
    run_memlog: Run, home: Home, tmp_path: Path
) -> None:
    run_memlog("import", "claude-code", transcript(tmp_path / "t.jsonl"), check=0)
    os.unlink(home.key)
    os.unlink(home.archive_key)
    with pytest.raises(UnsafePathError, match="stored twice"):
        load_key(home)
    assert not os.path.lexists(home.key)
    assert "BAD" in run_memlog("status", check=1).stdout


def test_hooks_that_capture_nothing_are_bad_news_until_one_does(
    run_memlog: Run, run_hook: Run, home: Home, tmp_path: Path
) -> None:
    call = {"session_id": "s-1", "cwd": "/w", "transcript_path": transcript(tmp_path / "t.jsonl")}
    os.mkdir(home.root, 0o700)
    Path(home.watermarks).write_text("no directory")
    run_memlog("install", "claude-code", check=0)
    run_hook("Stop", call)
    assert (
        "hooks    BAD: called, but the last call captured nothing: 20" in run_memlog("status", check=1).stdout
    )
    os.unlink(home.watermarks)
    run_hook("Stop", call)
    assert "hooks    installed for claude-code" in run_memlog("status", check=0).stdout
