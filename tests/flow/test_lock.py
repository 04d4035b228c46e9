"""One witness per home: the lock names its holder, and dies with it."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from memlog.errors import RefusedError, UnsafePathError, WitnessRunningError
from memlog.paths import Home
from memlog.witness import lock

HOLD = """
import sys, time
from memlog.paths import Home
from memlog.witness import lock
held = lock.take(Home(sys.argv[1]), now_ns=5)
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_witness_is_refused_and_told_who_holds_the_lock(home: Home) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLD, home.root], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        with pytest.raises(WitnessRunningError, match=f"pid {child.pid}") as caught:
            lock.take(home, now_ns=6)
        assert isinstance(caught.value, RefusedError) and caught.value.exit_code == 7
        found = lock.holder(home)
        assert found is not None and (found.pid, found.started) == (child.pid, 5)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert lock.holder(home) is None  # the kernel lets go of what a killed witness held
    with lock.take(home, now_ns=7) as mine:
        assert mine.holder.pid == os.getpid()


def test_a_probe_does_not_turn_a_starting_witness_away(home: Home) -> None:
    lock.take(home, now_ns=1).close()
    fd = os.open(home.lock, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)  # what a hook does to see whether a witness lives
    with pytest.raises(BlockingIOError):  # without patience it would be refused
        other = os.open(home.lock, os.O_RDONLY)
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
    thread = threading.Thread(target=lambda: (time.sleep(0.05), os.close(fd)))
    thread.start()
    lock.take(home, now_ns=2).close()
    thread.join()


def test_the_lock_is_private_and_never_reached_through_a_link(home: Home, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        lock.take(home, now_ns=1).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(home.lock).st_mode) == 0o600
    os.unlink(home.lock)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    os.symlink(victim, home.lock)
    with pytest.raises(UnsafePathError):
        lock.take(home, now_ns=1)
    assert victim.read_text() == "mine"
