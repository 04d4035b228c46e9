"""One row per number to reach, and the machine it was measured on."""

import os
import platform
from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, what came out, and what to reach; a ratio where one makes sense."""

    what: str
    measured: str
    reach: str


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table, columns in line."""
    cells = [Row("what", "measured", "reach"), *rows]
    wide = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, wide, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in wide) + "|")
    return "\n".join(lines)


def machine() -> str:
    """Processor, cores, system and the libraries the numbers depend on, in one line."""

    from importlib.metadata import version

    import zstandard

    from memlog.archive.connection import SQLITE_VERSION

    sqlite = SQLITE_VERSION if isinstance(SQLITE_VERSION, str) else ".".join(map(str, SQLITE_VERSION))
    zstd = ".".join(map(str, zstandard.ZSTD_VERSION))
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite}, cbor2 {version('cbor2')}, zstd {zstd}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
