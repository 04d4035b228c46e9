"""A witness for a hook that finds none: started detached, at most once a minute.

The host waits until every copy of the hook's stdout is closed, so the new process keeps none.
"""

import fcntl
import os
import sys
import time

from memlog.paths import Home, make_dir, open_private
from memlog.settings import Settings

EVERY_S = 60


def start_if_needed(home: Home, settings: Settings, *, now_s: float | None = None) -> bool:
    """True when a witness was started.

    Not while one lives, after `memlog witness stop`, or within a minute of the last start.
    """
    if not settings.start_witness or os.path.lexists(home.witness_stopped) or lives(home):
        return False
    if not _due(home, time.time() if now_s is None else now_s):
        return False
    _start(home, command(home))
    return True


def command(home: Home) -> list[str]:
    """The witness of this installation for this home."""
    return [sys.executable, "-m", "memlog.cli.start", "--home", home.root, "witness", "run"]


def lives(home: Home) -> bool:
    """True while a witness holds its lock."""
    try:
        fd = open_private(home.lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(fd)


def _due(home: Home, now_s: float) -> bool:
    make_dir(home.root)
    try:
        if abs(now_s - os.lstat(home.witness_start).st_mtime) < EVERY_S:
            return False
    except FileNotFoundError:
        pass
    # Empty until the witness says what came of it.
    os.close(open_private(home.witness_start, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    os.utime(home.witness_start, (now_s, now_s))
    return True


def _start(home: Home, words: list[str]) -> None:
    make_dir(home.log)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _become(home, words)
    finally:
        os._exit(0)


def _become(home: Home, words: list[str]) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    log = open_private(os.path.join(home.log, "witness.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.chdir("/")
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, _most_files())
    os.execv(words[0], words)


def _most_files() -> int:
    """One more than the highest descriptor open."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return max(map(int, os.listdir(folder))) + 1
        except (OSError, ValueError):
            continue
    return min(os.sysconf("SC_OPEN_MAX"), 65_536)
