"""Ctrl-C, remembered: what is raised inside a function SQLite calls comes out as an error of SQLite's.

A search loads it: `signal` itself would load enum.
"""

import _signal  # type: ignore[import-not-found]
import sys

EXIT_CODE = 130
_noticed = 0  # the signal that came


def remember() -> None:
    """From now on Ctrl-C is also known to have come; a process that ignores it goes on doing so."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _notice)


def terminable() -> None:
    """From now on SIGTERM and SIGHUP end the command as Ctrl-C does: what it began is cleaned up."""
    for number in (_signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) == _signal.SIG_DFL:
            _signal.signal(number, _notice)


def noticed() -> bool:
    """Whether Ctrl-C came, whatever was made of it."""
    return _noticed != 0


def ended(exc: BaseException | None = None) -> int:
    """Say that it was interrupted, as the command said it where it did; gives the exit code."""
    asked = _noticed in (_signal.SIGTERM, _signal.SIGHUP)
    said = str(exc or "") or ("terminated" if asked else "interrupted")
    try:
        # behind the ^C a terminal shows
        sys.stderr.write(("\n" if sys.stderr.isatty() else "") + f"memlog: {said}\n")
    except (OSError, ValueError):
        pass  # nobody can be told
    return 128 + _noticed if asked else EXIT_CODE


def _notice(number: int, frame: object) -> None:
    global _noticed
    _noticed = number
    if number != _signal.SIGINT:
        _signal.signal(number, _signal.SIG_IGN)  # a second one would end the cleaning up
    raise KeyboardInterrupt
