"""A second user on the machine sees nothing: not in the home, the ring, the socket, copies, or over the port."""

import json
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archives import conversation, fill
from conftest import Run
from memlog.paths import Home
from witness import running, until

NOBODY = 65_534
SECRET = "only-for-the-first-user"
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder both users reach."""
    folder = Path(tempfile.mkdtemp(prefix="memlog-users-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(work: Callable[[], Any]) -> Any:
    """What `work` returns in a child that has become another user for good."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            assert os.geteuid() == NOBODY
            os.write(into, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def reached(paths: list[str]) -> list[str]:
    """What of these somebody gets anything out of: a byte, a name, a connection."""
    found = []
    for path in paths:
        try:
            kind = os.lstat(path).st_mode
            if stat.S_ISDIR(kind):
                os.listdir(path)
            elif stat.S_ISSOCK(kind):
                with socket.socket(socket.AF_UNIX) as one:
                    one.connect(path)
            else:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        except OSError:
            continue
        found.append(path)
    return found


def opened(folder: Path) -> None:
    """Let everybody into the folders, so that only the files' own modes keep them out."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_another_user_gets_nothing_out_of_a_home_or_a_copy_of_it(
    shared: Path, run_memlog: Run, umask: int, run_hook: Run
) -> None:
    home, out, ring = Home(str(shared / "home")), shared / "out", shared / "ring"
    out.mkdir()
    env = {"MEMLOG_HOME": home.root, "MEMLOG_RING_DIR": str(ring)}
    before = os.umask(umask)
    try:
        fill(home, conversation([SECRET, "and more"]))
        run_hook("UserPromptSubmit", {"session_id": "s", "prompt": SECRET}, env=env)
        with running(home, MEMLOG_RING_DIR=str(ring)):
            until(lambda: Path(home.log, "witness.log").exists(), "no log")
            run_memlog("admin", "backup", str(out / "backup"), env=env, check=0)
            for name in ("a.jsonl", "a.sql", "a.db", "a.csv", "a.md"):
                words = {"a.sql": "sql", "a.db": "sqlite", "a.csv": "csv", "a.md": "markdown"}.get(
                    name, "jsonl"
                )
                run_memlog("export", words, "-o", str(out / name), env=env)
            os.umask(before)
            paths = [str(path) for folder in (home.root, ring, out) for path in Path(folder).rglob("*")]
            paths += [home.root, str(ring)]
            assert {"witness.sock", "archive.db", "ring", "key"} <= {os.path.basename(p) for p in paths}
            assert len(os.listdir(out)) >= 4
            # What a user names with -o lies where that user said; the file itself is private all the same.
            assert as_nobody(lambda: reached(paths)) == []
            for folder in (Path(home.root), ring, out):
                opened(folder)
            folders = {path for path in paths if os.path.isdir(path)}
            assert set(as_nobody(lambda: reached(paths))) <= folders
            # The twin: what reached() finds where a file is open to all.
            os.chmod(home.archive, 0o644)
            assert home.archive in as_nobody(lambda: reached(paths))
    finally:
        os.umask(before)
