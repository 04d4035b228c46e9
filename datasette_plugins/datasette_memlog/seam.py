"""What differs between Datasette 0.65 and the 1.0 line, and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Any


def rows(found: Any, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of an output renderer by column: 1.0 hands over dicts, 0.65 SQLite's rows."""
    for row in found:
        yield row if isinstance(row, dict) else dict(zip(columns, tuple(row), strict=False))
