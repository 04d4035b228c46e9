"""A witness that lives as long as the command that started it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from memlog.capture import starter
from memlog.errors import UnavailableError, WitnessUnavailableError
from memlog.paths import Home, make_dir, open_private
from memlog.witness import client, lock

_STARTS_S, _ENDS_S = 30.0, 30.0


class Witness(NamedTuple):
    """The witness of a home. ours: started here, and ended here."""

    pid: int
    ours: bool


@contextmanager
def witness(home: Home) -> Iterator[Witness]:
    """The running witness, or one started for as long as the block lasts.

    Raises: UnavailableError with what it said when it does not start.
    """
    found = lock.holder(home)
    if found is not None:
        yield Witness(found.pid, ours=False)
        return
    make_dir(home.root)
    make_dir(home.log)
    said = open_private(os.path.join(home.log, "witness.err"), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    # A session of its own: Ctrl-C is for the pages; the witness is told afterwards and ends its batch.
    child = subprocess.Popen(
        starter.command(home), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
    )
    try:
        pid = _answering(home, child, said)
        yield Witness(pid, ours=pid == child.pid)
    finally:
        _end(child)
        os.close(said)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that what it started is ended too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, interrupt) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


def _answering(home: Home, child: "subprocess.Popen[bytes]", said: int) -> int:
    """Pid of the witness, once it answers: ours, or one that was quicker."""
    end = time.monotonic() + _STARTS_S
    while time.monotonic() < end:
        held = lock.holder(home)
        if held is None and child.poll() is not None:
            words = os.pread(said, 4_000, 0).decode("utf-8", "replace").strip()
            raise UnavailableError(f"the witness did not start: {words or child.returncode}")
        try:
            client.ask(home, {"verb": "status"})
            if held is not None:
                return held.pid
        except WitnessUnavailableError:
            pass
        time.sleep(0.05)
    raise UnavailableError(f"no witness answers after {_STARTS_S:.0f} s", hint="memlog witness status")


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
