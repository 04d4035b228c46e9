"""Stop the witness, keep hooks from starting another, and work while none runs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from memlog.capture import starter
from memlog.errors import WitnessUnavailableError
from memlog.paths import Home, make_dir, open_private
from memlog.witness import client, lock
from memlog.witness import start as start_note
from memlog.witness.lock import Holder

_STOP_S = 15.0  # a batch, a last snapshot, the answers to its clients


def forbid(home: Home) -> None:
    """From now on hooks start no witness."""
    make_dir(home.root)
    os.close(open_private(home.witness_stopped, os.O_WRONLY | os.O_CREAT))


def allow(home: Home) -> None:
    """Hooks may start a witness again."""
    try:
        os.unlink(home.witness_stopped)
    except FileNotFoundError:
        pass


def stop(home: Home, *, timeout_s: float = _STOP_S) -> Holder | None:
    """The witness that was running and is gone now; None when there was none.

    Raises: WitnessUnavailableError when the lock's holder does not end in time.
    """
    found = lock.holder(home)
    if found is None:
        return None
    end = time.monotonic() + timeout_s
    asked = False
    while (still := lock.holder(home)) is not None:
        if not asked:
            try:
                asked = bool(client.ask(home, {"verb": "stop"}))
            except WitnessUnavailableError:
                pass  # it may be starting or ending, or be a command that does its work without a socket
        if time.monotonic() > end:
            raise WitnessUnavailableError(
                f"pid {still.pid} still holds the lock after {timeout_s:.0f} s", hint=f"kill {still.pid}"
            )
        time.sleep(0.02)
    return found


def start(home: Home) -> None:
    """A new witness, detached from this process and its terminal."""
    starter._start(home, starter.command(home))


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Inside, this process holds the witness's lock; a witness that ran before runs again afterwards.

    For what replaces the archive under a witness: restore, rebuild, recover.
    Raises: WitnessUnavailableError, WitnessRunningError.
    """
    before = stop(home)
    try:
        with lock.take(home, now_ns=time.time_ns()):
            yield
            start_note.settled(home)
    finally:
        if before is not None:
            start(home)
