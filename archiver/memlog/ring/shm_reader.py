"""A cursor in the shared-memory ring: it copies, then asks whether what it copied was still there."""

from typing import Protocol

from memlog.errors import RingUnavailableError
from memlog.ring.layout import FRAME_BYTES, MAX_FRAME, PEEK, Map, State, frame_at
from memlog.wire import Damage, Frame, Gap

Item = Frame | Gap | Damage


class _Mapped(Protocol):
    """What a reader asks of its ring: the map to look at, and to be told how far reading came."""

    path: str
    _seen: int | None

    def _look(self) -> tuple[Map, State]: ...


class ShmReader:
    """Reads one ring, by its ring_id, wherever a resize takes it. No lock, no store, no other's cursor."""

    __slots__ = ("_after", "_at", "_map", "_ring", "_ring_id")

    def __init__(self, ring: _Mapped, after_seq: int | None) -> None:
        self._ring = ring
        self._map, state = ring._look()
        self._ring_id = self._map.static.ring_id if self._map.static else b""
        self._after = state.oldest_seq - 1 if after_seq is None else after_seq
        self._at: int | None = None

    def read(self, limit: int = 1_000, max_bytes: int = 4_000_000) -> list[Item]:
        """What came since the last read, oldest first; [] when nothing is new.

        Raises: RingUnavailableError when the path's ring is another one now.
        """
        while True:
            items = self._read_map(limit, max_bytes)
            if items or self._map.is_at(self._ring.path):
                return items
            items = self._read_map(limit, max_bytes)  # nobody writes to a ring that moved: now it is all
            if items:
                return items
            place, self._map = self._map, self._ring._look()[0]
            if self._map is place:  # a ring put aside whose file another drain removed: this was all of it
                return items
            if self._map.static is None or self._map.static.ring_id != self._ring_id:
                raise RingUnavailableError(f"{self._ring.path} is another ring now", hint="try again")
            self._at = None  # a seq stays what it is in a resized ring, a position does not

    def close(self) -> None:
        """Nothing is held open; the ring closes its file."""

    def _read_map(self, limit: int, max_bytes: int) -> list[Item]:
        items: list[Item] = []
        while True:
            state = self._state()
            at = self._at = self._position(state)
            found = [len(item.blob) for item in items if isinstance(item, Frame)]
            more, room = limit - len(found), max_bytes - sum(found)
            if at >= state.tail or more <= 0 or room <= 0:
                break
            raw, at = self._copy(at, min(state.tail, at + min(more * MAX_FRAME, room + MAX_FRAME)))
            used = self._parse(raw, False, state, more, room, items)
            if used < 0:  # no frame here: look again, as far as there is something, before calling it damage
                raw, at = self._copy(at, state.tail)
                used = self._parse(raw, True, state, more, room, items)
            self._at = at + used
        self._ring._seen = state.next_seq if at >= state.tail else self._after + 1
        return items

    def _copy(self, at: int, stop: int) -> tuple[bytes, int]:
        """What of [at, stop) was still held after it was copied, and where that begins."""
        raw = self._map.copy(at, stop)
        late = self._state().head - at
        return (raw[late:], at + late) if late > 0 else (raw, at)

    def _state(self) -> State:
        if not self._map.is_whole():
            raise RingUnavailableError(f"{self._ring.path} was cut short", hint="try again")
        state = self._map.state()
        if state is None:
            raise RingUnavailableError(f"both states of {self._ring.path} are damaged", hint="try again")
        return state

    def _position(self, state: State) -> int:
        """Where the first frame after our seq lies."""
        if self._at is not None:
            return max(self._at, state.head)
        if self._after < state.oldest_seq:
            return state.head
        if self._after >= state.next_seq - 1:
            return state.tail
        raw = self._map.copy(state.head, state.tail)
        offset, seq = 0, state.oldest_seq
        while len(raw) - offset >= PEEK.size and seq <= self._after:  # a damaged size may end near the end
            size, found = PEEK.unpack_from(raw, offset)
            if found != seq or size & 7 or not FRAME_BYTES < size <= len(raw) - offset:
                whole = self._map.find_frame(raw, offset + 8, seq, state.next_seq)
                after = PEEK.unpack_from(raw, whole)[1] if whole < len(raw) else state.next_seq
                if after > self._after + 1:
                    break  # the damage covers something we have not read
                offset, seq = whole, after
            else:
                offset, seq = offset + size, seq + 1
        return state.head + offset

    def _parse(
        self, raw: bytes, sure: bool, state: State, limit: int, max_bytes: int, items: list[Item]
    ) -> int:
        """Bytes of raw used; -1 when there is no frame at its start and it is not sure that it is damage."""
        place, offset, records, size = self._map, 0, 0, 0
        while offset < len(raw) and records < limit and size < max_bytes:
            found = frame_at(raw, offset, place.seed)
            if found is None:
                if not sure:
                    return offset or -1
                end = place.find_frame(raw, offset + 8, self._after + 1, state.next_seq)
                items.append(Damage(self._after + 1, raw[offset:end], "a frame of the ring is damaged"))
                offset = end
                continue
            total, header = found
            if header.seq > self._after:
                if header.seq > self._after + 1:
                    items.append(Gap(self._after, header.seq))
                start = offset + FRAME_BYTES
                items.append(Frame(header, raw[start : start + header.length]))
                self._after = header.seq
                records += 1
                size += header.length
            offset += total
        return offset
