"""A session's records in order without what they say: where prompts, failures and compactions stand.

What a page shows is a stretch of it, so a page of a session of 40,000 records reads a few hundred.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from operator import le

from memlog.archive.connection import Connection
from memlog.errors import NotFoundError
from memlog.query import missing
from memlog.query.facts.calls import SHELLS
from memlog.query.missing import Loss
from memlog.query.sessions import SessionRow

# index: session (dir)
BY_DIR_SQL = "SELECT id, agent, session FROM session WHERE dir = :dir"
# index: session (agent, session)
ROW_SQL = "SELECT id FROM session WHERE agent = :agent AND session = :session"
# What changes when a page of it would. index: session (agent, session); epoch and hole by session
VERSION_SQL = """
SELECT s.links, (SELECT count(*) || '.' || count(closed_ns) FROM epoch WHERE session_id = s.id),
  (SELECT count(*) FROM hole WHERE session_id = s.id AND healed_ns IS NULL)
FROM session s WHERE s.agent = :agent AND s.session = :session
"""
# Some records as one row: a session may have 40,000, and Python takes a row in what SQLite takes for five.
# Only what stands in a user's name is unpacked; isMeta: true, as CBOR has it, is the host's (no text has
# the byte f5). index: record_session, in its order: no sort.
SOME_SQL = """
SELECT max(ts_ns), group_concat(id), group_concat(epoch_id), group_concat(bytes), group_concat(letter, ''),
  group_concat(flags, ''), json_group_array(said) FILTER (WHERE letter = 'p' AND flags < 2),
  json_group_array(id) FILTER (WHERE ran)
FROM (
  SELECT ts_ns, id, epoch_id, bytes, (error <> 0) + 2 * (timed <> 0) AS flags,
    CASE kind WHEN 'message' THEN CASE role WHEN 'user' THEN 'p' ELSE 'm' END
      WHEN 'thinking' THEN 't' WHEN 'tool_use' THEN 'u' WHEN 'tool_result' THEN 'r' WHEN 'summary' THEN 's'
      WHEN 'compaction' THEN 'c' WHEN 'meta' THEN 'h' ELSE 'o' END AS letter,
    CASE WHEN kind = 'message' AND role = 'user' AND timed = 0
        AND ifnull(instr(memlog_blob(body, packing), x'6669734d657461f5'), 0) = 0
      THEN substr(CAST(memlog_text(body, packing, text_bytes) AS TEXT), 1, 160) END AS said,
    CASE WHEN error = 1 AND kind = 'tool_result'
      THEN lower(tool) IN (SELECT value FROM json_each(:shells)) END AS ran
  FROM record WHERE session_id = :session AND (ts_ns, id) > (:ts_ns, :id)
    AND part = 0 AND (kind <> 'meta' OR error = 1 OR :all)
  ORDER BY ts_ns, id LIMIT 1000
)
"""
# index: epoch (session_id, boundary)
NUMBERS_SQL = "SELECT id, number FROM epoch WHERE session_id = :session"
PAGE = 100  # records of a page, about
WEIGHT = 200_000  # bytes of what is shown of them, about: a tenth of a second of Markdown at most
LEAST = 24  # records of a page, however long
_SLACK = 80  # how much longer it may get, so that a call and its answer stay together
_SHOWN = {"u": 8_000, "r": 2_400, "h": 2_400, "o": 2_400}  # bytes that a page shows of a record of this kind
_WHOLE = 20_000  # … and of what was said
# What hosts put into a user's mouth.
_NOT_SAID = (
    "<",
    "Caveat:",
    "# AGENTS.md instructions",
    "[Request interrupted",
    "This session is being continued",
)


class Outline:
    """A session's records in order, a column each: id, number of the epoch, size, letter of the kind, flags.

    kinds: `p` a message of the user, `m` of another, `t` thinking, `u` a tool_use, `r` a tool_result, `s` a
    summary, `c` a compaction, `h` meta, `o` another. flags: 1 it failed, 2 not of the main transcript, as
    far as known, 3 both.
    """

    __slots__ = (
        "_where", "epochs", "flags", "ids", "kinds", "landmarks", "losses", "pages", "row", "session",
        "sizes", "version",
    )  # fmt: skip

    def __init__(self, session: SessionRow, row: int, version: str) -> None:
        self.session = session
        self.row = row
        self.version = version
        self.ids: list[int] = []
        self.epochs: list[int] = []
        self.sizes: list[int] = []
        self.kinds = ""
        self.flags = ""
        self.losses: list[Loss] = []
        self.pages: list[int] = []
        self.landmarks: dict[str, list[int]] = {}
        self._where: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def where(self) -> dict[int, int]:
        """Number of a record by its id."""
        if len(self._where) != len(self.ids):
            self._where = {id: n for n, id in enumerate(self.ids)}
        return self._where

    def page_of(self, n: int) -> int:
        """Number of the page the n-th record stands on."""
        return max(bisect_right(self.pages, n) - 1, 0)

    def stretch(self, page: int) -> tuple[int, int]:
        """First record of a page, and the first after it."""
        last = self.pages[page + 1] if page + 1 < len(self.pages) else len(self)
        return (self.pages[page], last) if self.pages else (0, 0)

    def near(self, record_id: int) -> int:
        """Number of the record; of one that is not here the number of the one at its time."""
        if record_id in self.where:
            return self.where[record_id]
        before = (n for n, id in enumerate(self.ids) if id > record_id)
        return next(before, max(len(self) - 1, 0))

    def chapters(self) -> dict[int, tuple[int, int]]:
        """Of each epoch that has records: its first, and the first after it."""
        found: dict[int, tuple[int, int]] = {}
        first = 0
        while first < len(self.epochs):
            last = bisect_right(self.epochs, self.epochs[first])
            found[self.epochs[first]] = first, last
            first = last
        return found

    def failed(self, epoch: int | None = None) -> dict[str, int]:
        """How many records are marked as failed, by the letter of their kind, most first; of one epoch."""
        places = self.landmarks["error"]
        return dict(Counter(self.kinds[n] for n in places if epoch in (None, self.epochs[n])).most_common())

    def beyond(self, first: int, last: int) -> dict[str, tuple[int | None, int | None]]:
        """The nearest prompt, error, failed command and compaction before and after a stretch, by id."""
        found: dict[str, tuple[int | None, int | None]] = {}
        for name, places in self.landmarks.items():
            before, after = bisect_left(places, first), bisect_left(places, last)
            found[name] = (
                self.ids[places[before - 1]] if before else None,
                self.ids[places[after]] if after < len(places) else None,
            )
        return found


def named(con: Connection, place: str) -> tuple[str, str] | None:
    """(agent, session) of the session with this folder name."""
    row = con.execute(BY_DIR_SQL, {"dir": place}).fetchone()
    return (row[1], row[2]) if row else None


def version(con: Connection, session: SessionRow) -> str:
    """What is another text once a page of the session would be another."""
    row = con.execute(VERSION_SQL, {"agent": session.agent, "session": session.session}).fetchone()
    return "-".join(map(str, row)) if row else ""


def outline(con: Connection, session: SessionRow, *, every: bool = False) -> Outline:
    """The whole session. every: with the host's bookkeeping lines.

    Raises: NotFoundError where it was forgotten meanwhile.
    """
    con.execute("BEGIN")  # it is read in several statements, and the witness goes on
    try:
        return _outline(con, session, every)
    finally:
        con.execute("ROLLBACK")


def _outline(con: Connection, session: SessionRow, every: bool) -> Outline:
    now = version(con, session)
    row = con.execute(ROW_SQL, {"agent": session.agent, "session": session.session}).fetchone()
    if row is None:
        raise NotFoundError(f"no session is called {session.session!r}")
    found = Outline(session, row[0], now)
    said, ran = _fill(con, found, every)
    by_user = _places(found.kinds, "p")
    prompts = zip((n for n in by_user if found.flags[n] < "2"), said, strict=True)
    found.landmarks = {
        "prompt": [n for n, text in prompts if text is not None and is_said(text)],
        "error": _places(found.flags, "13"),
        "command": sorted(found.where[id] for id in ran),
        "compaction": _places(found.kinds, "c"),
    }
    found.pages = list(_pages(found))
    found.losses = missing.losses(con, found)
    return found


def is_said(text: str) -> bool:
    """True for what a person typed, as far as its beginning tells."""
    return not text.lstrip().startswith(_NOT_SAID)


def _fill(con: Connection, found: Outline, every: bool) -> tuple[list[str | None], list[int]]:
    """Read the columns; how messages of the user begin, of the main transcript; and failed commands' ids."""
    numbers = dict(con.execute(NUMBERS_SQL, {"session": found.row}).fetchall())
    at: dict[str, int] = {"ts_ns": -(1 << 63), "id": 0}
    kinds, flags, said, ran = [], [], list[str | None](), list[int]()
    shells = json.dumps(sorted(SHELLS))
    while True:
        values = {"session": found.row, "all": every, "shells": shells, **at}
        ts_ns, ids, epochs, sizes, letters, flagged, texts, failed = con.execute(SOME_SQL, values).fetchone()
        if ids is None:
            break
        found.ids += json.loads(f"[{ids}]")
        found.epochs += map(numbers.__getitem__, json.loads(f"[{epochs}]"))
        found.sizes += json.loads(f"[{sizes}]")
        kinds.append(letters)
        flags.append(flagged)
        said += json.loads(texts)
        ran += json.loads(failed)
        at = {"ts_ns": ts_ns, "id": found.ids[-1]}
    found.kinds, found.flags = "".join(kinds), "".join(flags)
    in_order = all(map(le, found.epochs, found.epochs[1:]))
    return said if in_order else _sorted(found, said), ran


