"""The file of the shared-memory ring: what lies where, and what of it may be believed.

A header page, then the data area, a byte ring addressed by positions that only grow, then a
page that repeats what never changes, so that no one torn page makes the records unreadable.
A frame is `u32 total | u32 crc | 56-byte header | blob | up to 7 bytes of padding`, total
a multiple of 8; crc is CRC-32 of blob and header, seeded with the ring_id.

State (generation, head, tail, next and oldest seq, cleared, newest time) lies in two
slots, each with a CRC. Publishing writes the other slot, so a writer killed at any
instruction leaves the old state or the new. Evicting is one aligned 8-byte store to
RELEASED, made before the bytes behind it are overwritten: it overrides a slot's head.
"""

import mmap
import os
import time
from struct import Struct
from typing import NamedTuple, Self
from zlib import crc32

from memlog.contracts import HEADER_BYTES, MAGIC, MAX_BLOB, RING_MAX, RING_MIN, SCHEMA_VERSION
from memlog.errors import BlobTooLargeError, ContractError, InputError, RingUnavailableError
from memlog.wire import FORGOTTEN, HEADER, MAGIC_BYTES, NO_SESSION, Header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

PAGE = 4096
PREFIX = 8
FRAME_BYTES = PREFIX + HEADER_BYTES  # before the blob
MIN_FRAME = FRAME_BYTES + 8  # a blob of one byte, padded
MAX_FRAME = FRAME_BYTES + MAX_BLOB
MIN_AREA = -(-MAX_FRAME // PAGE) * PAGE  # one maximal record fits into the smallest ring

FILE_MAGIC = b"memlogSM"
LAYOUT_VERSION = 1
NEWER = "pip install --upgrade memlog-recorder, then: memlog witness restart"
OLDER = "memlog witness drain with the version that made it, then remove the file"
_STATIC = Struct("<8sII16s40sQQQ")
_STATIC_CRC = Struct("<I")
_STATIC_AT = (0, 2048)  # in the header page and in the last: without the ring_id no frame can be checked

_SLOT = Struct("<7Q")
_SLOT_CRC = Struct("<Q")
SLOT_BYTES = 64  # one cache line
SLOT_AT = (512, 576)
# Words: indexes of native 8-byte stores, each in a cache line of its own.
SLOT_WORD = (SLOT_AT[0] // 8, SLOT_AT[1] // 8)
RELEASED = 640 // 8
MOVED = 704 // 8
WAITING = 768 // 8
DRAINED = 832 // 8

PEEK = Struct("<I28xQ")  # total and seq of a frame
PREFIX_STRUCT = Struct("<II")


class Static(NamedTuple):
    """What a ring file never changes."""

    uid: int
    ring_id: bytes
    boot_id: str
    capacity: int
    area: int
    created_ns: int

    def pack(self) -> bytes:
        raw = _STATIC.pack(
            FILE_MAGIC, LAYOUT_VERSION, self.uid, self.ring_id, self.boot_id.encode(),
            self.capacity, self.area, self.created_ns,
        )  # fmt: skip
        return raw + _STATIC_CRC.pack(crc32(raw))


class State(NamedTuple):
    """Positions and counters of a ring at one moment."""

    generation: int
    head: int
    tail: int
    next_seq: int
    oldest_seq: int
    cleared: int
    newest_ts: int

    def pack(self) -> bytes:
        raw = _SLOT.pack(*self)
        return raw + _SLOT_CRC.pack(crc32(raw))


EMPTY = State(0, 0, 0, 1, 1, 0, 0)


def boot_id() -> str:
    """Which boot this is; "" where the system does not say, and a ring then outlives reboots."""
    try:
        fd = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(fd, 64).decode("ascii", "replace").strip()
    finally:
        os.close(fd)


def area_for(capacity: int) -> int:
    """Bytes of data area a ring of this capacity needs."""
    return max(-(-capacity // PAGE) * PAGE, MIN_AREA)


def unpack_static(page: bytes) -> Static | None:
    """The header page's fixed part; None when neither copy is whole.

    Raises: RingUnavailableError for a whole one of another layout: to call it damaged would put a ring
    aside that another version of memlog writes to. Magic, version and checksum keep their places for ever.
    """
    for at in _STATIC_AT:
        raw = page[at : at + _STATIC.size]
        check = page[at + _STATIC.size : at + _STATIC.size + 4]
        if len(check) == 4 and crc32(raw) == _STATIC_CRC.unpack(check)[0]:
            magic, version, uid, ring_id, boot, capacity, area, created = _STATIC.unpack(raw)
            if magic == FILE_MAGIC and version != LAYOUT_VERSION:
                raise RingUnavailableError(
                    f"a ring file of layout {version}, made by another version of memlog; "
                    f"this one knows {LAYOUT_VERSION}",
                    hint=NEWER if version > LAYOUT_VERSION else OLDER,
                )
            if magic == FILE_MAGIC and area:
                return Static(
                    uid, ring_id, boot.rstrip(b"\0").decode("ascii", "replace"), capacity, area, created
                )
    return None


def read_static(fd: int) -> Static | None:
    """The fixed part of the ring file behind fd, of its first page or its last."""
    last = max(os.fstat(fd).st_size - PAGE, 0)
    return unpack_static(os.pread(fd, PAGE, 0)) or unpack_static(os.pread(fd, PAGE, last))


def file_bytes(static: Static) -> int:
    """Size of the whole file: header page, data area, and the page that repeats the fixed part."""
    return PAGE + static.area + PAGE


def frame_seed(static: Static | None) -> int:
    """What the checksum of a ring's frames begins with: a frame of another ring does not pass."""
    return crc32(static.ring_id) if static else 0


def last_page(static: Static) -> bytes:
    """The page behind the data area."""
    return header_page(static)[:512].ljust(PAGE, b"\0")


def header_page(static: Static, state: State = EMPTY, drained: int = 0, waiting: int = 0) -> bytes:
    """The whole first page of a new ring file."""
    page = bytearray(PAGE)
    fixed = static.pack()
    for at in _STATIC_AT:
        page[at : at + len(fixed)] = fixed
    at = SLOT_AT[state.generation & 1]
    page[at : at + SLOT_BYTES] = state.pack()
    words = memoryview(page).cast("Q")
    words[DRAINED], words[WAITING] = drained, waiting
    return bytes(page)


def unpack_slot(raw: bytes) -> State | None:
    """The state in a slot; None when it is torn or was never written."""
    if len(raw) < SLOT_BYTES or crc32(raw[: _SLOT.size]) != _SLOT_CRC.unpack_from(raw, _SLOT.size)[0]:
        return None
    state = State._make(_SLOT.unpack_from(raw))
    in_order = state.head <= state.tail and 0 < state.oldest_seq <= state.next_seq
    return state if in_order else None


def unpack_state(page: bytes | mmap.mmap) -> State | None:
    """The newest state that a header page's slots hold; None when neither is whole."""
    return max(filter(None, (unpack_slot(page[at : at + SLOT_BYTES]) for at in SLOT_AT)), default=None)


def frame_at(raw: bytes | bytearray, offset: int, seed: int) -> tuple[int, Header] | None:
    """Total bytes and header of the frame at offset of a copy; None when no whole frame is there."""
    if len(raw) - offset < FRAME_BYTES:
        return None
    total, check = PREFIX_STRUCT.unpack_from(raw, offset)
    start, blob = offset + PREFIX, offset + FRAME_BYTES
    magic, version, length, reserved, *rest = HEADER.unpack_from(raw, start)
    if magic != MAGIC or version != SCHEMA_VERSION or reserved or not 0 < length <= MAX_BLOB:
        return None
    if total != (FRAME_BYTES + length + 7) & ~7 or offset + total > len(raw):
        return None
    if crc32(raw[start:blob], crc32(raw[blob : blob + length], seed)) != check:
        return None
    return total, Header(length, *rest)


def empty_frames(raw: bytearray, seed: int, forgotten: "Container[int]", drained: int) -> int:
    """How many of these seqs there were in a copy of a ring; each is a whole frame still, without its blob.

    Damaged bytes before a drained record are archived; they are made zero: nobody can tell what they were.
    """
    offset = damaged = count = 0
    while offset < len(raw):
        found = frame_at(raw, offset, seed)
        if found is None:
            offset += 8
            continue
        total, header = found
        if header.seq <= drained:
            raw[damaged:offset] = bytes(offset - damaged)
        if header.seq in forgotten:
            length = min(total - FRAME_BYTES, MAX_BLOB)
            blob = FORGOTTEN.ljust(length, b"\0")
            packed = header._replace(length=length, session=NO_SESSION).pack()
            front = PREFIX_STRUCT.pack(total, crc32(packed, crc32(blob, seed))) + packed
            raw[offset : offset + total] = (front + blob).ljust(total, b"\0")
            count += 1
        damaged = offset = offset + total
    return count


class Map:
    """One mapped ring file. Reading needs no lock; writing is ShmRing's, under the lock."""

    __slots__ = ("area", "device", "inode", "mm", "seed", "static", "words")

    def __init__(self, fd: int, static: Static | None, size: int) -> None:
        found = os.fstat(fd)
        self.inode, self.device = found.st_ino, found.st_dev
        self.area = static.area if static else size - PAGE
        self.mm = mmap.mmap(fd, PAGE + self.area)
        # 'Q' native: one aligned 8-byte store; struct's "<Q" may write byte by byte.
        self.words = memoryview(self.mm)[:PAGE].cast("Q")
        self.static = static
        self.seed = frame_seed(static)

    @classmethod
    def of(cls, fd: int) -> Self | None:
        """The file behind fd, mapped; None when it is too short to be a ring."""
        size = os.fstat(fd).st_size
        static = read_static(fd)
        if size <= PAGE or (static and (size < PAGE + static.area or static.area < MIN_AREA)):
            return None  # mapping past the end of a file is a SIGBUS waiting to happen
        return cls(fd, static, size)

    def is_whole(self) -> bool:
        """False for a file somebody cut short: touching what is gone is a SIGBUS that nothing can catch."""
        return self.mm.size() >= PAGE + self.area

    def is_at(self, path: str) -> bool:
        """Whether this file is still the path's."""
        try:
            found = os.stat(path, follow_symlinks=False)
        except OSError:
            return False
        return found.st_ino == self.inode and found.st_dev == self.device

    def state(self) -> State | None:
        """The newest published state, also while somebody writes; None when both slots are bad."""
        for attempt in range(200):
            if attempt:
                time.sleep(0.0001)  # a writer is in between two slots
            newest = unpack_state(self.mm)
            if newest is None or newest.tail - newest.head > self.area:
                continue
            released = self.words[RELEASED]
            if released <= newest.head:
                return newest
            if released == newest.tail:
                return newest._replace(head=released, oldest_seq=newest.next_seq)
            if released < newest.tail:
                _, seq = PEEK.unpack(self.copy(released, released + PEEK.size))
                if self.words[RELEASED] == released and newest.oldest_seq < seq < newest.next_seq:
                    return newest._replace(head=released, oldest_seq=seq)
        return None

    def copy(self, start: int, stop: int) -> bytes:
        """The bytes at positions [start, stop), at most one area's length."""
        at = start % self.area
        room = self.area - at
        if stop - start <= room:
            return self.mm[PAGE + at : PAGE + at + stop - start]
        return self.mm[PAGE + at : PAGE + self.area] + self.mm[PAGE : PAGE + stop - start - room]

    def put(self, start: int, data: bytes) -> None:
        """Store data at a position, wrapping round the end of the area."""
        at = start % self.area
        room = self.area - at
        if len(data) <= room:
            self.mm[PAGE + at : PAGE + at + len(data)] = data
        else:
            self.mm[PAGE + at : PAGE + self.area] = data[:room]
            self.mm[PAGE : PAGE + len(data) - room] = data[room:]

    def publish(self, state: State) -> None:
        """The one store that makes a change real: the other slot, whole or not at all."""
        at = SLOT_AT[state.generation & 1]
        self.mm[at : at + SLOT_BYTES] = state.pack()

    def find_frame(self, raw: bytes, offset: int, low: int, high: int) -> int:
        """Offset of the next whole frame with low <= seq < high, from `offset` on; len(raw) when none is."""
        at = raw.find(MAGIC_BYTES, offset + PREFIX)
        while at >= 0:
            start = at - PREFIX
            # a blob may hold a copy of a ring: frames start at multiples of 8 and grow in seq
            if start % 8 == 0 and (found := frame_at(raw, start, self.seed)) and low <= found[1].seq < high:
                return start
            at = raw.find(MAGIC_BYTES, at + 1)
        return len(raw)


def check_blob(blob: bytes) -> int:
    """Its length. Raises: ContractError (empty), BlobTooLargeError."""
    if not blob:
        raise ContractError("an empty record stores nothing")
    if len(blob) > MAX_BLOB:
        raise BlobTooLargeError(f"{len(blob)} bytes; a record holds at most {MAX_BLOB:,}")
    return len(blob)


def check_capacity(capacity: int) -> None:
    """Raises: InputError when no ring may have this size."""
    if not RING_MIN <= capacity <= RING_MAX:
        limits = f"a ring has {RING_MIN:,} to {RING_MAX:,} bytes, not {capacity:,}"
        raise InputError(limits, hint="memlog resize --help")
