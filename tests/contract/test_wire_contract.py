"""schema/memlog.h as a C compiler reads it equals contracts.py and wire.py."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from memlog import contracts, wire
from memlog.ring import device, layout
from memlog.ring.protocol import RingInfo, RingStats

HEADER = Path(contracts.schema_dir()) / "memlog.h"
GCC = shutil.which("gcc") or shutil.which("cc")

pytestmark = pytest.mark.skipif(
    GCC is None or not Path("/usr/include/linux/ioctl.h").exists(), reason="no C compiler with Linux headers"
)

RECORD = ("magic", "schema_version", "length", "reserved", "ts_ns", "seq", "uid", "pid", "session_id")
INFO = (
    "ring_id", "uid", "reserved", "next_seq", "oldest_seq", "evicted", "cleared", "capacity", "drained_seq",
    "archived_seq",
    "ring_bytes", "oldest_ts_ns", "newest_ts_ns", "hash_before", "hash_after",
)  # fmt: skip
STRUCTS = {
    "memlog_record_header": (RECORD, wire.HEADER),
    "memlog_stats": (RingStats._fields, device._STATS),
    "memlog_info": (INFO, device._INFO),
}
IOCTLS = (
    "STATS", "CLEAR", "SET_RING_SIZE", "FILTER_UID", "GET_VERSION", "SET_SESSION", "GET_INFO", "SET_DRAINED",
)  # fmt: skip
MACROS = {
    "MEMLOG_MAGIC": contracts.MAGIC,
    "MEMLOG_SCHEMA_VERSION": contracts.SCHEMA_VERSION,
    "MEMLOG_HEADER_BYTES": contracts.HEADER_BYTES,
    "MEMLOG_MAX_BLOB": contracts.MAX_BLOB,
    "MEMLOG_SESSION_BYTES": contracts.SESSION_BYTES,
    "MEMLOG_RING_ID_BYTES": contracts.RING_ID_BYTES,
    "MEMLOG_HASH_BYTES": contracts.HASH_BYTES,
    "MEMLOG_RING_DEFAULT": contracts.RING_DEFAULT,
    "MEMLOG_RING_MIN": contracts.RING_MIN,
    "MEMLOG_RING_MAX": contracts.RING_MAX,
    "MEMLOG_IOC_MAGIC": contracts.IOC_MAGIC,
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What a C program says of the header: name -> number."""
    lines = [f'say("sizeof {s}", sizeof(struct {s}));' for s in STRUCTS]
    lines += [f'say("{s}.{f}", offsetof(struct {s}, {f}));' for s, (fs, _) in STRUCTS.items() for f in fs]
    lines += [f'say("{name}", {name});' for name in (*MACROS, *(f"MEMLOG_IOC_{i}" for i in IOCTLS))]
    folder = tmp_path_factory.mktemp("contract")
    source = folder / "facts.c"
    source.write_text(
        f'#include <stddef.h>\n#include <stdio.h>\n#include "{HEADER}"\n'
        "static void say(const char *name, unsigned long long value)\n"
        '{ printf("%s=%llu\\n", name, value); }\n'
        "int main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n"
    )
    subprocess.run([str(GCC), "-Wall", "-Wextra", "-Werror", "-o", folder / "facts", source], check=True)
    out = subprocess.run([folder / "facts"], check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in (line.rsplit("=", 1) for line in out.splitlines())}


def test_sizes_are_those_of_the_structs(facts: dict[str, int]) -> None:
    assert facts["sizeof memlog_record_header"] == contracts.HEADER_BYTES == 56
    assert facts["sizeof memlog_stats"] == contracts.STATS_BYTES == 48
    assert facts["sizeof memlog_info"] == contracts.INFO_BYTES


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_field_lies_where_python_unpacks_it(facts: dict[str, int], struct: str) -> None:
    fields, python = STRUCTS[struct]
    assert len(fields) == len(python.unpack(bytes(python.size)))
    for n, field in enumerate(fields):
        raw = bytearray(python.size)
        raw[facts[f"{struct}.{field}"]] = 1
        values = python.unpack(bytes(raw))
        changed = [m for m, value in enumerate(values) if value not in (0, bytes(16), bytes(32))]
        assert changed == [n], f"{struct}.{field}"


def test_macros_are_the_constants(facts: dict[str, int]) -> None:
    assert {name: facts[name] for name in MACROS} == MACROS


def test_ioctl_numbers_are_the_kernel_s_own(facts: dict[str, int]) -> None:
    expected = {f"MEMLOG_IOC_{name}": getattr(contracts, f"IOC_{name}") for name in IOCTLS}
    assert {name: facts[name] for name in expected} == expected
    assert [facts[f"MEMLOG_IOC_{name}"] & 0xFF for name in IOCTLS] == list(range(1, 9))


def test_the_header_defines_nothing_python_does_not_know() -> None:
    out = subprocess.run(
        [str(GCC), "-dM", "-E", str(HEADER)], check=True, capture_output=True, text=True
    ).stdout
    found = set(re.findall(r"^#define (MEMLOG_\w+)", out, re.MULTILINE))
    assert found == {*MACROS, *(f"MEMLOG_IOC_{name}" for name in IOCTLS)}


def test_the_wire_is_little_endian_and_starts_with_golm() -> None:
    raw = wire.Header(1, 2, 3, 4, 5, wire.NO_SESSION).pack()
    assert raw[:4] == b"GOLM" == wire.MAGIC_BYTES and raw[4:8] == b"\1\0\0\0"


def test_what_a_ring_reports_is_what_the_structs_hold() -> None:
    assert set(INFO) - {"reserved"} <= {*RingInfo._fields, *RingStats._fields}


def test_the_words_of_a_ring_file_are_aligned_and_apart() -> None:
    words = [layout.RELEASED, layout.MOVED, layout.WAITING, layout.DRAINED]
    places = [*(at // 64 for at in layout.SLOT_AT), *(word * 8 // 64 for word in words)]
    assert len(set(places)) == len(places) and max(places) < 2048 // 64
    assert len(layout.EMPTY.pack()) == layout.SLOT_BYTES
