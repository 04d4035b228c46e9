"""Real transcripts beside the checkout; the tests that read them are skipped where there are none."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("MEMLOG_SHARED") or Path(__file__).resolve().parents[2] / "shared")
DATA = SHARED / "data"

needs_shared = pytest.mark.skipif(not DATA.is_dir(), reason="no real transcripts beside the checkout")


def files(folder: str, pattern: str = "*") -> list[Path]:
    """The files of one folder of the data, sorted; [] where there is none."""
    return sorted((DATA / folder).glob(pattern))


def unzipped(path: Path) -> bytes:
    """A file's bytes, whether it is gzipped or not."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
