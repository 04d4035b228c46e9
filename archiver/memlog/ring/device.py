"""The kernel's ring: a client of /dev/memlog that also gets along with a driver that knows ioctls 1-5 only.

Source: schema/memlog.h. Such an older driver counts one seq for all users, so a hole in seq says
nothing and no Gap is given; it has no ring_id (the boot's is used), no drained mark, no running
hash, and its poll() never sleeps.
"""

import errno
import fcntl
import os
import stat
import time
from _thread import allocate_lock
from struct import Struct
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from memlog.contracts import (
    HEADER_BYTES,
    INFO_BYTES,
    IOC_CLEAR,
    IOC_FILTER_UID,
    IOC_GET_INFO,
    IOC_GET_VERSION,
    IOC_SET_DRAINED,
    IOC_SET_RING_SIZE,
    IOC_SET_SESSION,
    IOC_STATS,
    MAX_BLOB,
    SCHEMA_VERSION,
    SESSION_BYTES,
    STATS_BYTES,
)
from memlog.errors import (
    ContractError,
    RefusedError,
    RingFullError,
    RingUnavailableError,
    UndrainedError,
    UnsupportedSchemaError,
)
from memlog.ring.layout import boot_id, check_blob, check_capacity
from memlog.ring.protocol import RingInfo, RingStats
from memlog.wire import NO_SESSION, pack_session

if TYPE_CHECKING:  # a hook only writes
    from memlog.ring.device_reader import DeviceReader, Echo

_ENTRY_BYTES = 64  # most a driver takes for a record besides header and blob

_STATS = Struct("<QQQIIQQ")
_INFO = Struct("<16sIIQQQQQQQQQQ32s32s")
_U32 = Struct("=I")
_U64 = Struct("=Q")


class Syscalls:
    """The kernel, as this module calls it; a test puts a driver of its own here."""

    open = staticmethod(os.open)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    close = staticmethod(os.close)
    sleep = staticmethod(time.sleep)

    @staticmethod
    def is_device(fd: int) -> bool:
        return stat.S_ISCHR(os.fstat(fd).st_mode)

    @staticmethod
    def ioctl(fd: int, number: int, argument: bytes = b"") -> bytes:
        """The argument as the driver left it."""
        if not argument:
            fcntl.ioctl(fd, number)
            return b""
        return fcntl.ioctl(fd, number, argument)

    @staticmethod
    def poll(fd: int, timeout_s: float) -> bool:
        import select

        waiter = select.poll()
        waiter.register(fd, select.POLLIN)
        return bool(waiter.poll(max(0, int(timeout_s * 1000))))


