"""What a snapshot tree holds, read without an archive."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memlog import portable
from memlog.archive import session_file
from memlog.archive.folder import Folder
from memlog.archive.snapshot import SNAP
from memlog.errors import DecodeError, UnsafePathError
from memlog.wire import Damage, Frame


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a snapshot. boundary: that of the epoch whose file it lies in; None: not known."""

    facts: Mapping[str, Any]
    frame: Frame
    boundary: str | None


@dataclass(frozen=True, slots=True)
class Snap:
    """One file. state: as noted | changed | unknown (session.json does not speak of it)."""

    name: str
    epoch: int
    size: int
    lines: int
    state: str


@dataclass(slots=True)
class Found:
    """One folder. missing: files session.json names and that are not there."""

    name: str
    notes: Mapping[str, Any]
    snaps: list[Snap] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def archive(self) -> str | None:
        """Hex id of the archive that wrote it."""
        found = self.notes.get("archive")
        return found if isinstance(found, str) else None

    @property
    def trimmed(self) -> list[dict[str, Any]]:
        return session_file.listed(self.notes, "trimmed")


@dataclass(slots=True)
class Survey:
    """Every folder of a tree. refused: those that may not be read, and why."""

    folders: list[Found] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return sum(snap.lines for found in self.folders for snap in found.snaps)

    @property
    def archive(self) -> str | None:
        """The archive that wrote most of it."""
        counted = Counter(found.archive for found in self.folders if _is_id(found.archive))
        return counted.most_common(1)[0][0] if counted else None

    def as_dict(self) -> dict[str, Any]:
        """What a person is told of it."""
        snaps = [(found, snap) for found in self.folders for snap in found.snaps]
        return {
            "sessions": len(self.folders), "files": len(snaps), "rows": self.lines,
            "bytes": sum(snap.size for _, snap in snaps),
            "changed": [f"{found.name}/{snap.name}" for found, snap in snaps if snap.state == "changed"],
            "missing": [f"{found.name}/{name}" for found in self.folders for name in found.missing],
            "trimmed": [
                {"session": f.notes.get("session"), **told} for f in self.folders for told in f.trimmed
            ],
            "refused": [f"{name}: {why}" for name, why in self.refused],
        }  # fmt: skip


def survey(root: str, told: Callable[[str], object] = lambda note: None) -> Survey:
    """Every folder of a home that holds snapshots; each file is read once and compared with its note."""
    found = Survey()
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if not os.path.isdir(path):
            continue
        try:
            with Folder.open(root, name) as folder:
                names = folder.names()
                if session_file.NAME in names or any(map(SNAP.fullmatch, names)):
                    found.folders.append(_survey_folder(folder, name, names))
                    told(f"{len(found.folders):,} sessions looked at")
        except (UnsafePathError, OSError) as exc:
            if session_file.NAME in _names(path) or os.path.islink(path):
                found.refused.append((name, str(exc)))
    return found


def lines(root: str, found: Found) -> Iterator[tuple[str, Line | Damage]]:
    """File and record of every line; Damage for what is none, with its bytes and place."""
    boundaries = {e.get("file"): e.get("boundary") for e in session_file.listed(found.notes, "epochs")}
    with Folder.open(root, found.name) as folder:
        for snap in found.snaps:
            boundary = boundaries.get(snap.name)
            place = 0
            for raw in folder.lines(snap.name):
                if raw.strip() not in (b"", b"[", b"]", b"[]"):
                    yield snap.name, _line(raw, place, boundary)
                place += len(raw)


def _line(raw: bytes, place: int, boundary: object) -> Line | Damage:
    try:
        facts = portable.parse_line(raw)
        frame = portable.frame_of(facts)
    except DecodeError as exc:
        return Damage(place, raw, str(exc))
    return Line(facts, frame, boundary if isinstance(boundary, str) else None)


def _survey_folder(folder: Folder, name: str, names: list[str]) -> Found:
    found = Found(name, session_file.read(folder))
    noted = {e.get("file"): e.get("sha256") for e in session_file.listed(found.notes, "epochs")}
    for file in sorted(filter(SNAP.fullmatch, names), key=_number):
        digest, count, size = hashlib.sha256(), 0, 0
        for raw in folder.lines(file):
            digest.update(raw)
            size += len(raw)
            count += raw.strip() not in (b"", b"[", b"]", b"[]")
        state = (
            "unknown" if file not in noted else "as noted" if noted[file] == digest.hexdigest() else "changed"
        )
        found.snaps.append(Snap(file, _number(file), size, count, state))
    found.missing.extend(sorted(file for file in noted if isinstance(file, str) and file not in names))
    return found


def _number(name: str) -> int:
    found = SNAP.fullmatch(name)
    return int(found[1]) if found else -1


def _names(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _is_id(text: str | None) -> bool:
    try:
        return text is not None and len(bytes.fromhex(text)) == 16
    except ValueError:
        return False
