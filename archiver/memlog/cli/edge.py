"""The last edge: a sentence and an exit code for whatever ended a command."""

import os
import sys

from memlog.cli import terminal
from memlog.errors import MemlogError, UnavailableError


def ended_by(exc: Exception) -> int:
    """Say what went wrong and what to try next; returns the exit code, 0 for a closed pipe."""
    if isinstance(exc, BrokenPipeError):
        _drop(sys.stdout)
        return 0
    if isinstance(exc, OSError):  # what the machine does not let us do is no fault of ours
        _drop(sys.stdout)
        exc = _translated(exc)
    if isinstance(exc, MemlogError):
        told, code = f"memlog: {exc}" + (f"\nnext: {exc.hint}" if exc.hint else ""), exc.exit_code
    elif os.environ.get("MEMLOG_DEBUG"):
        raise exc
    else:
        told = f"memlog: internal error: {type(exc).__name__}: {exc}\nnext: MEMLOG_DEBUG=1 shows where"
        code = 1
    try:
        terminal.say(told)
    except OSError:  # nobody can be told
        _drop(sys.stderr)
    return code


def _translated(exc: OSError) -> UnavailableError:
    why = exc.strerror or str(exc)
    if exc.filename is None:
        return UnavailableError(
            f"nothing more could be written: {why}", hint="look for free space, then memlog doctor"
        )
    path = os.fsdecode(exc.filename) if isinstance(exc.filename, bytes) else exc.filename
    return UnavailableError(f"{path}: {why}")


def _drop(stream: object) -> None:
    """What is left in its buffer goes nowhere: the flush at exit must not raise again."""
    try:
        number = stream.fileno()  # type: ignore[attr-defined]
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    except (OSError, ValueError, AttributeError):
        return
