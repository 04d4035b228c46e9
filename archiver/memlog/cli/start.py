"""`memlog`: the fast path of `query search`, and click for everything else.

click costs five times a bare interpreter's start; a search must not pay that.
"""

import atexit
import os
import sys

from memlog.cli import interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> "NoReturn":
    """main() as a process: a search ends without the interpreter being taken apart, a tenth of its cost."""
    interrupt.remember()
    try:
        code = main()
    except KeyboardInterrupt as exc:  # while modules were loaded
        code = interrupt.ended(exc)
    # click, threads, a profiler and whoever asked to be called at the end get the long way
    watched = sys.getprofile() or sys.gettrace() or atexit._ncallbacks()
    if not watched and not {"memlog.cli.root", "threading"} & sys.modules.keys():
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            sys.exit(code)  # says it as every Python does
        os._exit(code)
    sys.exit(code)


def main() -> int:
    """Run the command of sys.argv and return its exit code."""
    _open_streams()
    arguments = sys.argv[1:]
    home, at = _leading(arguments)
    if arguments[at : at + 2] == ["query", "search"] and "--help" not in arguments:
        from memlog.cli import search

        return search.main(arguments[at + 2 :], home)
    from memlog.cli import root

    return root.main(arguments)


def _open_streams() -> None:
    """A standard stream the caller closed is an empty one: else the archive would get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, open(null, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


def _leading(arguments: list[str]) -> tuple[str | None, int]:
    """The home said before the command, and where the command begins."""
    home, at = None, 0
    while at < len(arguments):
        name, equals, value = arguments[at].partition("=")
        if name == "--home" and (equals or at + 1 < len(arguments)):
            home = value if equals else arguments[at + 1]
            at += 1 if equals else 2
        elif arguments[at] == "--no-pager":
            os.environ["NO_PAGER"] = "1"
            at += 1
        else:
            break
    return home, at


if __name__ == "__main__":
    run()
