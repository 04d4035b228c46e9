"""Is a bundle what was written, are its records those of the recorder's chain: by the bundle alone."""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cbor2

from memlog import __version__
from memlog.archive import anchor as anchors
from memlog.archive.anchor import Anchor
from memlog.archive.connection import Connection, Error, sqlite3
from memlog.errors import MemlogError, NotFoundError, UnavailableError
from memlog.export import again, bundle, manifest, program, scratch
from memlog.export.bundle_files import Folder, Zip
from memlog.export.links import Links

_DB, _CHAIN, _ANCHOR = "incident.db", "chain.jsonl", "anchor.json"
_FACTS = "the tables fact, compaction, loss and kept"
# What reading what somebody else wrote may raise, whatever that is.
_DAMAGE = (
    MemlogError,
    Error,
    cbor2.CBORError,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
# What a zip says when its bytes are not what they were.
_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
)

Told = Callable[[int], object]


class Problem(NamedTuple):
    """What is not as it was written."""

    check: str
    where: str
    what: str


@dataclass(slots=True)
class Checked:
    """What came of it. said: the manifest; links: of the chain; texts: how many were compared with it.

    again: whether what it says was found in its records was found in them once more.
    """

    problems: list[Problem] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    links: int = 0
    texts: int = 0
    again: bool = False
    not_proved: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """One object for a machine."""
        return {
            "ok": not self.problems,
            "problems": [problem._asdict() for problem in self.problems],
            "root": self.said.get("root"),
            "holds": self.said.get("holds"),
            "made": self.said.get("made"),
            "counts": self.said.get("counts"),
            "redacted": self.said.get("redacted"),
            "links": self.links,
            "texts": self.texts,
            "found_again": self.again,
            "not_proved": self.not_proved,
        }


def verify(place: str, *, anchor: Anchor | None = None, told: Told = lambda size: None) -> Checked:
    """Every problem of a bundle. anchor: one kept elsewhere; told: bytes read since the last call.

    Raises: NotFoundError where there is no bundle, UnavailableError where it cannot be read.
    """
    found = Checked()
    if not os.path.lexists(place):
        raise NotFoundError(f"there is no bundle {place}", hint=manifest.HINT)
    if not os.path.isdir(place):
        _zip(found, place, anchor, told)
    else:
        _files(found, Folder(place), anchor, told)
    return found


def _zip(found: Checked, place: str, anchor: Anchor | None, told: Told) -> None:
    if not os.path.isfile(place):
        found.problems.append(Problem("zip", place, "it is no regular file"))
        return
    try:
        as_packed = bundle.is_as_packed(place)
        with zipfile.ZipFile(place) as packed:
            if not as_packed:
                what = "its bytes are not those that were packed; verify it unpacked to see which file"
                found.problems.append(Problem("zip", place, what))
            _files(found, Zip(packed), anchor, told)
    except PermissionError as exc:
        raise UnavailableError(f"{place} cannot be read: {exc.strerror}", hint=f"ls -l {place}") from exc
    except _ZIP as exc:
        found.problems.append(Problem("zip", place, f"it is no bundle any more: {exc or type(exc).__name__}"))


def _files(found: Checked, files: Folder | Zip, anchor: Anchor | None, told: Told) -> None:
    try:
        found.said = manifest.parse(files.manifest())
    except (ValueError, RecursionError) as exc:
        found.problems.append(Problem("manifest", manifest.NAME, str(exc)))
        return
    listed = found.said["files"]
    for name in files.names():
        if name != manifest.NAME and name not in listed:
            found.problems.append(Problem("files", name, "it was not written with the bundle"))
    whole = True
    for name, expected in listed.items():
        what = _wrong(files, name, expected, told)
        if what:
            whole = False
            found.problems.append(Problem("files", name, what))
    if whole:
        _links(found, files, anchor)
    _unproved(found, anchor)


def _wrong(files: Folder | Zip, name: str, expected: Any, told: Told) -> str:
    if os.path.basename(name) != name or name in ("", ".", "..", manifest.NAME):
        return "it is no name of a file"
    try:
        with files.open(name) as file:
            size = expected.get("bytes") if isinstance(expected, dict) else None
            # What a zip's directory says is known before a gigabyte of zeros is unpacked.
            if files.size(name) != size or manifest.digest_of(file, told, size) != expected:
                return "its bytes are not what was written"
    except (FileNotFoundError, KeyError):
        return "it is missing"
    except PermissionError as exc:
        raise UnavailableError(f"{name} cannot be read: {exc.strerror}", hint=f"ls -l {name}") from exc
    except _ZIP as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
        return f"it cannot be read: {why}"
    return ""