class DeviceRing:
    """The caller's own ring behind a device node. uid and pid of a record are the kernel's: attested.

    of_uid: somebody else's, to be read and marked as drained, where the kernel permits it.
    """

    kind = "kernel"

    __slots__ = (
        "_echo", "_fd", "is_old", "_lock", "_newest", "_pid", "_read_fd", "_session", "system", "of_uid",
        "path",
    )  # fmt: skip

    def __init__(
        self, path: str = "/dev/memlog", *, of_uid: int | None = None, syscalls: Syscalls | None = None
    ) -> None:
        """Raises: RingUnavailableError, saying what is missing; UnsupportedSchemaError; RefusedError."""
        self.path = path
        self.of_uid = of_uid
        self.system = syscalls or Syscalls()
        self._fd = self._read_fd = -1
        self._lock = allocate_lock()
        self._open()

    def _open(self) -> None:
        self._fd = self.open_file()
        self._pid = os.getpid()
        self._echo: Echo | None = None
        self._session = NO_SESSION
        self._newest: int | None = None  # our newest record's seq: the next one tells at once
        try:
            version = _U32.unpack(self.ioctl(IOC_GET_VERSION, bytes(4)))[0]
            if version != SCHEMA_VERSION:
                raise UnsupportedSchemaError(
                    f"{self.path} speaks schema {version}, this memlog {SCHEMA_VERSION}"
                )
            try:
                self.ioctl(IOC_GET_INFO, bytes(INFO_BYTES))
                self.is_old = False
            except _NoSuchIoctlError:
                self.is_old = True
            if self.of_uid is not None:
                self.ioctl(IOC_FILTER_UID, _U32.pack(self.of_uid))
        except BaseException:
            self.close()
            raise

    def open_file(self) -> int:
        """A descriptor of its own: own cursor, own filter, own session."""
        try:
            fd = self.system.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as exc:
            from memlog.ring.device_errors import not_opened

            raise not_opened(self.path, exc) from exc
        if not self.system.is_device(fd):
            self.system.close(fd)
            raise RingUnavailableError(f"{self.path} is not a device")
        return fd

    def ioctl(self, number: int, argument: bytes = b"", fd: int | None = None) -> bytes:
        """The argument as the driver left it. Raises: as the driver's errno says, in our words."""
        try:
            return self.system.ioctl(self._live() if fd is None else fd, number, argument)
        except OSError as exc:
            if exc.errno == errno.ENOTTY:
                raise _NoSuchIoctlError(f"{self.path} is not memlog's device, or an older driver") from exc
            self.translate(exc)

    def translate(self, exc: OSError) -> NoReturn:
        """Raises: what the driver's errno says, in our words."""
        from memlog.ring.device_errors import refused

        raise refused(self.path, exc) from exc

    def _live(self) -> int:
        if self._fd < 0:
            raise RingUnavailableError("the ring was closed")
        if self._pid != os.getpid():
            self._read_fd = -1
            self._open()  # a forked child's session and cursor are its own
        return self._fd

    # -- writing --------------------------------------------------------------------------

    def write(self, blob: bytes, *, session: str | None = None, keep_undrained: bool = False) -> int:
        """The seq of the new record, which the kernel holds from now on.

        keep_undrained is decided before the write, so a second writer may get between the two; it
        errs towards RingFullError. Raises: BlobTooLargeError, ContractError, RingFullError,
        RefusedError (no right), RingUnavailableError.
        """
        check_blob(blob)
        self._check_own()
        with self._lock:  # the session is the descriptor's, so threads take turns
            fd = self._live()
            if keep_undrained:
                self._check_room(len(blob))
            self._set_session(pack_session(session) if session else NO_SESSION)
            before = self._next_seq() if self._newest is None else self._newest + 1
            try:
                written = self.system.write(fd, blob)
            except OSError as exc:
                if exc.errno == errno.EINVAL:
                    raise ContractError(f"{self.path}: the kernel refused the record") from exc
                self.translate(exc)
            if written != len(blob):
                raise RingUnavailableError(f"{self.path} took {written} of {len(blob)} bytes")
            after = self._next_seq()
            self._newest = before if after == before + 1 else self._find_own(blob, before)
            return self._newest

    def _check_own(self) -> None:
        if self.of_uid is not None:
            raise RefusedError(f"the ring of uid {self.of_uid} is its user's to change")

    def _set_session(self, session: bytes) -> None:
        if session == self._session:
            return
        try:
            self.ioctl(IOC_SET_SESSION, session)
        except _NoSuchIoctlError:
            pass  # an older driver writes zeroes; the blob names its session
        self._session = session

    def _next_seq(self) -> int:
        return self.stats().total_writes + 1 if self.is_old else self.info().next_seq

    def _find_own(self, blob: bytes, low: int) -> int:
        """The seq of the record just written: somebody else wrote at the same time."""
        if self._echo is None:
            from memlog.ring.device_reader import Echo

            self._echo = Echo(self, low)
        return self._echo.seq_of(blob, self._session, low)

    def _check_room(self, length: int) -> None:
        stats = self.stats()
        need = HEADER_BYTES + length + _ENTRY_BYTES
        if stats.ring_bytes + need <= stats.ring_capacity:
            return
        if self.is_old:
            raise RingFullError
        info = self.info()
        # What a record takes is the driver's business: count each undrained one at its largest.
        undrained = info.next_seq - max(info.drained_seq + 1, info.oldest_seq)
        if undrained and undrained * (HEADER_BYTES + MAX_BLOB + _ENTRY_BYTES) + need > stats.ring_capacity:
            raise RingFullError

    # -- reading --------------------------------------------------------------------------

    def reader(self, after_seq: int | None = None, *, uid: int | None = None) -> "DeviceReader":
        """A reader with a descriptor of its own. uid: somebody else's records, ALL_UIDS everybody's.

        Raises: RefusedError when the kernel does not permit that uid.
        """
        from memlog.ring.device_reader import DeviceReader

        reader = DeviceReader(self, after_seq, uid=self.of_uid if uid is None else uid)
        self._read_fd = reader.fd
        return reader

    def forget_reader(self, fd: int) -> None:
        """This descriptor is closed: wait() no longer asks it."""
        if self._read_fd == fd:
            self._read_fd = -1

    def wait(self, timeout_s: float) -> bool:
        """True when something may be new: poll() on the newest reader, or 200 ms on an older driver."""
        self._live()
        if self.is_old:
            self.system.sleep(min(timeout_s, 0.2))
            return True
        if self._read_fd < 0:
            return True
        return self.system.poll(self._read_fd, timeout_s)

    # -- ioctls ---------------------------------------------------------------------------

    def stats(self) -> RingStats:
        """Counters of this one ring. An older driver has one for everybody."""
        if self.is_old:
            return self.all_stats()
        _, _, _, next_seq, oldest, evicted, _, capacity, _, _, held, first_ns, last_ns, *_ = self._info()
        return RingStats(next_seq - 1, evicted, next_seq - oldest, held, capacity, first_ns, last_ns)

    def all_stats(self) -> RingStats:
        """Counters of every user's ring, where the capability is there; else of one's own."""
        return RingStats._make(_STATS.unpack(self.ioctl(IOC_STATS, bytes(STATS_BYTES))))

    def _info(self) -> tuple[Any, ...]:
        return _INFO.unpack(self.ioctl(IOC_GET_INFO, bytes(INFO_BYTES)))

    @property
    def ring_id(self) -> bytes:
        """As info() has it."""
        return self.info().ring_id

    def info(self) -> RingInfo:
        """As the driver says; of an older one what its counters and the boot tell."""
        if self.is_old:
            stats = self.stats()
            boot = boot_id()
            next_seq = stats.total_writes + 1
            return RingInfo(
                kind=self.kind, path=self.path, ring_id=bytes.fromhex(boot.replace("-", "")).ljust(16, b"\0"),
                uid=os.geteuid(), boot_id=boot, attested=True, next_seq=next_seq,
                oldest_seq=next_seq - stats.records_in_ring, evicted=stats.total_evictions, cleared=0,
                capacity=stats.ring_capacity, drained_seq=0,
            )  # fmt: skip
        found = self._info()
        ring_id, uid, _, next_seq, oldest, evicted, cleared, capacity, drained, archived = found[:10]
        return RingInfo(
            kind=self.kind, path=self.path, ring_id=ring_id, uid=uid, boot_id=boot_id(), attested=True,
            next_seq=next_seq, oldest_seq=oldest, evicted=evicted, cleared=cleared, capacity=capacity,
            drained_seq=drained, archived_seq=archived, hash_before=found[-2], hash_after=found[-1],
        )  # fmt: skip

    def set_drained(self, seq: int) -> None:
        """What our witness has archived: the kernel keeps a mark for each witness, and drained is the least.

        An older driver keeps none: nothing happens.
        """
        try:
            self.ioctl(IOC_SET_DRAINED, _U64.pack(seq))
        except _NoSuchIoctlError:
            pass

    def clear(self, *, force: bool = False) -> int:
        """Number of records dropped: everybody's where the capability is there, as the kernel has it.

        Raises: UndrainedError unless forced; RefusedError (no right).
        """
        self._check_own()
        info, held = self.info(), self.all_stats().records_in_ring
        if not force and not self.is_old and held > info.next_seq - info.oldest_seq:
            raise UndrainedError("the kernel would drop the records of other users too")
        if held and not force and info.next_seq - 1 > info.drained_seq:
            raise UndrainedError
        self.ioctl(IOC_CLEAR)
        return held

    def resize(self, capacity: int) -> None:
        """Raises: InputError (limits), RefusedError (no right)."""
        check_capacity(capacity)
        self.ioctl(IOC_SET_RING_SIZE, _U32.pack(capacity))

    def close(self) -> None:
        if self._fd >= 0:
            self.system.close(self._fd)
            self._fd = -1
            if self._echo is not None:
                self._echo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _NoSuchIoctlError(RingUnavailableError):
    """The driver does not know this ioctl."""


assert (_STATS.size, _INFO.size, len(NO_SESSION)) == (STATS_BYTES, INFO_BYTES, SESSION_BYTES)
