"""A post-mortem: records, what was found in them and the chain they stand in, in one bundle."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from memlog import __version__
from memlog.archive import chain
from memlog.archive.connection import quote_path, sqlite3
from memlog.errors import NotFoundError, RefusedError
from memlog.export import (
    ahead,
    bundle,
    incident,
    manifest,
    program,
    report_html,
    report_md,
    report_read,
    script,
    segment,
)
from memlog.export.share import Share
from memlog.paths import FILE_MODE
from memlog.query import dates, slice

if TYPE_CHECKING:
    from memlog.archive.anchor import Anchor
    from memlog.archive.connection import Connection
    from memlog.query.checks import Check
    from memlog.query.slice import Slice

Told = Callable[[str, int], object]
_LARGE = 8 << 20  # bytes of an incident.db that are worth a start of Python
REDACTED = "texts were changed for sharing: their digests in the chain are those of what was recorded"


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that was written. root: digest over its manifest; hidden: placeholders put in, by kind."""

    place: str
    root: str
    counts: dict[str, int]
    hidden: dict[str, int] | None


def write(
    con: "Connection",
    part: "Slice",
    place: str,
    *,
    now_ns: int,
    shared: Share | None = None,
    anchor: "Anchor | None" = None,
    health: "Iterable[Check]" = (),
    force: bool = False,
    told: Told = lambda doing, rows: None,
) -> Written:
    """Write the bundle of a slice: a folder, or one file where `place` ends with .zip.

    The caller's transaction makes it of one moment. shared: hide paths and names. anchor: one taken before,
    to go with it. health: what a status says of the recorder. told: what it does, rows since the last call.
    Raises: NotFoundError for an empty slice; RefusedError, UnavailableError, ArchiveError.
    """
    if next(slice.ids(con, part), None) is None:
        hint = "memlog query search WORDS" if "match" in part.values else "memlog query sessions"
        raise NotFoundError(f"there is no record in what was asked for: {part.asked}", hint=hint)
    if anchor is not None and anchor.archive_id != con.execute(chain.ARCHIVE_SQL).fetchone()[0]:
        raise RefusedError(
            f"the anchor of {anchor.made} is of another archive: no bundle of this one agrees with it",
            hint="memlog admin anchor takes one of this archive",
        )
    part = slice.going_on(con, part)
    with bundle.made(place, force=force) as folder:
        said = _fill(con, part, folder, now_ns, shared, anchor, health, told)
    hidden = None if shared is None else dict(said["redacted"]["placeholders"])
    return Written(place, said["root"], said["counts"], hidden)


def _fill(
    con: "Connection",
    part: "Slice",
    folder: str,
    now_ns: int,
    shared: Share | None,
    anchor: "Anchor | None",
    health: "Iterable[Check]",
    told: Told,
) -> dict[str, Any]:
    if shared is not None:
        incident.learn(con, part, shared, lambda n: told("names", n))
    path = os.path.join(folder, "incident.db")
    _pour(folder, "incident.db", iter(()))  # for nobody else from the beginning on

    def link(names: list[tuple[str, str]]) -> None:
        links = segment.chunks(con, part, names, shared=shared, on_rows=lambda n: told("links", n))
        _pour(folder, "chain.jsonl", links)

    incident.write(
        con, part, path, now_ns=now_ns, on_rows=lambda n: told("records", n), shared=shared, health=health,
        meanwhile=link,
    )  # fmt: skip
    if anchor is not None:
        _pour(folder, "anchor.json", iter([manifest.lines(anchor.as_json())]))
    out = sqlite3.connect(f"file:{quote_path(path)}?mode=ro&immutable=1", uri=True)
    try:
        told("files", 0)
        with _scripted(out, folder, path):
            found = report_read.read(out, anchored=anchor is not None)
            _pour(folder, "report.md", report_md.chunks(found))
            _pour(folder, "report.html", report_html.chunks(found))
        said = _said(out, part, folder, now_ns, shared)
    finally:
        out.close()
    data = manifest.dump(said)
    _pour(folder, manifest.NAME, iter([data]))
    return manifest.parse(data)


@contextmanager
def _scripted(out: "Connection", folder: str, path: str) -> Iterator[None]:
    """incident.sql, of a large file by a second process while this one does what it is asked to."""
    name = os.path.join(folder, "incident.sql")
    child = None
    if os.path.getsize(path) >= _LARGE:
        with _new(folder, "incident.sql") as file:
            child = ahead.started("memlog.export.script", path, stdout=file)
    try:
        yield
        if child is not None and child.wait():
            os.unlink(name)
        if child is None or child.returncode:
            _pour(folder, "incident.sql", script.chunks(out))
    finally:
        if child is not None:
            child.kill()
            child.communicate()


def _said(out: "Connection", part: "Slice", folder: str, now_ns: int, shared: Share | None) -> dict[str, Any]:
    asked = part.asked if shared is None else shared.text(part.asked)
    said: dict[str, Any] = {
        "memlog": __version__,
        "made": dates.iso(now_ns),
        "holds": asked,
        "program": {"sources": program.digest(), "sqlite": sqlite3.sqlite_version},
        "counts": incident.counts(out, incident.COUNTED),
        "redacted": None,
        "files": {},
    }
    if shared is not None:
        counts = out.execute("SELECT kind, count FROM redaction WHERE stage = 'shared'").fetchall()
        said["redacted"] = {"placeholders": dict(counts), "note": REDACTED}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            said["files"][name] = manifest.digest_of(file)
    return said


def _pour(folder: str, name: str, chunks: Iterator[bytes]) -> None:
    with _new(folder, name) as file:
        for chunk in chunks:
            file.write(chunk)


def _new(folder: str, name: str) -> BinaryIO:
    path = os.path.join(folder, name)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE), "wb")
