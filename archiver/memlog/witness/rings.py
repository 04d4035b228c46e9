"""Which rings are drained: this user's, those of earlier boots, devices named, and those of other users."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memlog.archive.store import Archive
from memlog.errors import MemlogError
from memlog.ring.open import open_ring, retired_rings, ring_dir
from memlog.settings import Settings
from memlog.witness.log import log
from memlog.witness.source import Source

if TYPE_CHECKING:  # only where there is a device
    from memlog.witness.others import Others


class Rings:
    """The rings that are open, as sources. error: why one is not; "" where all are."""

    def __init__(self, archive: Archive, settings: Settings, devices: Sequence[str] = ()) -> None:
        self.sources: list[Source] = []
        self.error = ""
        self._archive = archive
        self._settings = settings
        self._devices = [path if path == "-" else os.path.abspath(path) for path in devices]
        self._others: Others | None = None

    def find(self) -> bool:
        """Open what is not open yet; True when there is one more."""
        known, count = {source.path for source in self.sources}, len(self.sources)
        before, self.error = self.error, ""
        for path in list(self._devices):
            if path not in known:
                self._try_open(path=path)
        self._find_retired(known)
        shared = os.path.join(ring_dir(self._settings), "ring")
        kind, device = self._settings.ring, self._settings.device
        wanted = kind == "kernel" or (kind == "auto" and os.path.exists(device))
        if wanted and device not in known:
            self._try_open(kind="kernel")
        if any(source.ring.kind == "kernel" for source in self.sources):
            self._find_others()
        # A ring nobody has written to yet is made by its first writer.
        if shared not in known and os.path.exists(shared):
            self._try_open(kind="shm")
        if self.error and self.error != before:
            log.warning("ring not opened error=%s", self.error)
        return len(self.sources) > count

    def add_device(self, path: str) -> None:
        """Drain this ring or image too."""
        path = os.path.abspath(path)
        if path not in self._devices:
            self._devices.append(path)

    def lose(self, source: Source, exc: Exception) -> None:
        """Let go of a ring that went away; where it comes back, it is found again."""
        log.warning("ring went away kind=%s path=%s error=%s", source.ring.kind, source.path, exc)
        self.sources.remove(source)
        source.close()

    def finish(self, source: Source) -> None:
        """Let go of a retired ring or an image that was drained: nothing ever comes to it."""
        if source.path in self._devices:
            self._devices.remove(source.path)
        self.sources.remove(source)
        source.close()
        discard = getattr(source.ring, "discard", None)
        if source.retired and discard is not None:
            log.info("ring put aside drained path=%s seq=%d", source.path, source.cursor)
            discard()

    def close(self) -> None:
        """Close every ring; what was read and not committed stays in it."""
        for source in self.sources:
            source.close()
        self.sources.clear()
        if self._others is not None:
            self._others.close()

    def _find_retired(self, known: set[str]) -> None:
        try:
            for ring in retired_rings(self._settings):
                if ring.path in known:
                    ring.close()
                else:
                    if ring.is_damaged:
                        log.warning("ring damaged, what it still holds is archived path=%s", ring.path)
                    self.sources.append(Source(ring, self._archive, retired=True))
        except MemlogError as exc:
            self.error = str(exc)

    def _find_others(self) -> None:
        """Whose records the kernel lets us read besides our own, theirs too."""
        if self._others is None:
            from memlog.witness.others import Others

            self._others = Others(self._settings.device)
        for ring in self._others.find([source.ring for source in self.sources]):
            log.info("ring of another user uid=%d path=%s", ring.info().uid, ring.path)
            self.sources.append(Source(ring, self._archive))

    def _try_open(self, *, kind: str | None = None, path: str | None = None) -> None:
        try:
            ring = open_ring(self._settings, kind=kind, path=path)
        except MemlogError as exc:
            if path is not None and not os.path.exists(path):
                self._devices.remove(path)
            self.error = str(exc)
            return
        self.sources.append(Source(ring, self._archive))
