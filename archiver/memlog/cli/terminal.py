"""What a terminal gets: text it does not obey, colour where it is wanted, a pager where it is long.

A search loads it: only sys and os.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

BOLD, DIM, MATCH, KIND, NAME = "1", "2", "1;31", "36", "33"


def safe_text(text: str) -> str:
    """Text no terminal obeys: control, bidi and zero-width characters become visible escapes.

    Newline and tab stay. At the render boundary only: what is archived is evidence.
    """
    if text.isprintable():
        return text
    for c in set(text):  # few characters are odd, and texts are long
        if c not in "\n\t" and obeyed(c):
            text = text.replace(c, _shown(c))
    return text


def safe_line(text: str) -> str:
    """safe_text on one line: newlines and tabs become spaces."""
    return safe_text(text.replace("\n", " ").replace("\t", " "))


def obeyed(c: str) -> bool:
    """Whether a terminal may do something at this character instead of showing it."""
    n = ord(c)
    return (
        n < 0x20 or 0x7F <= n < 0xA0 or n in (0xAD, 0x061C, 0x180E, 0xFEFF) or 0x200B <= n <= 0x200F
        or 0x2028 <= n <= 0x202E or 0x2060 <= n <= 0x206F or 0xD800 <= n < 0xE000 or 0xFFF9 <= n <= 0xFFFB
        or 0xE0000 <= n < 0xE0080
    )  # fmt: skip


def _shown(c: str) -> str:
    n = ord(c)
    return f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" if n < 0x10000 else f"\\U{n:08x}"


def is_terminal(stream: "TextIO | None" = None) -> bool:
    """Whether a person reads it."""
    try:
        return (stream or sys.stdout).isatty()
    except ValueError:  # closed
        return False


def colours() -> bool:
    """Whether standard output takes colour: NO_COLOR before FORCE_COLOR before whether it is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return is_terminal() and os.environ.get("TERM") != "dumb"


def size(stream: "TextIO | None" = None) -> tuple[int, int]:
    """Columns and lines of the terminal."""
    try:
        columns, lines = os.get_terminal_size((stream or sys.stdout).fileno())
    except (OSError, ValueError):
        columns, lines = 0, 0
    said = os.environ.get("COLUMNS", "")
    return int(said) if said.isdigit() and int(said) > 0 else columns or 100, lines or 40


def painted(text: str, colour: str, on: bool) -> str:
    """The text in a colour, where colour is on. The text is safe already."""
    return f"\x1b[{colour}m{text}\x1b[0m" if on and text else text


def width() -> int | None:
    """Columns a page may take; None where no person reads it."""
    return size()[0] if is_terminal() else None


def write(text: str, *, at: str = "", paged: bool = True) -> None:
    """To standard output, as UTF-8 whatever the locale; through a pager where a screen cannot hold it.

    at: text the pager begins at, where it is less. paged: False for what goes on.
    """
    if paged and is_terminal() and _long(text) and _page(text, at):
        return
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:  # standard output was replaced by a stream of text
        sys.stdout.write(text)
        return
    raw.write(text.encode("utf-8", "backslashreplace"))
    raw.flush()


def _long(text: str) -> bool:
    """Whether it takes more lines than the screen has, with one left for the prompt."""
    columns, lines = size()
    if text.count("\n") >= lines or len(text) > 100 * columns * lines:
        return True
    return sum(max(-(-len(line) // columns), 1) for line in text.splitlines()) >= lines


def say(text: str) -> None:
    """Talk: to standard error, so that standard output stays data; a sentence breaks between words.

    A line that names a command stays whole, so that it can be copied.
    """
    columns = size(sys.stderr)[0] if is_terminal(sys.stderr) else 0
    for line in safe_text(text).split("\n"):
        if columns and len(line) > columns and not line.startswith("next: "):
            from memlog.cli.width import wrapped

            line = "\n".join(wrapped(line, columns))
        sys.stderr.write(line + "\n")


def no_pager() -> None:
    """No pager in this process."""
    os.environ["NO_PAGER"] = "1"


def _pager() -> str:
    """$MEMLOG_PAGER, $PAGER or less; "" with NO_PAGER, and for `cat`."""
    if os.environ.get("NO_PAGER") or os.environ.get("TERM") == "dumb":
        return ""
    command = os.environ.get("MEMLOG_PAGER", os.environ.get("PAGER", "less")).strip()
    return "" if command == "cat" else command


def _page(text: str, at: str) -> bool:
    """True when a pager took it."""
    command = _pager()
    if not command:
        return False
    if at and command.split()[0].endswith("less"):
        command += f" '+/{at}'"
    import subprocess  # only where a person reads a long page

    # F: leave when it fits, R: our colours, X: what was read stays on the screen
    environ = {"LESS": "FRX", "LESSCHARSET": "utf-8", **os.environ}
    try:
        pager = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env=environ)  # noqa: S602
    except OSError:
        return False
    try:
        pager.communicate(text.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        pass  # the person read enough
    while True:
        try:
            return pager.wait() != 127  # 127: the shell found no such command
        except KeyboardInterrupt:
            pass  # Ctrl-C is the pager's
