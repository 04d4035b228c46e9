"""Faults at the k-th call that writes: a forked child runs until it is killed, or its calls fail.

The process must run under the preloaded shim.c (`python tests/faults` starts it so). Everything is
imported before the first fork: a point costs a fork, not a start of Python.
"""

import ctypes
import errno
import gc
import json
import mmap
import os
import shutil
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

SHIM = Path(__file__).with_name("shim.c")
MOST_S = 40  # a child that takes longer hangs

OPEN, WRITE, SYNC, TRUNCATE, RENAME, UNLINK, LINK, MKDIR, MARK = (1 << n for n in range(9))
EVERY = 255
FILLS = EVERY & ~UNLINK  # what a full disk may refuse


class Mode(IntEnum):
    """As in shim.c."""

    OFF = 0
    COUNT = 1
    KILL = 2
    KILL_HALF = 3
    FAIL_ONCE = 4
    FAIL_ON = 5
    SHORT = 6
    LOG = 7


class Fault(NamedTuple):
    """What is to happen at call number `at` among those of `kinds`."""

    mode: Mode = Mode.OFF
    at: int = 0
    error: int = errno.ENOSPC
    kinds: int = EVERY


class Control(ctypes.Structure):
    """The page shared with the shim."""

    _fields_ = [
        (name, ctypes.c_int64) for name in ("mode", "kinds", "at", "error", "seen", "fired", "log_fd")
    ]
    _fields_ += [("root", ctypes.c_char * 512)]


# The shim reads it as long as the process lives.
_CONTROL = Control.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))


def build(folder: Path) -> Path:
    """The shim, compiled."""
    target = folder / "shim.so"
    folder.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < SHIM.stat().st_mtime:
        made = target.with_suffix(f".{os.getpid()}")
        command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made, SHIM, "-ldl"]
        subprocess.run(command, check=True)
        made.rename(target)
    return target


def is_loaded() -> bool:
    """True in a process that runs under the shim."""
    return hasattr(ctypes.CDLL(None), "faults_control")


class Said:
    """What a child says before it dies: lines in memory it shares with its parent."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, 4 << 20)

    def say(self, value: object) -> None:
        """One line; there whole, or not at all."""
        raw = json.dumps(value).encode() + b"\n"
        end = int.from_bytes(self._page[:8], "little")
        self._page[8 + end : 8 + end + len(raw)] = raw
        self._page[:8] = (end + len(raw)).to_bytes(8, "little")

    def lines(self) -> list[Any]:
        """Everything said since it was cleared."""
        end = int.from_bytes(self._page[:8], "little")
        return [json.loads(line) for line in self._page[8 : 8 + end].splitlines()]

    def clear(self) -> None:
        self._page[:8] = bytes(8)


class Ended(NamedTuple):
    """How a child ended. result: what its work returned; error: what it raised, or the signal that ended it."""

    killed: bool
    result: Any
    error: str
    seen: int
    fired: int
    said: list[Any]


class Injector:
    """Runs work in children, with a fault or without."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.control = _CONTROL
        self.said = Said()
        self._shim = ctypes.CDLL(None)
        self._shim.faults_control(ctypes.byref(self.control))
        gc.freeze()  # a collection in a child would copy every page of the parent

    def arm(self, fault: Fault) -> None:
        """From now on, in this process and its children to come."""
        self.control.root = os.fsencode(self.root)
        self.control.kinds, self.control.at, self.control.error = fault.kinds, fault.at, fault.error
        self.control.seen = self.control.fired = 0
        self.control.mode = fault.mode

    def disarm(self) -> None:
        """Space has returned."""
        self.control.mode = Mode.OFF

    def mark(self, n: int) -> None:
        """A place of the log that is being written."""
        self._shim.faults_mark(ctypes.c_uint64(n))

    def child(self, work: Callable[[], Any], fault: Fault = Fault()) -> Ended:  # noqa: B008 - a value
        """What came of work in a child of its own, under this fault."""
        self.said.clear()
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            self._be_child(work, fault, writing)
        os.close(writing)
        with open(reading, "rb") as pipe:
            raw = pipe.read()
        status = os.waitpid(pid, 0)[1]
        self.disarm()
        told = json.loads(raw) if raw else {}
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        error = told.get("error", f"signal {number}" if number else f"exit {status >> 8}, nothing said")
        if number == signal.SIGKILL:
            assert self.control.fired, "killed, and not by the injector"
            error = ""
        seen, fired = self.control.seen, self.control.fired
        return Ended(number == signal.SIGKILL, told.get("result"), error, seen, fired, self.said.lines())

    def _be_child(self, work: Callable[[], Any], fault: Fault, writing: int) -> None:
        told: dict[str, Any] = {"error": "nothing"}
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(MOST_S)
            self.arm(fault)
            told = {"result": work(), "error": ""}
        except BaseException:
            told = {"error": traceback.format_exc(limit=-12)}
        finally:
            self.disarm()
            os.write(writing, json.dumps(told).encode())
            os._exit(0)


def spread(count: int, most: int) -> Iterator[int]:
    """1 … count, or so many of them, evenly spread, with the first and the last."""
    if count <= most:
        yield from range(1, count + 1)
        return
    yield from sorted({1 + (count - 1) * n // (most - 1) for n in range(most)})


def copy_tree(source: Path, target: Path) -> None:
    """target, as source is now; without sockets and pipes."""
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(mode=0o700, parents=True)
    for entry in os.scandir(source):
        if entry.is_dir(follow_symlinks=False):
            copy_tree(Path(entry.path), target / entry.name)
        elif entry.is_file(follow_symlinks=False):
            shutil.copy2(entry.path, target / entry.name)
