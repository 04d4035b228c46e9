"""What is seldom done to a shared-memory ring: emptied, of another size, without records that were forgotten.

A hook only writes, so it does not load this.
"""

import os
from collections.abc import Container
from typing import TYPE_CHECKING

from memlog.errors import RingUnavailableError, UndrainedError
from memlog.ring import layout, shm_file
from memlog.ring.layout import DRAINED, MIN_FRAME, MOVED, PAGE, PEEK, WAITING, Map, State, check_capacity

if TYPE_CHECKING:
    from memlog.ring.shm import ShmRing


def clear(ring: "ShmRing", force: bool) -> int:
    """Number of records dropped; no byte of them stays in the file.

    Raises: UndrainedError unless forced.
    """
    place, state = ring.hold()
    try:
        held = state.next_seq - state.oldest_seq
        if held and not force and state.next_seq - 1 > place.words[DRAINED]:
            raise UndrainedError
        place.publish(
            state._replace(
                generation=state.generation + 1, head=state.tail, oldest_seq=state.next_seq,
                cleared=state.cleared + held, newest_ts=0,
            )
        )  # fmt: skip
        for at in range(PAGE, PAGE + place.area, 1 << 20):
            stop = min(at + (1 << 20), PAGE + place.area)
            place.mm[at:stop] = bytes(stop - at)
        return held
    finally:
        ring.drop()


def resize(ring: "ShmRing", capacity: int) -> None:
    """A ring of this many bytes with the newest whole records carried over, ids and counters kept.

    Raises: InputError (limits), RingUnavailableError (no room).
    """
    check_capacity(capacity)
    place, state = ring.hold()
    try:
        start, oldest = _newest_that_fit(place, state, capacity)
        drained = _replace(ring.path, place, state, place.copy(start, state.tail), oldest, capacity)
    finally:
        ring.drop()
    ring.capacity = capacity
    ring.reopen()
    ring.set_drained(drained)


def renew(ring: "ShmRing", forgotten: Container[int]) -> int:
    """How many of the records with these seqs it held; their blobs are gone, their places stay.

    A new file, as after a resize: what was evicted and not yet overwritten is gone with the old one.
    Raises: RingUnavailableError (no room), RingBusyError.
    """
    place, state = ring.hold()
    try:
        raw = bytearray(place.copy(state.head, state.tail))
        count = layout.empty_frames(raw, place.seed, forgotten, place.words[DRAINED])
        assert place.static is not None
        drained = _replace(ring.path, place, state, bytes(raw), state.oldest_seq, place.static.capacity)
    finally:
        ring.drop()
    ring.reopen()
    ring.set_drained(drained)
    return count


def _replace(path: str, place: Map, state: State, kept: bytes, oldest: int, capacity: int) -> int:
    """A new file with these frames in place of the old one; its drained mark. Call it with the lock."""
    assert place.static is not None
    static = place.static._replace(capacity=capacity, area=layout.area_for(capacity))
    moved = State(1, 0, len(kept), state.next_seq, oldest, state.cleared, state.newest_ts)
    page = layout.header_page(static, moved, place.words[DRAINED], place.words[WAITING])
    temporary = shm_file.make(path, static, page + kept)
    try:
        os.rename(temporary, path)
    except OSError as exc:
        os.unlink(temporary)
        raise RingUnavailableError(f"{path}: {exc.strerror}") from exc
    # After the rename: killed in between, the old file is nobody's and its inode tells so.
    place.words[MOVED] = 1
    drained: int = place.words[DRAINED]
    return drained


def _newest_that_fit(place: Map, state: State, capacity: int) -> tuple[int, int]:
    raw = place.copy(state.head, state.tail)
    offset, seq = 0, state.oldest_seq
    while len(raw) - offset > capacity and seq < state.next_seq - 1:
        size, found = PEEK.unpack_from(raw, offset)
        if found != seq or size & 7 or not MIN_FRAME <= size <= len(raw) - offset:
            offset = place.find_frame(raw, offset + 8, seq, state.next_seq)
            seq = PEEK.unpack_from(raw, offset)[1] if offset < len(raw) else state.next_seq
        else:
            offset, seq = offset + size, seq + 1
    return state.head + offset, seq
