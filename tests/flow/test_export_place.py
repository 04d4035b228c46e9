"""Where an export goes: what is there stays, what fails leaves nothing, and pipes are written into."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archives
from archives import NOW_NS
from conftest import Run
from flow import exported
from flow.exported import whole
from memlog.errors import InputError, RefusedError, UnavailableError
from memlog.export import bundle, sqlite, tables
from memlog.paths import Home

full = exported.full
memlog = exported.memlog


def test_a_file_that_is_there_is_not_replaced_without_force(full: Home, memlog: Run, tmp_path: Path) -> None:
    path = tmp_path / "out"
    for format in ("sql", "sqlite", "jsonl", "csv"):
        path.write_text("precious")
        done = memlog("export", format, "-o", str(path), check=7)
        assert "--force" in done.stderr and path.read_text() == "precious"
        memlog("export", format, "-o", str(path), "--force")
        assert path.read_bytes() != b"precious" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path).count("out") == 1
    assert not [name for name in os.listdir(tmp_path) if "tmp" in name]


def test_no_force_replaces_a_file_of_a_home_or_of_a_backup(full: Home, memlog: Run, tmp_path: Path) -> None:
    backup, link = tmp_path / "backup", tmp_path / "link"
    memlog("admin", "backup", str(backup))
    link.symlink_to(full.root)
    before = {path: path.read_bytes() for path in [*Path(full.root).glob("*.db"), *backup.iterdir()]}
    for kept in (full.archive, str(link / "archive.db"), full.key, str(backup / "archive.db")):
        done = memlog("export", "sqlite", "-o", kept, "--force", check=7)
        assert "not replaced" in done.stderr and "next: -o FILE" in done.stderr
    memlog("admin", "anchor", "-o", full.archive, "--force", check=7)
    assert before == {path: path.read_bytes() for path in before}
    memlog("export", "sqlite", "-o", os.path.join(full.root, "new.db"))
    lone = tmp_path / "archive.db"  # the name alone is nobody's
    lone.write_text("mine")
    memlog("export", "sqlite", "-o", str(lone), "--force")


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_of_two_bundles_made_at_once_the_first_stays_and_the_second_is_refused(
    tmp_path: Path, name: str
) -> None:
    path = str(tmp_path / name)

    def put(folder: str, said: str) -> None:
        (Path(folder) / "manifest.json").write_text(json.dumps({"memlog_post_mortem": 1, "said": said}))

    with pytest.raises(RefusedError, match="exists"), bundle.made(path, force=False) as slow:
        put(slow, "slow")
        with bundle.made(path, force=False) as quick:
            put(quick, "quick")
        first = _said(path)
    assert "quick" in first and _said(path) == first
    with bundle.made(path, force=True) as last:
        put(last, "last")
        with bundle.made(path, force=True) as quick:
            put(quick, "quick")
    assert "last" in _said(path) and [p.name for p in tmp_path.glob("bundle*")] == [name]


def _said(path: str) -> str:
    if not path.endswith(".zip"):
        return (Path(path) / "manifest.json").read_text()
    with zipfile.ZipFile(path) as packed:
        return packed.read("manifest.json").decode()


def test_an_export_that_fails_leaves_no_file_and_the_old_one(
    full: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memlog.export import place

    path = tmp_path / "out.db"
    path.write_text("precious")
    fired = []

    def failing(*args: Any, **more: Any) -> Iterator[Any]:
        fired.append(True)
        yield "export", ("key", "value")
        raise OSError(28, "no space left")

    monkeypatch.setattr(tables, "rows", failing)
    with archives.reading(full) as con, pytest.raises(Exception, match="cannot be written"):  # noqa: SIM117
        with place.made(str(path), force=True) as temporary:
            sqlite.write(con, whole(con), temporary, now_ns=NOW_NS, on_rows=lambda n: None)
    assert fired and path.read_text() == "precious"
    assert [p.name for p in tmp_path.glob("out.db*")] == ["out.db"]


@pytest.mark.slow
def test_what_is_no_regular_file_is_written_into_and_never_replaced(
    full: Home, memlog: Run, tmp_path: Path
) -> None:
    pipe, whole = tmp_path / "pipe", memlog("export", "csv", "session-b").stdout
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDWR), "rb") as reader:  # held open: nothing waits for another end
        memlog("export", "csv", "session-b", "-o", str(pipe), "--force")
        assert os.read(reader.fileno(), 1 << 16).decode().splitlines() == whole.splitlines() != []
    for words in (("sqlite", "-o"), ("post-mortem", "-o")):
        refused = memlog("export", *words, str(pipe), "--force", check=RefusedError.exit_code)
        assert "no regular file" in refused.stderr and "--force" not in refused.stderr
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    told = memlog("export", "csv", "-o", "/dev/full", check=UnavailableError.exit_code)
    assert "No space left" in told.stderr
    assert memlog("export", "csv", "session-b", "-o", "/dev/stdout").stdout == whole
    for form in ("csv", "post-mortem"):
        assert "says no name" in memlog("export", form, "-o", "", check=InputError.exit_code).stderr


def test_an_export_into_a_closed_standard_output_says_that_nothing_was_delivered(full: Home) -> None:
    command = [sys.executable, "-m", "memlog.cli.start", "export", "csv"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, timeout=50
    )
    assert done.returncode == UnavailableError.exit_code and "standard output is closed" in done.stderr


TERMINATED = """
import os, signal, stat, sys
from memlog.cli import start
from memlog.export import post_mortem

def ended(folder, name, chunks, pour=post_mortem._pour):
    pour(folder, name, chunks)
    if name == "chain.jsonl":
        print(oct(stat.S_IMODE(os.stat(os.path.join(folder, "incident.db")).st_mode)), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)

post_mortem._pour = ended
start.run()
"""


def test_a_terminated_export_cleans_up_says_so_and_lets_nobody_read_it_meanwhile(
    full: Home, tmp_path: Path
) -> None:
    place = tmp_path / "made"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", TERMINATED, "export", "post-mortem", "-o", str(place / "b")],
        capture_output=True, text=True, timeout=50,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (143, "0o600\n", "memlog: terminated\n")
    assert list(place.iterdir()) == []
