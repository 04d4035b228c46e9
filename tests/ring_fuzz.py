"""Inputs for the ring's parser, what must hold of what it makes of them, and a loop that coverage guides.

An input is a byte that picks a target, a byte of flags, and bytes for it. Checksums are made right where a
flag says so: otherwise nothing would come past them.
"""

import inspect
import os
import random
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, NamedTuple
from zlib import crc32

from line_coverage import Coverage, lines_of
from memlog import wire
from memlog.contracts import HEADER_BYTES, MAX_BLOB
from memlog.errors import MemlogError, RingUnavailableError
from memlog.ring import image, layout, salvage, shm_reader
from memlog.ring.layout import FRAME_BYTES, PAGE, PREFIX, SLOT_AT, Map, State, Static
from memlog.wire import MAGIC_BYTES, Damage, Frame, Gap

CORPUS = Path(__file__).parent / "data/corpus/ring"
RING_ID = bytes(range(16))
SEED = crc32(RING_ID)
STATE = struct.Struct("<7Q")
SLOWEST_S = 1.0
PLACE = 6  # bytes that say where the frames of an area lie
REPAIR, NO_STATIC, NO_STATE, FROM_START, CUT = 1, 2, 4, 8, 16

# What reads bytes of a ring that somebody else may have written.
PARSER: tuple[Any, ...] = (
    layout.unpack_static, layout.unpack_slot, layout.unpack_state, layout.frame_at, layout.empty_frames,
    Map.state, Map.copy, Map.find_frame, salvage._chunks, salvage._first_frame, salvage._scan, salvage._between,
    salvage._pieces, salvage.salvage, salvage.SalvageReader.read, shm_reader.ShmReader._read_map,
    shm_reader.ShmReader._copy, shm_reader.ShmReader._position, shm_reader.ShmReader._parse, wire.unpack_header,
    wire.unpack_frame, wire.scan_image, wire.unpack_session, wire.is_forgotten, image.ImageReader.read,
)  # fmt: skip


class _Memory(bytearray):
    def size(self) -> int:
        return len(self)


def frame(seq: int, blob: bytes, *, seed: int = SEED) -> bytes:
    """A whole frame of the ring file."""
    header = wire.Header(len(blob), 5, seq, 0, 0, bytes(16)).pack()
    total = (FRAME_BYTES + len(blob) + 7) & ~7
    whole = layout.PREFIX_STRUCT.pack(total, crc32(header, crc32(blob, seed))) + header + blob
    return whole.ljust(total, b"\0")


def repaired(raw: bytes) -> bytes:
    """Each frame that can be one with the checksum and size it should have."""
    found, at = bytearray(raw), raw.find(MAGIC_BYTES)
    while at >= PREFIX and at + HEADER_BYTES <= len(raw):
        length = int.from_bytes(raw[at + 8 : at + 12], "little")
        if 0 < length <= MAX_BLOB and at + HEADER_BYTES + length <= len(raw):
            blob = bytes(found[at + HEADER_BYTES : at + HEADER_BYTES + length])
            check = crc32(bytes(found[at : at + HEADER_BYTES]), crc32(blob, SEED))
            total = (FRAME_BYTES + length + 7) & ~7
            found[at - PREFIX : at] = layout.PREFIX_STRUCT.pack(total, check)
        at = raw.find(MAGIC_BYTES, at + 1)
    return bytes(found)


