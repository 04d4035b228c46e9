"""The snapshot tree, written after the archive: what is due, and what came of it."""

import time

from memlog.witness import trouble
from memlog.witness.drain import SNAPSHOTS_AT_ONCE, Drain
from memlog.witness.log import log

_AGAIN_S = 30.0


class Snapshots:
    """due: something may have changed since the last look. error: why none was written, else ""."""

    def __init__(self) -> None:
        self.due = True
        self.error = ""
        self._again_at = 0.0

    def may_be_written(self) -> bool:
        """False for a while after a tree that could not be written."""
        return time.monotonic() >= self._again_at

    def write(self, drain: Drain, *, limit: int | None = SNAPSHOTS_AT_ONCE, open_too: bool = False) -> int:
        """Snapshots written. A tree that cannot be written must not keep records from being archived."""
        if not self.may_be_written():
            return 0
        try:
            written = drain.snapshots(limit=limit, open_too=open_too)
        except OSError as exc:
            words = trouble.sentence(exc)
            if words != self.error:
                log.error("snapshots not written error=%s", words)
            self.error, self._again_at = words, time.monotonic() + _AGAIN_S
            return 0
        self.error = ""
        return written
