"""A second user on the machine sees nothing: not in the home, the ring, the socket, copies, or over the port."""

import http.client
import os
import shutil
import socket
import stat
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from archives import conversation, fill
from conftest import Run
from memlog.paths import Home
from memlog.ring.open import open_ring
from memlog.settings import Settings
from serving import serving
from users import as_nobody, needs_root
from witness import running, until

SECRET = "only-for-the-first-user"
pytestmark = needs_root


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


@pytest.mark.slow
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


def test_a_ring_in_memory_by_setting_is_its_owners_alone(home: Home) -> None:
    """/dev/shm lets everybody in: what keeps them out is the folder of the ring, and the ring itself."""
    folder = tempfile.mkdtemp(prefix="memlog-test-", dir="/dev/shm")
    try:
        place = os.path.join(folder, "ring")
        with open_ring(Settings(home=home.root, ring="shm", ring_dir=place)) as ring:
            ring.write(SECRET.encode())
        files = [os.path.join(place, name) for name in os.listdir(place)]
        assert any(SECRET.encode() in Path(path).read_bytes() for path in files if os.path.isfile(path))
        os.chmod(folder, 0o755)
        assert as_nobody(lambda: reached([place, *files])) == []
        os.chmod(place, 0o755)  # with the folder open, the files' own modes keep them out
        assert as_nobody(lambda: reached(files)) == []
        for path in files:
            os.chmod(path, 0o644)
        assert as_nobody(lambda: reached(files)) != [], "the twin: what it finds where a ring is open to all"
    finally:
        shutil.rmtree(folder)


def asked(url: str) -> tuple[int, bool]:
    """Status of a page, and whether it says the secret."""
    place = url.removeprefix("http://").partition("/")[0]
    with closing(http.client.HTTPConnection(place, timeout=20)) as con:
        con.request("GET", "/archive/v_record.json?_shape=array")
        answer = con.getresponse()
        return answer.status, SECRET.encode() in answer.read()


@pytest.mark.slow
def test_another_user_sees_no_page_without_the_link_and_gets_no_answer_from_a_socket(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(str(shared / "home"))
    fill(home, conversation([SECRET]))
    monkeypatch.setenv("MEMLOG_HOME", home.root)
    with serving("--port", "0", "--login") as (_, url):
        assert asked(url) == (401, False)  # what it loads lies in root's folder: before the child lets go
        assert as_nobody(lambda: asked(url)) == [401, False]
    with serving("--port", "0") as (_, url):  # by default, where no person reads what it prints
        assert asked(url) == (200, True) and as_nobody(lambda: asked(url)) == [401, False]
    with serving("--port", "0", "--no-login") as (_, url):  # the twin
        assert as_nobody(lambda: asked(url)) == [200, True]
    path = str(shared / "pages.sock")
    with serving("--uds", path):
        assert reached([path]) == [path] and as_nobody(lambda: reached([path])) == []
        os.chmod(path, 0o666)
        assert as_nobody(lambda: reached([path])) == [path], "the twin: a socket that is open to all"
