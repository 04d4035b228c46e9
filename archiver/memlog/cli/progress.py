"""One line on stderr that says how far a job is; nothing where no terminal is."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from memlog.cli import terminal

if TYPE_CHECKING:
    from memlog.witness.jobs import Progress

_EVERY_S = 0.1


class ProgressLine:
    """Call it with each Progress; it clears its line at the end. scale: what one unit is divided by."""

    def __init__(self, unit: str = "MB", scale: float = 1e6) -> None:
        self._unit = unit
        self._scale = scale
        self._shows = terminal.is_terminal(sys.stderr)
        self._told_at = 0.0

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        if not self._shows or now - self._told_at < _EVERY_S:
            return
        self._told_at = now
        self._write(self.line(progress, terminal.size()[0] - 1))

    def line(self, progress: "Progress", width: int) -> str:
        """The words, at most `width` characters; the end of a long note is kept."""
        done, total, note = progress
        if total:
            scaled = f"{done / self._scale:,.1f} of {total / self._scale:,.1f} {self._unit}"
            text = f"{min(done / total, 1):4.0%}  {scaled}  "
        else:
            text = ""
        note = terminal.safe_line(note)
        room = width - len(text)
        return (text + (note if len(note) <= room else "…" + note[-max(room - 1, 0) :]))[:width]

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
