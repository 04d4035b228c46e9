"""Rings of other users behind one device, for a witness that may read them."""

from collections.abc import Sequence

from memlog.errors import MemlogError, RefusedError
from memlog.ring.device import DeviceRing
from memlog.ring.device_reader import ALL_UIDS, DeviceReader
from memlog.ring.protocol import Ring
from memlog.wire import Frame


class Others:
    """Finds out whose rings there are: the kernel tells only how many records all of them took.

    While the rings known account for that number, nothing is read; where they do not, one reader
    of everybody's records says who else has written.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._scout: DeviceReader | None = None
        self._ring: DeviceRing | None = None
        self._met: set[int] = set()

    def find(self, known: Sequence[Ring]) -> list[DeviceRing]:
        """Rings of users none of the known ones belongs to; [] without the right to read them."""
        infos = [ring.info() for ring in known if ring.kind == "kernel" and ring.path == self._device]
        if not infos:
            self.close()
            return []
        ring = self._own()
        if ring is None or ring.all_stats().total_writes <= sum(info.next_seq - 1 for info in infos):
            return []
        self._met |= self._writers(ring)
        return self._open(self._met - {info.uid for info in infos})

    def close(self) -> None:
        """Close what was opened to look; the rings found are their owner's."""
        if self._scout is not None:
            self._scout.close()
        if self._ring is not None:
            self._ring.close()
        self._scout = self._ring = None

    def _own(self) -> DeviceRing | None:
        if self._ring is None:
            try:
                self._ring = DeviceRing(self._device)
            except MemlogError:
                return None
        return self._ring

    def _writers(self, ring: DeviceRing) -> set[int]:
        if self._scout is None:
            try:
                self._scout = ring.reader(uid=ALL_UIDS)
            except RefusedError:
                return set()
        found: set[int] = set()
        while items := self._scout.read():
            found |= {item.header.uid for item in items if isinstance(item, Frame) and item.header}
        return found

    def _open(self, uids: set[int]) -> list[DeviceRing]:
        found: list[DeviceRing] = []
        for uid in sorted(uids):
            try:
                found.append(DeviceRing(self._device, of_uid=uid))
            except MemlogError:
                self._met.discard(uid)
        return found
