"""incident.sql: the rows of incident.db as a script for the stock sqlite3 shell."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.archive.connection import quote_path, sqlite3
from memlog.export.sql import quote

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

# Tables a person made; those of an index are made by loading.
TABLES_SQL = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'record\\_fts%' ESCAPE '\\'
  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid
"""
SCHEMA_SQL = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"
AFTER_SQL = """
SELECT sql FROM sqlite_master WHERE type IN ('index', 'view') AND sql IS NOT NULL ORDER BY type, rowid
"""
INDEX = """CREATE VIRTUAL TABLE record_fts USING fts5 (
  text, content="record", content_rowid="id", tokenize="unicode61 remove_diacritics 2"
);
INSERT INTO record_fts (record_fts) VALUES ('rebuild');
"""
HEAD = """\
-- An incident: records of LLM agents and what was found in them, exported by memlog. Load it and ask:
--   sqlite3 new.db < incident.sql
--   sqlite3 new.db "SELECT title, sql FROM query"
PRAGMA synchronous = OFF;
BEGIN;
"""
_CHUNK = 1 << 18


def chunks(out: "Connection") -> Iterator[bytes]:
    """The script, piece by piece, of an incident.db."""
    names = [name for (name,) in out.execute(TABLES_SQL)]
    piece = [HEAD]
    for name in names:
        piece.append(out.execute(SCHEMA_SQL, {"name": name}).fetchone()[0] + ";\n")
    size = 0
    for name in names:
        for row in out.execute(f"SELECT * FROM {name}"):  # noqa: S608
            line = f"INSERT INTO {name} VALUES ({', '.join(map(quote, row))});\n"  # noqa: S608
            piece.append(line)
            size += len(line)
            if size >= _CHUNK:
                yield "".join(piece).encode()
                piece, size = [], 0
    piece.append(INDEX)
    piece += [sql + ";\n" for (sql,) in out.execute(AFTER_SQL)]
    yield ("".join(piece) + "COMMIT;\n").encode()


def main(path: str) -> None:
    """Write the script of the file at `path` to standard output."""
    out = sqlite3.connect(f"file:{quote_path(path)}?mode=ro&immutable=1", uri=True)
    for chunk in chunks(out):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
