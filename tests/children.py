"""Forked children that do one thing, and die where a test says."""

import os
import signal
from collections.abc import Callable

from memlog.archive.connection import Connection


def in_child(work: Callable[[], object]) -> int:
    """pid of a child that does this and leaves without cleaning up: with 0, or 99 where it raised."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        signal.alarm(30)
        work()
        code = 0
    finally:
        os._exit(code)


def signal_of(work: Callable[[], object]) -> int:
    """The signal that ended a child doing this work; 0 when it finished."""
    status = os.waitpid(in_child(work), 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child's own error: see stderr"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def kill_at(con: Connection, statement: int) -> None:
    """SIGKILL this process as it begins its n-th statement from now on; those SQLite runs inside count too."""
    seen = 0

    def traced(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    con.set_trace_callback(traced)
