"""One line on stderr that says how far a job is; nothing where no terminal is, or where it is soon done."""

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from memlog.cli import terminal
from memlog.cli.brief import lasted
from memlog.cli.width import columns, cut, ending

if TYPE_CHECKING:
    from memlog.witness.jobs import Progress

_EVERY_S = 0.1
_QUIET_S = 0.4  # what is done by then needs no line
_GUESS_S = 3.0  # how long it goes before what is left is guessed at
_BAR = 20  # columns


class ProgressLine:
    """Call it with each Progress; it clears its line at the end. scale: what one unit is divided by."""

    def __init__(self, unit: str = "MB", scale: float = 1e6) -> None:
        self._unit = unit
        self._scale = scale
        self._shows = terminal.is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
        self._begun = time.monotonic()
        self._told_at = 0.0
        self._first: tuple[float, int, int] | None = None

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        if not self._shows or now - self._told_at < _EVERY_S or now - self._begun < _QUIET_S:
            return
        self._told_at = now
        self._write(self.line(progress, terminal.size()[0] - 1, now - self._begun, self._left(progress, now)))

    def tick(self, note: str) -> None:
        """The same for work that cannot say how far it is."""
        from memlog.witness.jobs import Progress

        self(Progress(0, 0, note))

    def line(
        self, progress: "Progress", width: int, elapsed_s: float = 0.0, left_s: float | None = None
    ) -> str:
        """The words, at most `width` columns; the end of a long note is kept."""
        done, total, note = progress
        if total:
            part = min(done / total, 1)
            scaled = f"{_figure(done / self._scale)} of {_figure(total / self._scale)} {self._unit}"
            text = f"{part:4.0%} {_bar(part)} {scaled}  "
            text += f"{lasted(left_s)} left  " if left_s is not None else ""
        else:
            text = f"{lasted(elapsed_s)}  "
        return cut(text + ending(terminal.safe_line(note), width - columns(text)), width)

    def _left(self, progress: "Progress", now: float) -> float | None:
        """Seconds until the end at the speed so far; None where nothing says."""
        done, total, _ = progress
        if self._first is None or self._first[2] != total:
            self._first = (now, done, total)
        began, before, _ = self._first
        if not total or done <= before or now - began < _GUESS_S:
            return None
        return max(total - done, 0) * (now - began) / (done - before)

    def close(self) -> None:
        """Leave an empty line behind."""
        if self._shows and self._told_at:
            self._write("")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _figure(n: float) -> str:
    return f"{n:,.0f}" if n == int(n) or n >= 1_000 else f"{n:,.1f}"


def _bar(part: float) -> str:
    full, empty = "█░" if "utf" in (sys.stderr.encoding or "").lower() else "#."
    filled = int(part * _BAR)
    return full * filled + empty * (_BAR - filled)
