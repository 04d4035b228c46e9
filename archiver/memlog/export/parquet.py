"""Apache Parquet with the columns of v_record, for DuckDB, pandas, Polars and Spark."""

from itertools import islice
from typing import TYPE_CHECKING

from memlog.errors import UnavailableError
from memlog.query import slice

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

_ROWS = 5_000  # of a row group: what is in memory at a time
_NUMBERS = frozenset(
    (
        "id", "epoch", "seq", "ts_ns", "written_ns", "archived_ns", "uid", "pid", "attested", "block", "part",
        "parts", "bytes", "error", "redacted",
    )
)  # fmt: skip


def write(con: "Connection", part: "Slice", path: str, *, on_rows: "OnRows") -> None:
    """Fill the empty file at `path`.

    Raises: UnavailableError where pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as exc:
        raise UnavailableError(
            "Parquet needs pyarrow, which is not installed", hint="pip install 'memlog-recorder[parquet]'"
        ) from exc
    names = slice.columns(con)
    schema = pyarrow.schema(
        [(name, pyarrow.int64() if name in _NUMBERS else pyarrow.string()) for name in names]
    )
    rows = slice.records(con, part)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as out:
        while group := list(islice(rows, _ROWS)):
            columns = [
                pyarrow.array(column, field.type)
                for column, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            out.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
            on_rows(len(group))
