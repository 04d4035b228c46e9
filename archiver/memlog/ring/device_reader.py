"""A cursor in the kernel's ring: one open file of the device, one record a read."""

import os
from struct import Struct
from typing import TYPE_CHECKING

from memlog.contracts import HEADER_BYTES, IOC_FILTER_UID, MAX_BLOB
from memlog.errors import ContractError, MemlogError
from memlog.wire import Damage, Frame, Gap, Header, unpack_frame

if TYPE_CHECKING:
    from memlog.ring.device import DeviceRing

ALL_UIDS = 0  # FILTER_UID's word for everybody; needs the capability
READ_BYTES = HEADER_BYTES + MAX_BLOB  # a smaller buffer is EINVAL, and the record stays


class DeviceReader:
    """The cursor is the kernel's, of this descriptor alone."""

    __slots__ = ("_after", "_all", "_ring", "_start", "fd")

    def __init__(self, ring: "DeviceRing", after_seq: int | None, *, uid: int | None = None) -> None:
        self._ring = ring
        self._start = after_seq
        self._after: dict[int, int] = {}  # uid -> newest seq given: each uid counts for itself
        self._all = uid == ALL_UIDS
        self.fd = ring.open_file()
        if uid is not None:
            try:
                ring.ioctl(IOC_FILTER_UID, Struct("=I").pack(uid), self.fd)
            except MemlogError:
                self.close()
                raise

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Frame | Gap | Damage]:
        """What came since the last read, oldest first; [] when nothing is new."""
        items: list[Frame | Gap | Damage] = []
        records = size = 0
        system = self._ring.system
        while records < limit and size < max_bytes:
            try:
                raw = system.read(self.fd, READ_BYTES)
            except BlockingIOError:
                break
            except OSError as exc:
                self._ring.translate(exc)
            if not raw:
                break
            try:
                frame = unpack_frame(raw)
            except ContractError as exc:
                items.append(Damage(max(self._after.values(), default=self._start or 0) + 1, raw, str(exc)))
                records += 1
                continue
            header = frame.header
            assert header is not None
            if self._start is not None and header.seq <= self._start:
                continue
            after = self._after.get(header.uid, None if self._all else self._start)
            if after is not None and header.seq > after + 1 and not self._ring.is_old:
                items.append(Gap(after, header.seq))
            self._after[header.uid] = header.seq
            items.append(frame)
            records += 1
            size += header.length
        return items

    def close(self) -> None:
        if self.fd >= 0:
            self._ring.forget_reader(self.fd)
            self._ring.system.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        try:
            self.close()
        except (AttributeError, OSError, TypeError):
            pass


class Echo:
    """Finds the record just written where somebody else wrote at the same time."""

    __slots__ = ("_pid", "_reader", "_ring")

    def __init__(self, ring: "DeviceRing", low: int) -> None:
        """low: no record that is asked for has a lower seq."""
        self._ring = ring
        self._reader = DeviceReader(ring, None if ring.is_old else low - 1)
        self._pid = os.getpid()

    def seq_of(self, blob: bytes, session: bytes, low: int) -> int:
        """The seq of our newest record of this blob; `low` where it is evicted already: somewhere above."""
        ours: list[Header] = []
        while items := self._reader.read():  # the cursor stays: no record is looked at twice
            for item in items:
                header = item.header if isinstance(item, Frame) and item.blob == blob else None
                if header and header.seq >= low and (self._ring.is_old or header.session == session):
                    ours.append(header)
        # The kernel's pid is another one than ours in a pid namespace: learned where it is beyond doubt.
        if len(ours) == 1:
            self._pid = ours[0].pid
        mine = [header for header in ours if header.pid == self._pid] or ours
        return mine[-1].seq if mine else low

    def close(self) -> None:
        self._reader.close()
