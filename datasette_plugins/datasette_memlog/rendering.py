"""Rows of a view as .md, .jsonl and .cbor, and one record as a file of each kind."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from datasette import Response

from datasette_memlog import seam
from datasette_memlog.columns import plain
from memlog.query.record import Whole
from memlog.record import dump_cbor

KINDS = {
    "md": "text/markdown; charset=utf-8",
    "jsonl": "application/x-ndjson; charset=utf-8",
    "cbor": "application/cbor",
}
CELL = 300  # characters of a value in a Markdown table
# What a Markdown reader would take for markup, in a cell.
_ESCAPED = {ord(sign): f"\\{sign}" for sign in "\\`*_[]<>|#&"}


def markdown(rows: Any, columns: Sequence[str], table: str | None) -> Response:
    """A Markdown table; of records each with its text."""
    said = list(seam.rows(rows, columns))
    if "text" in columns and "kind" in columns:
        return _file("md", "\n".join(record(row) for row in said))
    names = [_cell(name) for name in columns]
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in columns] for row in said)]
    title = f"# {_cell(table)}\n\n" if table else ""
    return _file("md", title + "".join("| " + " | ".join(line) + " |\n" for line in lines))


def json_lines(rows: Any, columns: Sequence[str], table: str | None) -> Response:
    """One object a line, all columns; bytes as hex."""
    return _file("jsonl", "".join(_json(row) + "\n" for row in seam.rows(rows, columns)))


def cbor(rows: Any, columns: Sequence[str], table: str | None) -> Response:
    """One CBOR array of maps; bytes stay bytes."""
    return Response(dump_cbor([_clean(row) for row in seam.rows(rows, columns)]), content_type=KINDS["cbor"])


def record(row: Any) -> str:
    """A record as Markdown: what it is, and its text in a fence it cannot close."""
    said = [row["kind"], row.get("role"), row.get("tool"), row.get("ts"), row.get("id")]
    head = " · ".join(_cell(one) for one in said if one is not None)
    text = row["text"] if isinstance(row["text"], str) else ""
    return f"## {head}\n\n{fenced(text)}"


def fenced(text: str) -> str:
    """The text between fences longer than any in it."""
    longest = run = 0
    for sign in text:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}text\n{text}\n{fence}\n"


def files_of(found: Whole, blobs: Iterable[bytes]) -> dict[str, tuple[bytes, str]]:
    """A record as CBOR, JSON and Markdown, and its blob (or blobs, one after the other) as archived."""
    fields = {name: getattr(found, name) for name in found.__slots__}
    extra = [] if found.extra is None else [fenced(json.dumps(found.extra, ensure_ascii=False, indent=1))]
    short = {name: value for name, value in fields.items() if name not in ("text", "extra")}
    about = "".join(f"- {name}: {_cell(value)}\n" for name, value in short.items())
    return {
        "cbor": (dump_cbor(_clean(fields)), KINDS["cbor"]),
        "json": ((_json(fields, indent=1) + "\n").encode(), "application/json; charset=utf-8"),
        "md": ("\n".join([record(fields), about, *extra]).encode(), KINDS["md"]),
        "raw": (b"".join(blobs), "application/octet-stream"),
    }


def _file(kind: str, text: str) -> Response:
    return Response(text.encode("utf-8", "replace"), content_type=KINDS[kind])


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = plain(value.hex() if isinstance(value, bytes) else str(value))
    return " ".join((text if len(text) <= CELL else text[:CELL] + "…").split()).translate(_ESCAPED)


def _json(row: Any, indent: int | None = None) -> str:
    said = json.dumps(row, ensure_ascii=False, indent=indent, default=lambda value: value.hex())
    return said.encode("utf-8", "replace").decode()


def _clean(value: Any) -> Any:
    """What CBOR can say: no half of a surrogate pair."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list | tuple) else value
