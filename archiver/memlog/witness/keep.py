"""Jobs that keep the archive small: sessions let go by the limits, and the archive as one compact file."""

import time
from collections.abc import Generator, Iterator
from typing import Any

from memlog.archive import compact, retention
from memlog.archive.forget import Forgotten
from memlog.archive.retention import Limits
from memlog.archive.store import Archive
from memlog.settings import Settings
from memlog.witness.jobs import Progress
from memlog.witness.log import log

Steps = Generator[Progress, None, dict[str, Any]]


def retention_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """Let go what is over the limits.

    args: limits, their names and values, else those of the settings; project: only of this one.
    Result: sessions, rows, events, bytes (of blobs).
    """
    limits = Limits.of(settings)._replace(**args.get("limits") or {})
    now_ns = time.time_ns()
    total = Forgotten()
    found = retention.overdue(archive.con, limits, now_ns=now_ns, project=args.get("project"))
    for step in retention.apply(archive, found, total, now_ns=now_ns):
        yield Progress(*step)
    log.info("let go sessions=%d rows=%d bytes=%d", total.sessions, total.rows, total.bytes)
    return total.as_dict()


def by_itself(archive: Archive, settings: Settings) -> Iterator[Progress]:
    """What an idle witness does of it, where the setting says so."""
    if settings.retention and retention.overdue(archive.con, Limits.of(settings), now_ns=time.time_ns()):
        yield from retention_job(archive, settings, {})


def compact_job(archive: Archive, settings: Settings, args: dict[str, Any]) -> Steps:
    """The archive without free pages. Result: before, after (bytes of its file)."""
    before = compact.size_of(archive)
    for step in compact.compact(archive):
        yield Progress(*step)
    after = compact.size_of(archive)
    log.info("compacted before=%d after=%d", before, after)
    return {"before": before, "after": after}
