"""A ring file that takes no records any more: of an earlier boot, or damaged.

It is drained like any ring and then discarded. Of a file that was cut short, or whose header
is bad, every whole frame is given in order of seq, and what lies between them as damage.
"""

import os
from types import TracebackType
from typing import Self

from memlog.errors import RefusedError, RingUnavailableError
from memlog.paths import open_private
from memlog.ring.layout import DRAINED, FRAME_BYTES, Map, State
from memlog.ring.protocol import RingInfo, RingReader, RingStats
from memlog.ring.salvage import SalvageReader, look, salvage
from memlog.wire import Damage, Frame


class RetiredRing:
    """Read-only, but for the drained mark; discard() removes the file."""

    kind = "shm"

    __slots__ = ("_found", "_map", "_salvaged", "_seen", "_state", "created_ns", "path")

    def __init__(self, path: str) -> None:
        """Raises: UnsafePathError, RingUnavailableError."""
        self.path = path
        self._seen: int | None = None
        self._salvaged: list[Frame | Damage] | None = None
        try:
            fd = open_private(path, os.O_RDWR)
            try:
                self._found = look(fd)
                self._map = Map.of(fd)
            finally:
                os.close(fd)
        except OSError as exc:
            raise RingUnavailableError(f"{path}: {exc.strerror}") from exc
        # None: there is no whole ring to read by its positions, only frames to be found.
        self._state = self._map.state() if self._map and self._map.static else None
        self.created_ns = self._found.static.created_ns if self._found.static else 0

    @property
    def is_damaged(self) -> bool:
        """True when the file is no whole ring any more."""
        return self._state is None

    def _look(self) -> tuple[Map, State]:
        if self._map is None or self._state is None:
            raise RingUnavailableError(f"{self.path} is damaged")
        return self._map, self._state

    def _salvage(self) -> list[Frame | Damage]:
        """All whole frames by seq, then the other bytes that are not zero."""
        if self._salvaged is None:
            try:
                self._salvaged = list(salvage(self.path, self._found))
            except OSError as exc:
                raise RingUnavailableError(f"{self.path}: {exc.strerror}") from exc
        return self._salvaged

    @property
    def ring_id(self) -> bytes:
        """As info() has it."""
        return self.info().ring_id

    def info(self) -> RingInfo:
        """As a ring's; of a file without a state, what its frames say."""
        static = self._found.static
        state = self._state or self._found.state
        if state is not None:
            next_seq, oldest, cleared = state.next_seq, state.oldest_seq, state.cleared
        else:
            headers = (item.header for item in self._salvage() if isinstance(item, Frame))
            seqs = [header.seq for header in headers if header]
            oldest, next_seq, cleared = (seqs[0], seqs[-1] + 1, 0) if seqs else (1, 1, 0)
        return RingInfo(
            kind=self.kind, path=self.path, ring_id=static.ring_id if static else bytes(16),
            uid=static.uid if static else os.geteuid(), boot_id=static.boot_id if static else "",
            attested=False, next_seq=next_seq, oldest_seq=oldest, evicted=oldest - 1 - cleared,
            cleared=cleared, capacity=static.capacity if static else self._found.size,
            drained_seq=self._map.words[DRAINED] if self._map else 0,
        )  # fmt: skip

    def stats(self) -> RingStats:
        info = self.info()
        items = self.reader().read(1 << 30, 1 << 62)
        times = [item.header.ts_ns for item in items if isinstance(item, Frame) and item.header]
        if self._state is not None:
            held = self._state.tail - self._state.head
        else:
            held = sum(FRAME_BYTES + len(item.blob) for item in items if isinstance(item, Frame))
        return RingStats(
            total_writes=info.next_seq - 1, total_evictions=info.evicted, records_in_ring=len(times),
            ring_bytes=held, ring_capacity=info.capacity,
            oldest_ts_ns=times[0] if times else 0, newest_ts_ns=times[-1] if times else 0,
        )  # fmt: skip

    def reader(self, after_seq: int | None = None) -> RingReader:
        if self._state is not None:
            from memlog.ring.shm_reader import ShmReader

            return ShmReader(self, after_seq)
        return SalvageReader(iter(self._salvage()), after_seq, self._found.state)

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring put aside: it takes no records")

    def clear(self, *, force: bool = False) -> int:
        raise RefusedError(f"{self.path} is a ring put aside: drain it", hint="memlog witness drain")

    def resize(self, capacity: int) -> None:
        raise RefusedError(f"{self.path} is a ring put aside: it keeps its size")

    def wait(self, timeout_s: float) -> bool:
        """False at once: nothing is ever written here."""
        return False

    def set_drained(self, seq: int) -> None:
        if self._map and seq > self._map.words[DRAINED]:
            self._map.words[DRAINED] = seq

    def discard(self) -> None:
        """Remove the file: everything in it is archived."""
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass

    def close(self) -> None:
        """The map goes with the object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