def _sorted(found: Outline, said: list[str | None]) -> list[str | None]:
    """The columns by epoch, as they were within one: late imports and clocks that differ mix the times."""
    order = sorted(range(len(found)), key=found.epochs.__getitem__)
    texts = dict(zip((n for n in _places(found.kinds, "p") if found.flags[n] < "2"), said, strict=True))
    found.ids, found.epochs, found.sizes = (
        [column[n] for n in order] for column in (found.ids, found.epochs, found.sizes)
    )
    found.kinds, found.flags = ("".join([column[n] for n in order]) for column in (found.kinds, found.flags))
    return [texts[n] for n in order if n in texts]


def _places(letters: str, wanted: str) -> list[int]:
    return [found.start() for found in re.finditer(f"[{wanted}]", letters)]


def _pages(found: Outline) -> Iterator[int]:
    """Where pages begin: not between a call and its answer, if that can be helped."""
    start = 0
    while start < len(found):
        yield start
        end = _weighed(found, start, min(start + PAGE, len(found)))
        held = "rus" if end == start + PAGE else "rs"
        most = min(end + _SLACK, len(found))
        while end < most and (found.kinds[end] in held or found.flags[end] > "1"):
            end += 1
        start = end


def _weighed(found: Outline, start: int, end: int) -> int:
    """Where a page ends that would show too much up to `end`."""
    total = 0
    if sum(found.sizes[start:end]) > WEIGHT:
        for n in range(start, end):
            total += min(found.sizes[n], _SHOWN.get(found.kinds[n], _WHOLE))
            if total > WEIGHT and n - start >= LEAST:
                return n
    return end
