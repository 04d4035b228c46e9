"""<home>/witness.start: what came of the last start, for who finds no witness.

A hook empties it when it starts a witness, the witness writes a line into it, `status`, `doctor` and a
hook that sees a session begin read it. Empty for long: the witness did not get as far as to say why.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from memlog.errors import MemlogError, WitnessRunningError
from memlog.paths import Home, make_dir, open_private, replace_file
from memlog.witness import trouble

RUNNING, DEGRADED, STOPPED, FAILED = "running", "degraded", "stopped", "failed"
_LOG = "log/witness.log"


def note(home: Home, state: str, *, reason: str = "", hint: str = "") -> None:
    """The state, whole or not at all. A disk that takes nothing keeps what was noted before."""
    said = {"state": state, "reason": reason, "hint": hint, "at_ns": time.time_ns()}
    line = json.dumps(said).encode() + b"\n"
    try:
        make_dir(home.root)
        try:
            replace_file(home.witness_start, line, sync=False)
        except OSError:
            _overwrite(home.witness_start, line)
        if state == STOPPED:
            os.utime(home.witness_start, (0, 0))  # the next hook need not wait a minute
    except (OSError, MemlogError):
        return


@contextmanager
def noted(home: Home) -> Iterator[None]:
    """Inside, a witness starts and runs; what ends it by raising is noted as a failed start."""
    try:
        yield
    except WitnessRunningError:
        raise  # the other one's notes count
    except Exception as exc:
        said = isinstance(exc, MemlogError)
        hint = exc.hint if isinstance(exc, MemlogError) else _LOG
        note(home, FAILED, reason=str(exc) if said else trouble.sentence(exc), hint=hint)
        raise


def settled(home: Home) -> None:
    """A command holding the witness's lock archived without trouble: what a witness met before is over."""
    if os.path.exists(home.witness_start):
        note(home, STOPPED)


def _overwrite(path: str, line: bytes) -> None:
    # On a full disk no new file can be made: the old one's block still takes it.
    fd = open_private(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, os.pwrite(fd, line, 0))
    finally:
        os.close(fd)