def _links(found: Checked, files: Folder | Zip, anchor: Anchor | None) -> None:
    """Recompute the chain segment over the texts of incident.db."""
    kept = [anchor] if anchor is not None else []
    if _ANCHOR in found.said["files"]:
        with _named(found, "chain", _ANCHOR, "it is no anchor"), files.open(_ANCHOR) as file:
            kept.insert(0, anchors.parse(json.loads(file.read())))
    with _named(found, "found", _DB, "it cannot be read"), files.path(_DB) as path:
        con = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            if _is_ours(found.said) and (odd := [Problem("found", *what) for what in again.shape(con)]):
                found.problems += odd
                return
            with _archive(found.said, con) as archive:
                _followed(found, files, con, kept, archive)
        finally:
            con.close()


@contextmanager
def _named(found: Checked, check: str, where: str, what: str) -> Iterator[None]:
    """What a file that somebody made raises is bad news about that file, and the check goes on behind it."""
    try:
        yield
    except UnavailableError:
        raise  # it is of the machine, not of the file
    except _DAMAGE as exc:
        if isinstance(exc, Error) and str(exc).endswith("is full"):
            raise UnavailableError("there is no room to check it in", hint="TMPDIR=another folder") from exc
        why = str(exc) if isinstance(exc, MemlogError | Error) else f"{type(exc).__name__}: {exc}"
        found.problems.append(Problem(check, where, f"{what}: {why}"))


@contextmanager
def _archive(said: dict[str, Any], con: Connection) -> "Iterator[scratch.Scratch | None]":
    """Where records are gathered to be read again; None where others were read, or in another way."""
    if said["redacted"] or not _is_ours(said):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="memlog-verify-") as folder, scratch.made(folder, con) as made:
        yield made


def _is_ours(said: dict[str, Any]) -> bool:
    """Whether what wrote a bundle finds and says the same as this program."""
    return bool((said.get("program") or {}).get("sources") == program.digest())


def _name(said: dict[str, Any]) -> str:
    """A program as a person tells it from another of the same version."""
    sources = (said.get("program") or {}).get("sources")
    return f"{said.get('memlog')} ({str(sources)[:12] if sources else 'before programs were named'})"


def _followed(
    found: Checked,
    files: Folder | Zip,
    con: Connection,
    kept: list[Anchor],
    archive: "scratch.Scratch | None",
) -> None:
    links = Links(con, kept, bool(found.said["redacted"]), None if archive is None else archive.add)
    with files.open(_CHAIN) as lines:
        found.problems += (Problem("chain", *what) for what in links.problems(lines))
    if archive is not None:
        found.problems += [Problem("found", _DB, f"its {what}") for what in archive.odd]
    found.links, found.texts = links.count, links.texts
    found.not_proved += links.not_proved
    proved = not found.problems
    if not _is_ours(found.said):
        this = _name({"memlog": __version__, "program": {"sources": program.digest()}})
        found.not_proved.append(
            f"that {_FACTS}, step, its views, questions, both reports and incident.sql are what its records"
            f" give: it was written by another memlog, {_name(found.said)}; this one is {this}, and may"
            " find and say other things. The one that wrote it can tell"
        )
        return
    _found_again(found, files, con, archive, partial=links.partial if proved else None)


def _found_again(
    found: Checked, files: Folder | Zip, con: Connection, archive: "scratch.Scratch | None",
    partial: set[tuple[str, str]] | None,
) -> None:  # fmt: skip
    """Compare what the bundle says was found with what its records give. partial: None where they fail."""
    same = found.said["program"].get("sqlite") == sqlite3.sqlite_version
    with _named(found, "found", _DB, "no script and no reports can be made of what its tables say"):
        found.problems += (
            Problem("found", *what) for what in again.told(con, found.said, files.open, reports=same)
        )
    if not same:
        found.not_proved.append("that both reports say what incident.db says: it is of another SQLite")
    if partial is not None:
        with _named(found, "found", _DB, "its table record gives no steps"):
            found.problems += (Problem("found", *what) for what in again.stepped(con))
    if archive is None:
        found.not_proved.append(f"that {_FACTS} are what its records give: their texts were changed")
    elif partial is not None:
        found.again = True
        with _named(found, "found", _DB, "its tables cannot be compared with what its records give"):
            found.problems += (Problem("found", *what) for what in again.found(con, archive.con, partial))
            found.not_proved += again.unproved(con, partial)


def _unproved(found: Checked, anchor: Anchor | None) -> None:
    if found.said.get("redacted"):
        found.not_proved.append("that its texts are those that were recorded: they were changed for sharing")
    if anchor is None:
        found.not_proved.append(
            "that it was not written anew as a whole: compare its root with one you were told,"
            " or --anchor FILE with one kept elsewhere"
        )
    else:
        found.not_proved.append(
            "that what no link holds was not written anew: an anchor covers links alone;"
            " compare its root with one you were told"
        )
    found.not_proved += [
        "what the tables session, epoch, event, gap, hole and health say, which epoch and project a record is"
        " of, and the index record_fts: no link of a session's chain holds them",
        "that what agents wrote was true, and what no ring ever held",
    ]
