"""Which sessions are over a limit: too old, or more than their project or all together may have.

Sessions go whole, the one that ended longest ago first; one that may still be running never goes.
"""

from collections.abc import Generator, Iterable
from typing import NamedTuple

from memlog.archive.connection import Connection
from memlog.archive.forget import Forgotten, let_go
from memlog.archive.store import Archive
from memlog.archive.tree_forget import forget as forget_tree
from memlog.archive.unfinished import finished, pending
from memlog.contracts import DAY_NS
from memlog.settings import Settings

Steps = Generator[tuple[int, int, str], None, None]

# index: none, a session is one row in hundreds of records
SESSIONS_SQL = """
SELECT agent, session, project, title, ended_ns, records, bytes FROM session
WHERE first_id IS NOT NULL AND ended_ns IS NOT NULL ORDER BY ended_ns, id
"""

AGE, PROJECT, TOTAL = "older than it is kept", "its project is over its quota", "all are over the quota"


class Limits(NamedTuple):
    """What may be kept. 0: no limit. low_percent: of a quota that is passed, so much is left."""

    keep_days: int = 0
    quota_bytes: int = 0
    project_quota_bytes: int = 0
    low_percent: int = 90
    silence_s: int = 86_400

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(
            settings.keep_days, settings.quota_bytes, settings.project_quota_bytes,
            settings.quota_low_percent, settings.epoch_silence_s,
        )  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.keep_days or self.quota_bytes or self.project_quota_bytes)


class Overdue(NamedTuple):
    """A session that goes, and why."""

    agent: str
    session: str
    project: str | None
    title: str | None
    ended_ns: int
    records: int
    bytes: int
    why: str


def overdue(con: Connection, limits: Limits, *, now_ns: int, project: str | None = None) -> list[Overdue]:
    """Sessions over a limit, the oldest first. project: only of this one, by its path or last parts."""
    rows = [Overdue._make((*row, "")) for row in con.execute(SESSIONS_SQL)]
    rows = [row for row in rows if project is None or _is_of(row.project, project)]
    live_ns = now_ns - limits.silence_s * 1_000_000_000
    gone: dict[tuple[str, str], Overdue] = {}

    def take(found: Iterable[Overdue], why: str) -> None:
        for row in found:
            if row.ended_ns < live_ns:
                gone[row.agent, row.session] = row._replace(why=why)

    if limits.keep_days:
        oldest_ns = now_ns - limits.keep_days * DAY_NS
        take([row for row in rows if row.ended_ns < oldest_ns], AGE)
    if limits.project_quota_bytes:
        for name in dict.fromkeys(row.project for row in rows):
            theirs = [row for row in rows if row.project == name]
            take(_over(theirs, gone, limits.project_quota_bytes, limits, live_ns), PROJECT)
    if limits.quota_bytes:
        take(_over(rows, gone, limits.quota_bytes, limits, live_ns), TOTAL)
    return [gone[row.agent, row.session] for row in rows if (row.agent, row.session) in gone]


def apply(archive: Archive, found: Iterable[Overdue], total: Forgotten, *, now_ns: int) -> Steps:
    """Let these sessions go, a batch a step: rows, index, tree. memlog admin compact gives the room back."""
    unfinished = pending(archive.home) is not None
    wanted = [(row.agent, row.session, row.ended_ns) for row in found]
    yield from let_go(archive, wanted, total, now_ns=now_ns)
    for note in forget_tree(archive):
        yield 0, 0, note
    if not unfinished:
        finished(archive.home)


def _over(
    rows: list[Overdue], gone: dict[tuple[str, str], Overdue], quota: int, limits: Limits, live_ns: int
) -> list[Overdue]:
    """The oldest of these until what is left is under the low mark; none while the quota is not passed."""
    left = [row for row in rows if (row.agent, row.session) not in gone]
    held, found = sum(row.bytes for row in left), []
    if held <= quota:
        return []
    for row in left:
        if held <= quota * limits.low_percent // 100:
            break
        if row.ended_ns < live_ns:
            found.append(row)
            held -= row.bytes
    return found


def _is_of(project: str | None, wanted: str) -> bool:
    wanted = wanted.rstrip("/") or "/"
    return project is not None and (project == wanted or project.endswith("/" + wanted))
