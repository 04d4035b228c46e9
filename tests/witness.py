"""A witness in a process of its own, for tests, and what it archived."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memlog.archive.connection import open_reader
from memlog.archive.store import Archive
from memlog.errors import NotFoundError, WitnessUnavailableError
from memlog.paths import Home
from memlog.witness import client, lock

GUEST = "MEMLOG_LAB_KIND" in os.environ  # before a test's home empties the environment
COMMAND = [sys.executable, "-m", "memlog.cli.start", "witness", "run"]


def start(home: Home, *words: str, **env: str) -> "subprocess.Popen[str]":
    """A witness of this home that answers its socket; a new archive is made here, where that costs less."""
    if not os.path.exists(home.archive):
        Archive.open(home, now_ns=time.time_ns()).close()
    child = subprocess.Popen(
        [*COMMAND, *words], env={**os.environ, "MEMLOG_HOME": home.root, **env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        until(lambda: child.poll() is not None or _answers(home, child.pid), "the witness does not answer")
    except AssertionError:
        child.kill()  # it would hold the ring of the tests to come
        raise
    assert child.poll() is None, child.communicate()[0]
    return child


def _answers(home: Home, pid: int) -> bool:
    found = lock.holder(home)
    if found is None or found.pid != pid:
        return False
    try:
        return bool(client.ask(home, {"verb": "status"}))
    except WitnessUnavailableError:
        return False


def end(child: "subprocess.Popen[str]", number: signal.Signals = signal.SIGTERM) -> int:
    """The exit code of a witness that is told to end."""
    child.send_signal(number)
    try:
        child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise
    return child.returncode


@contextmanager
def running(home: Home, *words: str, **env: str) -> Iterator["subprocess.Popen[str]"]:
    """A witness as long as the block lasts."""
    child = start(home, *words, **env)
    try:
        yield child
    finally:
        if child.poll() is None:
            end(child)
        assert child.stdout is not None
        child.stdout.close()


def until(true: Callable[[], object], said: str = "it does not come true", timeout_s: float = 30) -> None:
    """Wait for it."""
    # A guest without KVM takes ten times as long.
    deadline = time.monotonic() + timeout_s * (10 if GUEST else 1)
    while not true():
        assert time.monotonic() < deadline, said
        time.sleep(0.02)


def ask(home: Home, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of the archive."""
    con = open_reader(home.archive)
    try:
        return [tuple(row) for row in con.execute(sql, values)]
    finally:
        con.close()


def one(home: Home, sql: str, **values: Any) -> Any:
    """The one value of a question."""
    ((value,),) = ask(home, sql, **values)
    return value


def records(home: Home) -> int:
    """How many records are archived; 0 before the first."""
    try:
        return int(one(home, "SELECT count(*) FROM v_record"))
    except NotFoundError:
        return 0


def identities(home: Home) -> list[tuple[Any, ...]]:
    """What tells one archive of the same records from another: no ids, no ring keys."""
    return ask(
        home,
        "SELECT agent, session, source_id, block, part, parts, kind, role, tool, ts_ns, text, parent_id "
        "FROM v_record ORDER BY agent, session, source_id, block, part",
    )


def uuids(path: Path) -> set[str]:
    """uuid of every user and assistant line of a transcript."""
    lines = (json.loads(line) for line in path.read_bytes().splitlines() if line.strip())
    return {line["uuid"] for line in lines if line.get("type") in ("user", "assistant")}
