"""The driver's ring by plain gcc, under the sanitizers: by dice beside a model, at every edge, and spoiled."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from memlog.contracts import INFO_BYTES, MAGIC, RING_MIN
from memlog.ring.device import _INFO
from memlog.wire import Frame, unpack_frame

ROOT = Path(__file__).parents[2]
CORE = ROOT / "tests/kernel/core"
RING = ROOT / "driver/memlog_ring.c"
GCC = shutil.which("gcc")
FLAGS = (
    "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
    f"-I{CORE}", f"-I{ROOT / 'driver'}", f"-I{ROOT / 'schema'}",
)  # fmt: skip
STEPS = 2_500

pytestmark = pytest.mark.skipif(GCC is None, reason="no gcc")


def compiled(arguments: Sequence[str | Path]) -> None:
    assert GCC
    result = subprocess.run([GCC, *FLAGS, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The test's own half, compiled once."""
    folder = tmp_path_factory.mktemp("core")
    found = [folder / "ring_fuzz.o", folder / "sha256.o"]
    for target in found:
        compiled(["-c", CORE / f"{target.stem}.c", "-o", target])
    return found


@pytest.fixture(scope="module")
def program(objects: list[Path]) -> Path:
    target = objects[0].parent / "ring_fuzz"
    compiled([RING, *objects, "-o", target])
    return target


def run(program: Path, *words: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0"}
    return subprocess.run([program, *map(str, words)], capture_output=True, timeout=600, env=environment)


def test_the_ring_does_what_its_model_does(program: Path) -> None:
    seed = int(os.environ.get("MEMLOG_FUZZ_SEED", "20"))
    result = run(program, "fuzz", seed, STEPS)
    assert result.returncode == 0, result.stderr.decode()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 108))
def test_the_ring_does_what_its_model_does_for_long(program: Path, seed: int) -> None:
    result = run(program, "fuzz", seed, 30_000)
    assert result.returncode == 0, result.stderr.decode()


def test_a_record_may_begin_and_end_anywhere_around_the_buffer_s_end(program: Path) -> None:
    result = run(program, "bounds")
    assert result.returncode == 0, result.stderr.decode()


def test_python_reads_the_frames_of_the_c_ring_and_finds_its_hash(program: Path) -> None:
    result = run(program, "dump", 300)
    assert result.returncode == 0, result.stderr.decode()
    info, raw = _INFO.unpack(result.stdout[:INFO_BYTES]), result.stdout[INFO_BYTES:]
    _, uid, reserved, next_seq, oldest, evicted, cleared, capacity, _, _, held, _, _, running, after = info
    assert (uid, reserved, next_seq, cleared, capacity) == (7, 0, 301, 0, RING_MIN) and 0 < held <= RING_MIN
    assert evicted == oldest - 1 > 200 and running != bytes(32)
    frames: list[Frame] = []
    while raw:
        length = int.from_bytes(raw[8:12], "little")
        frames.append(unpack_frame(raw[: 56 + length]))
        running = sha256(running + raw[:56] + sha256(raw[56 : 56 + length]).digest()).digest()
        assert raw[:4] == MAGIC.to_bytes(4, "little")
        raw = raw[56 + length :]
    assert running == after
    headers = [f.header for f in frames if f.header]
    assert [h.seq for h in headers] == list(range(oldest, 301))
    assert [h.ts_ns for h in headers] == sorted(h.ts_ns for h in headers)


# What a ring of this shape gets wrong, put into ours: each must be noticed, or the tests above are blind.
SPOILS = {
    "a record over the buffer's end is not split": (
        "size_t first = min_t(u64, bytes, buffer->size - at);\n\n\tmemcpy(to,",
        "size_t first = bytes;\n\n\tmemcpy(to,",
    ),
    "the smallest ring has no room for a maximal record": (
        "PAGE_ALIGN(max_t(u64, capacity, MEMLOG_ENTRY_MAX))",
        "capacity",
    ),
    "a reader whose record was evicted reads on where it was": (
        "cursor->seq < ring->oldest_seq",
        "cursor->seq < ring->oldest_seq && !cursor->seq",
    ),
    "one record too many is evicted": (
        "pos - ring->tail + need > ring->capacity",
        "pos - ring->tail + need > ring->capacity - 512",
    ),
    "eviction is not counted": ("ring->evicted++;", ""),
    "clear is not counted": ("ring->cleared += ring->next_seq - ring->oldest_seq;", ""),
    "the hash leaves the header out": (
        "memcpy(joined + MEMLOG_HASH_BYTES, hdr, MEMLOG_HEADER_BYTES);",
        "memset(joined + MEMLOG_HASH_BYTES, !hdr, MEMLOG_HEADER_BYTES);",
    ),
    "the last witness's mark counts for all": (
        "drained = min_t(u64, drained, ring->marks[i].seq);",
        "drained = ring->marks[i].seq;",
    ),
    "what was archived goes with its mark": ("max_t(u64, ring->archived, seq)", "seq"),
    "a mark moves back": ("mark->seq = max_t(u64, mark->seq, seq);", "mark->seq = seq;"),
    "a witness that is gone for good counts for ever": ("now_ns - mark->told_ns < MEMLOG_MARK_NS", "now_ns"),
    "a witness takes the place of one that still counts": (
        "if (!spare && !memlog_mark_counts(mark, now_ns))",
        "if (!spare && now_ns)",
    ),
    "the hash before the oldest does not follow the tail": (
        "memlog_copy_out(&ring->buffer, ring->tail, ring->hash_before,\n\t\t\tMEMLOG_HASH_BYTES);",
        "",
    ),
    "a resize copies up to the buffer's end": ("while (pos < ring->head)", "if (pos < ring->head)"),
    "a shrink evicts all at once": ("if (!limit--)", "if (!limit)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", SPOILS)
def test_a_spoiled_ring_is_noticed(what: str, objects: list[Path], tmp_path: Path) -> None:
    whole = RING.read_text(encoding="utf-8")
    old, new = SPOILS[what]
    assert whole.count(old) == 1
    spoiled = tmp_path / "memlog_ring.c"
    spoiled.write_text(whole.replace(old, new), encoding="utf-8")
    program = tmp_path / "ring_fuzz"
    compiled(["-O0", spoiled, *objects, "-o", program])
    result = run(program, "fuzz", 20, STEPS)
    assert result.returncode not in (0, 2), "nothing was noticed"
