"""A witness under a service manager: it waits for another's lock, and stays stopped when it was stopped."""

import os
import time
from collections.abc import Callable

from memlog.errors import WitnessRunningError
from memlog.paths import Home
from memlog.witness import lock
from memlog.witness.notify import notify, watchdog_s

_LOOK_S = 1.0


def run(home: Home, witness: Callable[[], None], *, look_s: float = _LOOK_S) -> bool:
    """The witness, once nobody else is; False when it was not to run, after `memlog witness stop`.

    To give up because a hook's witness is there would leave nobody when that one ends, and to be
    started over and over meanwhile would fill the journal.
    """
    while not _is_stopped(home):
        try:
            witness()
            return True
        except WitnessRunningError as exc:
            notify("READY=1", f"STATUS=waits: {exc}")
        _wait(home, look_s)
    # Without READY the manager would call it a failure, and start it again.
    notify("READY=1", "STATUS=stopped by `memlog witness stop`; memlog install service starts it again")
    return False


def _wait(home: Home, look_s: float) -> None:
    every_s = watchdog_s()
    fed = 0.0
    while not _is_stopped(home) and lock.holder(home) is not None:
        if every_s is not None and time.monotonic() - fed >= every_s:
            fed = time.monotonic()
            notify("WATCHDOG=1")
        time.sleep(min(look_s, every_s or look_s))


def _is_stopped(home: Home) -> bool:
    return os.path.lexists(home.witness_stopped)
