"""Waits for a ring's doorbell in a thread, so that the witness can wait for its socket at the same time."""

import threading
from collections.abc import Callable

from memlog.errors import MemlogError, RefusedError
from memlog.ring.doorbell import ring_bell
from memlog.ring.open import open_ring
from memlog.ring.protocol import Ring, RingReader
from memlog.settings import Settings
from memlog.witness.log import log

_LOOK_S = 1.0
_AGAIN_S = 1.0


class Waiter:
    """Calls `wake` when something new lies in the ring, once for each arm().

    It has a ring of its own: no object is shared with who drains, so neither waits for the other.
    """

    def __init__(self, settings: Settings, wake: Callable[[], None], *, path: str | None = None) -> None:
        self._settings = settings
        self._path = path
        self._wake = wake
        self._armed = threading.Event()
        self._stop = threading.Event()
        self._bell = ""
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self._thread.start()

    def arm(self) -> None:
        """The rings have been read to their end: the next record is news."""
        self._armed.set()

    def close(self) -> None:
        """End the thread; within a second, at once where a doorbell can be rung."""
        self._stop.set()
        self._armed.set()
        if self._bell:
            ring_bell(self._bell)
        self._thread.join(_LOOK_S * 1.5)

    def _run(self) -> None:
        said = ""
        while not self._stop.is_set():
            try:
                with open_ring(self._settings, path=self._path) as ring:
                    self._bell = getattr(ring, "doorbell", "")
                    said = ""
                    self._watch(ring)
            except MemlogError as exc:
                if str(exc) != said:
                    log.warning("doorbell not heard error=%s", exc)
                said = str(exc)
            self._stop.wait(_AGAIN_S)

    def _watch(self, ring: Ring) -> None:
        reader = self._catch_up(ring, None)
        self._wake()
        while not self._stop.is_set():
            self._armed.wait()
            self._armed.clear()
            while not self._stop.is_set() and not ring.wait(_LOOK_S):
                pass
            # First what has come counts as seen, then it is told: what comes in between rings again.
            reader = self._catch_up(ring, reader)
            self._wake()

    @staticmethod
    def _catch_up(ring: Ring, reader: RingReader | None) -> RingReader:
        """Move the reader by which the ring tells news from what we know to the ring's end."""
        if reader is None or ring.kind == "shm":
            if reader is not None:
                reader.close()
            reader = _reader_of_all(ring)
        while reader.read():
            pass
        return reader


def _reader_of_all(ring: Ring) -> RingReader:
    if ring.kind == "kernel":
        from memlog.ring.device import DeviceRing
        from memlog.ring.device_reader import ALL_UIDS

        try:
            if isinstance(ring, DeviceRing):
                return ring.reader(uid=ALL_UIDS)
        except RefusedError:
            pass  # only root's witness archives what others write
    return ring.reader(ring.info().next_seq - 1)  # costs nothing in shared memory: no record is read