class Parser:
    """Runs an input through its target and asks what must hold of the answer: AssertionError where it does not."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "ring")
        self.slept = 0
        self.targets: tuple[Callable[[int, bytes], None], ...] = (
            self.page, self.frames, self.image, self.salvaged, self.mapped, self.one,
        )  # fmt: skip
        layout.time = SimpleNamespace(sleep=self._sleep)  # type: ignore[attr-defined]

    def close(self) -> None:
        layout.time = time  # type: ignore[attr-defined]

    def __call__(self, data: bytes) -> None:
        if len(data) < 2:
            return
        flags, raw = data[1], data[2:]
        try:
            self.targets[data[0] % len(self.targets)](flags, repaired(raw) if flags & REPAIR else raw)
        except MemlogError:
            pass  # an error of ours, with a hint

    def _sleep(self, seconds: float) -> None:
        """Nobody else writes here: what no look finds whole, no later one does."""
        self.slept += 1
        if self.slept % 4 == 0:
            raise RingUnavailableError

    def page(self, flags: int, raw: bytes) -> None:
        """A header page as it lies in a file."""
        whole = bytearray(raw[:PAGE].ljust(PAGE, b"\0"))
        if flags & REPAIR:
            size = layout._STATIC.size
            for at in layout._STATIC_AT:
                whole[at + size : at + size + 4] = struct.pack("<I", crc32(whole[at : at + size]))
            for at in SLOT_AT:
                whole[at + 56 : at + 64] = struct.pack("<Q", crc32(whole[at : at + 56]))
        state = layout.unpack_state(bytes(whole))
        assert state is None or state.next_seq
        static = layout.unpack_static(bytes(whole))
        assert static is None or len(static.ring_id) == 16
        layout.unpack_slot(raw)

    def frames(self, flags: int, raw: bytes) -> None:
        found = layout.frame_at(raw, 0, SEED)
        if found is not None:
            total, header = found
            assert FRAME_BYTES < total <= len(raw) and total % 8 == 0 and 0 < header.length <= MAX_BLOB
            blob = raw[FRAME_BYTES : FRAME_BYTES + header.length]
            assert len(blob) == header.length
        copy = bytearray(raw)
        layout.empty_frames(copy, SEED, {1, 2, 3}, flags >> 4)
        assert len(copy) == len(raw)

    def image(self, flags: int, raw: bytes) -> None:
        pieces = list(wire.scan_image(raw))
        whole = b"".join(i.header.pack() + i.blob if isinstance(i, Frame) else i.data for i in pieces)  # type: ignore[union-attr]
        assert whole == raw, "bytes of an image were lost, or made up"
        reader = image.ImageReader(wire.scan_image(raw), flags >> 4 if flags & FROM_START else None)
        while reader.read(2, 64):
            pass

    def salvaged(self, flags: int, raw: bytes) -> None:
        area = max(len(raw) - PLACE, 0) // 8 * 8
        state = self.state(raw, area)
        said = int.from_bytes(raw[-9:-1], "little") if flags & NO_STATE and flags & FROM_START else area
        static = Static(0, RING_ID, "boot", area, said, 1)
        raw = raw[PLACE:]
        page = bytearray(layout.header_page(static, state))
        last = layout.last_page(static)
        if flags & NO_STATE:
            page[SLOT_AT[0] : SLOT_AT[1] + 64] = bytes(SLOT_AT[1] + 64 - SLOT_AT[0])
        if flags & NO_STATIC:
            page, last = bytearray(raw[:PAGE].ljust(PAGE, b"\0")), bytes(PAGE)
        whole = bytes(page) + raw[:area] + last
        with open(self.path, "wb") as file:
            file.write(whole[: PAGE + area // 2] if flags & CUT else whole)
        fd = os.open(self.path, os.O_RDONLY)
        try:
            found = salvage.look(fd)
        finally:
            os.close(fd)
        after = flags >> 5 if flags & FROM_START else None
        reader = salvage.SalvageReader(salvage.salvage(self.path, found), after, found.state)
        self.covers(iter(lambda: reader.read(3, 200), []), found.state, after)

    def mapped(self, flags: int, raw: bytes) -> None:
        """The ring as its readers see it: a map of its file."""
        area = max((len(raw) - PLACE) // 8 * 8, 64)
        static = Static(0, RING_ID, "boot", area, area, 1)
        place: Any = Map.__new__(Map)
        head, released = self.state(raw, area), raw[PLACE - 1 : PLACE]
        raw = raw[PLACE:]
        place.mm = _Memory(layout.header_page(static, head) + raw[:area].ljust(area, b"\0"))
        place.words = memoryview(place.mm)[:PAGE].cast("Q")
        place.area, place.seed, place.static, place.inode, place.device = area, SEED, static, 0, 0
        if flags & CUT:
            place.words[layout.RELEASED] = 8 * int.from_bytes(released, "little")
        state = place.state()
        if state is None:
            return
        ring = SimpleNamespace(path=self.path, _seen=None, _look=lambda: (place, state))
        after = flags >> 5 if flags & FROM_START else None
        reader = shm_reader.ShmReader(ring, after)
        most = 4 + 2 * area // FRAME_BYTES
        reads = 0
        newest = state.oldest_seq - 1 if after is None else after
        while items := reader._read_map(2, 300):
            reads += 1
            assert reads <= most, "reading does not end"
            newest = self.grows(items, newest)

    def one(self, flags: int, raw: bytes) -> None:
        """A frame as a device gives it."""
        wire.unpack_session(raw[:16].ljust(16, b"\0"))
        wire.is_forgotten(raw)
        found = wire.unpack_frame(raw)
        assert found.header is not None and len(found.blob) == found.header.length

    @staticmethod
    def state(raw: bytes, area: int) -> State:
        """Out of the first bytes: where frames lie and which they are, or anything at all."""
        head, length, oldest, count, wild, _ = raw[:PLACE].ljust(PLACE, b"\0")
        if wild > 200:
            return State._make(STATE.unpack(raw[PLACE : PLACE + STATE.size].ljust(STATE.size, b"\xff")))
        return State(1, head * 8, head * 8 + min(length * 8, area), 1 + oldest + count, 1 + oldest, 0, 5)

    def covers(self, reads: Iterable[list[Any]], state: State | None, after: int | None) -> None:
        newest = after if after is not None else state.oldest_seq - 1 if state else 0
        for items in reads:
            newest = self.grows(items, newest)
        if state is not None and newest < state.next_seq - 1:
            raise AssertionError("seqs that were written are neither records nor in a gap")

    @staticmethod
    def grows(items: list[Any], newest: int) -> int:
        """Records and gaps follow each other without a hole and without a repetition."""
        for item in items:
            if isinstance(item, Damage):
                continue
            if isinstance(item, Gap):
                assert item.after == newest and item.before > newest + 1, "a gap is somewhere else"
                newest = item.before - 1
                continue
            assert item.header and len(item.blob) == item.header.length
            assert item.header.seq > newest, "a seq came twice, or went back"
            newest = item.header.seq
        return newest


def covered(parser: Callable[[bytes], None], inputs: Iterable[bytes]) -> tuple[float, list[str]]:
    """The part of the parser's lines that these inputs run, and the lines they do not."""
    seen = Coverage(PARSER)
    for data in inputs:
        seen.run(parser, data)
    wanted = lines_of(PARSER)
    missed = sorted(f"{code.co_qualname}:{line}" for code, line in wanted - seen.lines)
    return 1 - len(missed) / len(wanted), missed


