"""Stop the witness, keep hooks from starting another, and work while none runs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from memlog.capture import starter
from memlog.errors import WitnessUnavailableError
from memlog.paths import Home, make_dir, open_private
from memlog.settings import Settings, load
from memlog.witness import client, lock, service
from memlog.witness import start as start_note
from memlog.witness.lock import Holder

_START_S = 15.0
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
    asked = -1
    while (still := lock.holder(home)) is not None:
        if asked != still.pid:  # not twice; but another may have been waiting for the lock
            try:
                client.ask(home, {"verb": "stop"})
                asked = still.pid
            except WitnessUnavailableError:
                pass  # it may be starting or ending, or be a command that does its work without a socket
        if time.monotonic() > end:
            raise WitnessUnavailableError(
                f"pid {still.pid} still holds the lock after {timeout_s:.0f} s", hint=f"kill {still.pid}"
            )
        time.sleep(0.02)
    return found


def start(home: Home, settings: Settings | None = None) -> None:
    """A new witness: by its service manager where it is a service, else detached from this terminal."""
    if not service.start(home, settings or load(home.root)):
        starter._start(home, starter.command(home))


def restart(home: Home, settings: Settings) -> tuple[Holder | None, Holder]:
    """The witness that was, and the one that answers now; hooks may start one again.

    Raises: WitnessUnavailableError when none answers in time.
    """
    before = stop(home)
    allow(home)
    start(home, settings)
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        now = lock.holder(home)
        try:
            if now is not None and client.ask(home, {"verb": "status"}):
                return before, now
        except WitnessUnavailableError:
            pass  # not yet
        time.sleep(0.05)
    raise WitnessUnavailableError(f"no witness answers after {_START_S:.0f} s", hint="memlog doctor")


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
