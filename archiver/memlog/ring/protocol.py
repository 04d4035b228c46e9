"""What every ring offers: the kernel device, the shared-memory file, and (read-only) an image."""

from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from memlog.wire import Damage, Frame, Gap


class RingInfo(NamedTuple):
    """Identity and positions of one uid's ring.

    ring_id: 16 bytes, b"" for an image. attested: uid and pid were stamped by the kernel.
    drained_seq: archived by every witness the ring has, archived_seq: by one at least; only the kernel's
    ring knows several.
    hash_before, hash_after: running hash around what is held; b"" where the ring keeps none.
    """

    kind: str  # kernel | shm | image
    path: str
    ring_id: bytes
    uid: int
    boot_id: str
    attested: bool
    next_seq: int
    oldest_seq: int
    evicted: int
    cleared: int
    capacity: int
    drained_seq: int
    hash_before: bytes = b""
    hash_after: bytes = b""
    archived_seq: int = 0


class RingStats(NamedTuple):
    """struct memlog_stats of schema/memlog.h."""

    total_writes: int
    total_evictions: int
    records_in_ring: int
    ring_bytes: int
    ring_capacity: int
    oldest_ts_ns: int
    newest_ts_ns: int


class RingReader(Protocol):
    """A cursor of its own: it takes no lock and moves nobody else's."""

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Frame | Gap | Damage]:
        """What came since the last read, oldest first; [] when nothing is new.

        Stops after `limit` records or `max_bytes` of blob. A Gap stands where records were
        lost, before the record that follows it.
        """
        ...

    def close(self) -> None: ...


class Ring(Protocol):
    """One uid's ring. Every method may raise RingUnavailableError when the ring went away."""

    kind: str
    path: str

    @property
    def ring_id(self) -> bytes:
        """Which ring this is: 16 bytes; b"" for an image."""
        ...

    def info(self) -> RingInfo: ...

    def stats(self) -> RingStats: ...

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        """The seq of the new record, which survives this process from now on.

        keep_undrained: raise RingFullError rather than evict what no witness has archived.
        Raises: BlobTooLargeError, ContractError (empty blob), RingFullError, RingBusyError,
        RefusedError (an image).
        """
        ...

    def reader(self, after_seq: int | None = None) -> RingReader:
        """A reader that starts after this seq; None: at the oldest record, without a first gap."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """True when something may be new: rung by a writer, or at latest after timeout_s False."""
        ...

    def set_drained(self, seq: int) -> None:
        """What is archived: never moves back."""
        ...

    def clear(self, *, force: bool = False) -> int:
        """Number of records dropped. Raises: UndrainedError unless forced."""
        ...

    def resize(self, capacity: int) -> None:
        """A ring of this many bytes with the newest records carried over. Raises: InputError (limits)."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def follow(ring: Ring, reader: RingReader, *, poll_s: float = 0.2) -> Iterator[Frame | Gap | Damage]:
    """Everything the reader gives, for ever: other followers than the witness look every 200 ms."""
    import time

    while True:
        items = reader.read()
        yield from items
        if not items:
            time.sleep(poll_s)
