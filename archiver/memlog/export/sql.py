"""A script the stock sqlite3 shell loads: text readable, search index built there, the same views."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from memlog.export import tables
from memlog.portable import OBEYED

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.slice import Slice

_CHUNK = 1 << 18
# What an editor hides, a terminal obeys, or the shell eats: it drops the CR of a line's CRLF.
_ODD = re.compile(f"[\x00-\x08\x0b-\x1f{OBEYED}]")
_NESTED = 8  # replace() calls; SQLite's parser has a stack of 100

HEAD = """\
-- Records of LLM agents, exported by memlog. Load it into a new file and ask:
--   sqlite3 new.db < this.sql
--   sqlite3 new.db "SELECT ts, who, text FROM conversation LIMIT 20"
--   sqlite3 new.db "SELECT r.ts, snippet(record_fts, 0, '[', ']', '...', 16) FROM record_fts
--     JOIN record r ON r.id = record_fts.rowid WHERE record_fts MATCH 'deadlock' ORDER BY rank LIMIT 10"
PRAGMA synchronous = OFF;
BEGIN;

"""


def chunks(con: "Connection", part: "Slice", *, now_ns: int, on_rows: tables.OnRows) -> Iterator[bytes]:
    """The script, piece by piece."""
    before, after = tables.schema()
    piece = [HEAD, before]
    size = 0
    for table, row in tables.rows(con, part, now_ns=now_ns, on_rows=on_rows):
        line = f"INSERT INTO {table} VALUES ({', '.join(map(quote, row))});\n"  # noqa: S608
        piece.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield "".join(piece).encode()
            piece, size = [], 0
    yield ("".join(piece) + "\n" + after + "\nCOMMIT;\n").encode()


def quote(value: object) -> str:
    """The value as an SQL literal, without a control character in it.

    A text with a few kinds of them stays readable: `replace('a\\x1bb', '\\x1b', char(27))`.
    """
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return f"X'{value.hex()}'" if isinstance(value, bytes) else repr(value)
    # Whether all is printable is asked ten times as fast as what is not.
    if value.isprintable() or value.replace("\n", "").replace("\t", "").isprintable():
        return _quoted(value)
    odd = set(_ODD.findall(value))
    if not odd:
        return _quoted(value)
    signs = {c: _sign(ord(c)) for c in sorted(odd)}
    # A NUL would end the literal's text in replace(); a sign the text holds itself would come back wrong.
    if "\0" in odd or len(odd) > _NESTED or any(sign in value for sign in signs.values()):
        return f"CAST(X'{value.encode().hex()}' AS TEXT)"
    literal = _quoted(_ODD.sub(lambda found: signs[found[0]], value))
    for c, sign in signs.items():
        literal = f"replace({literal}, '{sign}', char({ord(c)}))"
    return literal


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sign(n: int) -> str:
    return f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" if n < 0x10000 else f"\\U{n:08x}"
