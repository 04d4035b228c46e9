"""The last edge: a sentence and an exit code for whatever ended a command."""

import os
import sys

from memlog.cli import interrupt, terminal
from memlog.errors import ArchiveError, MemlogError, QueryError, UnavailableError


def ended_by(exc: Exception) -> int:
    """Say what went wrong and what to try next; returns the exit code, 0 for a closed pipe."""
    if interrupt.noticed():  # and SQLite, or who cleaned up after it, made another error of it
        return interrupt.ended()
    if isinstance(exc, BrokenPipeError):
        _drop(sys.stdout)
        return 0
    if isinstance(exc, OSError):  # what the machine does not let us do is no fault of ours
        _drop(sys.stdout)
        exc = _translated(exc)
    elif _is_damage(exc):
        exc = ArchiveError(f"the archive cannot be read: {exc}")
    if isinstance(exc, MemlogError):
        told, code = (
            f"memlog: {exc}{_pointed(exc)}" + (f"\nnext: {exc.hint}" if exc.hint else ""),
            exc.exit_code,
        )
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


def _pointed(exc: MemlogError) -> str:
    """The line that cannot be read with a caret under the place, where a person reads it."""
    if not isinstance(exc, QueryError) or not exc.column or not terminal.is_terminal(sys.stderr):
        return ""
    from memlog.cli.width import columns

    room = max(terminal.size(sys.stderr)[0] - 4, 20)
    begin = max(0, exc.column - 1 - room * 2 // 3)
    line = terminal.safe_line(exc.asked[begin : begin + room])
    before = columns(terminal.safe_line(exc.asked[begin : exc.column - 1]))
    return f"\n  {line}\n  {' ' * before}^"


def _translated(exc: OSError) -> UnavailableError:
    why = exc.strerror or str(exc)
    if exc.filename is None:
        return UnavailableError(
            f"nothing more could be written: {why}", hint="look for free space, then memlog doctor"
        )
    path = os.fsdecode(exc.filename) if isinstance(exc.filename, bytes) else exc.filename
    return UnavailableError(f"{path}: {why}")


def _is_damage(exc: Exception) -> bool:
    """Whether SQLite says that a file, or reading it, is at fault: codes 10, 11 and 26."""
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (10, 11, 26)
    return type(exc).__name__ == "DatabaseError" and ("malformed" in str(exc) or "not a database" in str(exc))


def _drop(stream: object) -> None:
    """What is left in its buffer goes nowhere: the flush at exit must not raise again."""
    try:
        number = stream.fileno()  # type: ignore[attr-defined]
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    except (OSError, ValueError, AttributeError):
        return