# -- inputs ------------------------------------------------------------------------------------------


def corpus() -> list[bytes]:
    """Every input that is kept."""
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def seeds() -> list[bytes]:
    """What a ring really holds, for each target."""
    three = frame(1, b"one") + frame(2, b"two" * 9) + frame(3, b"three" * 20)
    damaged = frame(1, b"one") + b"rubbish!" * 3 + frame(3, b"three")
    plain = b"".join(three[at + PREFIX :] for at in (0,))
    records = b"".join(
        wire.Header(len(b), 5, n, 0, 0, bytes(16)).pack() + b for n, b in enumerate((b"a", b"bc"), 1)
    )
    static = layout.header_page(Static(0, RING_ID, "boot", 4096, 4096, 1))[:900]
    areas = (three, damaged, bytes(64) + three)
    places = (
        bytes((0, len(three) // 8, 0, 3, 0, 0)),
        bytes((0, len(three) // 8, 0, 3, 0, 9)),
        bytes((9, 40, 0, 3, 0, 18)),
    )
    placed = [place + area for place in places for area in areas]
    found = [bytes((0, REPAIR)) + static, bytes((0, 0)) + static, bytes((5, 0)) + records[:57]]
    found += [bytes((1, flags)) + area for area in areas for flags in (REPAIR, 0x11)]
    found += [
        bytes((2, flags)) + area
        for area in (records, records + b"x" * 9 + records, plain)
        for flags in (0, 0x18)
    ]
    flagged = (1, 3, 5, 9, 17, 21, 0x29, 0x49, 0x4D)
    found += [bytes((n, flags)) + area for n in (3, 4) for area in placed for flags in flagged]
    return found


_NUMBERS = (
    0,
    1,
    7,
    8,
    56,
    57,
    64,
    255,
    256,
    4095,
    4096,
    65_535,
    65_536,
    65_537,
    (1 << 31) - 1,
    (1 << 32) - 1,
    (1 << 63),
    (1 << 64) - 1,
)


def mutated(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """One to four changes of an input, some that take a piece of another."""
    raw = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, kind = dice.randrange(len(raw) + 1), dice.randrange(8)
        if kind == 0 and at < len(raw):
            raw[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and at < len(raw):
            raw[at] = dice.randrange(256)
        elif kind == 2:
            del raw[at : at + dice.choice((1, 4, 8, 64, 72))]
        elif kind == 3:
            raw[at:at] = dice.randbytes(dice.choice((1, 4, 8)))
        elif kind == 4:
            size = dice.choice((4, 8))
            raw[at : at + size] = (dice.choice(_NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
        elif kind == 5 and other:
            start = dice.randrange(len(other))
            raw[at:at] = other[start : start + dice.choice((8, 64, 72, 200))]
        elif kind == 6:
            raw[at:at] = frame(
                dice.choice((0, 1, 2, 3, 9, 1 << 62, (1 << 64) - 1)), bytes(dice.randrange(1, 40))
            )
        elif len(raw) > 2:
            raw[1] = dice.randrange(256)
    return bytes(raw[:4_000])


class Broken(NamedTuple):
    """An input the parser does not stand."""

    data: bytes
    what: str


def hunt(
    parser: Callable[[bytes], None],
    inputs: list[bytes],
    executions: int,
    dice: random.Random,
    *,
    guided: int = 0,
) -> Iterator[Broken]:
    """Inputs that break it; of the executions the first `guided` ones keep what takes a new step."""
    seen = Coverage(PARSER)
    kept = [data for data in inputs if len(data) >= 2]
    for data in kept if guided else ():
        seen.run(parser, data)
    for n in range(executions):
        data = mutated(dice.choice(kept), dice.choice(kept), dice)
        started = time.perf_counter()
        try:
            if n < guided:
                if seen.run(parser, data):
                    kept.append(data)
            else:
                parser(data)
        except Exception as exc:
            yield Broken(data, f"{type(exc).__name__}: {exc}")
        if time.perf_counter() - started > SLOWEST_S:
            yield Broken(data, "it takes longer than a second")
    inputs[:] = kept


def minimal(parser: Callable[[bytes], None], inputs: list[bytes]) -> list[bytes]:
    """Those, shortest first, that take a step no shorter one does."""
    seen = Coverage(PARSER)
    return [data for data in sorted(inputs, key=lambda d: (len(d), d)) if seen.run(parser, data)]


def planted(function: Any, old: str, new: str) -> CodeType:
    """The code of a function with one piece of its source replaced."""
    source = inspect.getsource(function)
    assert source.count(old) == 1, f"{old!r} is not there once"
    indent = len(source) - len(source.lstrip())
    lines = [line[indent:] for line in source.replace(old, new).splitlines()]
    space: dict[str, Any] = dict(function.__globals__)
    exec("\n".join(lines), space)
    found: CodeType = space[function.__name__].__code__
    return found


if __name__ == "__main__":  # python tests/ring_fuzz.py SECONDS: grow the corpus
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        run, found = Parser(Path(scratch)), [*seeds(), *(corpus() if CORPUS.is_dir() else [])]
        until = time.monotonic() + float(sys.argv[1])
        while time.monotonic() < until:
            for broken in hunt(run, found, 2_000, random.Random(), guided=2_000):
                print(broken.what, broken.data.hex())
        CORPUS.mkdir(parents=True, exist_ok=True)
        for old in CORPUS.iterdir():
            old.unlink()
        for data in minimal(run, found):
            (CORPUS / f"{crc32(data):08x}").write_bytes(data)
        print(len(list(CORPUS.iterdir())), covered(run, corpus()))
