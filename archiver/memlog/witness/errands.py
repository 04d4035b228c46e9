"""What takes longer than a batch, one batch at a time: the spool, losses read again, what is over a limit."""

import time
from collections import deque
from collections.abc import Callable, Iterator

from memlog.archive.store import Archive, Outcome
from memlog.settings import Settings
from memlog.witness import heal, keep, spooled, trouble
from memlog.witness.jobs import Progress
from memlog.witness.log import log

_SPOOL_EVERY_S = 1.0
_HEAL_AGAIN_S = 3_600.0
_KEEP_EVERY_S, _KEEP_FIRST_S = 3_600.0, 60.0


class Errands:
    """Errands in the order they came; rings are drained between two steps. heed: what a batch asks for."""

    def __init__(self, archive: Archive, settings: Settings, heed: Callable[[Outcome], None]) -> None:
        self._archive = archive
        self._settings = settings
        self._heed = heed
        self._waiting: deque[Iterator[Progress]] = deque()
        self._spooled: set[str] = set()
        self._spool_at = self._heal_at = -1.0e9
        self._keep_at = time.monotonic() - _KEEP_EVERY_S + _KEEP_FIRST_S
        self._heal_due = True

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, name: str, task: spooled.Task | None) -> None:
        """Bring in this file of the spool, unless that waits or was done already."""
        if task is not None and name not in self._spooled:
            self._spooled.add(name)
            self._waiting.append(spooled.bring_in(self._archive, self._settings, self._heed, task))

    def expect_losses(self) -> None:
        """Something may be lost, or may be there to be read again."""
        self._heal_due = True

    def find(self) -> None:
        """Queue what lies in the spool and what can be healed; the rings have nothing new."""
        now = time.monotonic()
        if now - self._spool_at >= _SPOOL_EVERY_S:
            self._spool_at = now
            for name, task in spooled.waiting(self._archive, self._spooled):
                self.expect(name, task)
        if not self._waiting and (self._heal_due or now - self._heal_at >= _HEAL_AGAIN_S):
            self._heal_due, self._heal_at = False, now
            if heal.is_needed(self._archive):
                self._waiting.append(heal.heal(self._archive, self._settings, self._heed))
        if not self._waiting and self._settings.retention and now - self._keep_at >= _KEEP_EVERY_S:
            self._keep_at = now
            self._waiting.append(keep.by_itself(self._archive, self._settings))

    def hurry(self) -> None:
        """Look into the spool and at what can be healed at the next find()."""
        self._spool_at = self._heal_at = -1.0e9

    def step(self) -> bool:
        """One batch of the first errand; False when there is none.

        Raises: what trouble.is_storage() knows; the errand is then begun again later.
        """
        if not self._waiting:
            return False
        try:
            next(self._waiting[0])
        except StopIteration:
            self._waiting.popleft()
        except Exception as exc:
            self._waiting.popleft()
            if trouble.is_storage(exc):
                self._spooled.clear()
                self._heal_due = True
                raise
            log.error("errand failed error=%s", trouble.sentence(exc), exc_info=exc)
        return True

    def drop(self) -> None:
        """Forget what waits; it is found again."""
        self._waiting.clear()
