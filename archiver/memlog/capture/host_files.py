"""The transcripts Claude Code keeps, and for how long."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from memlog.capture import host_settings
from memlog.errors import MemlogError

KEPT_DAYS = 30  # where its settings say nothing


class HostFile(NamedTuple):
    """A session's transcript. mtime_ns: when the host last wrote to it."""

    path: str
    mtime_ns: int
    size: int


def folder() -> str:
    """Claude Code's own folder of this user."""
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(os.path.expanduser("~"), ".claude")


def transcripts() -> list[HostFile]:
    """Every session's transcript, one folder a project; those of subagents, which it never deletes, not."""
    found = []
    for project in _entries(os.path.join(folder(), "projects")):
        for entry in _entries(project.path):
            if entry.name.endswith(".jsonl"):
                try:
                    stat = entry.stat()
                except OSError:
                    continue  # gone since
                found.append(HostFile(entry.path, stat.st_mtime_ns, stat.st_size))
    return found


def kept_days() -> int:
    """Days after its last change until the host deletes a transcript: its cleanupPeriodDays."""
    try:
        value = host_settings.HostSettings(os.path.join(folder(), "settings.json")).value()
    except MemlogError:
        return KEPT_DAYS
    days = value.get("cleanupPeriodDays")
    return days if isinstance(days, int) and not isinstance(days, bool) and days >= 0 else KEPT_DAYS


def expiring(archived: Mapping[str, int], *, now_ns: int, days: int) -> tuple[int, int | None]:
    """How many transcripts it deletes within a week that are not archived, and when the first one.

    archived: path → how many of its bytes are.
    """
    day_ns = 86_400 * 1_000_000_000
    ends = [
        file.mtime_ns + days * day_ns
        for file in transcripts()
        if archived.get(os.path.abspath(file.path), 0) < file.size
    ]
    soon = [end for end in ends if end < now_ns + 7 * day_ns]
    return len(soon), min(soon, default=None)


def _entries(path: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError:
        return []
