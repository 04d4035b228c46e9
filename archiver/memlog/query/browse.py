"""Sessions as a list shows them: narrowed, sorted, a page at a time, with what else there is to narrow by."""

from dataclasses import dataclass, fields

from memlog.archive.connection import Connection
from memlog.contracts import DAY_NS, DAY_ZERO_S
from memlog.query.sessions import SessionRow

# index: none, a session is one row in hundreds of records, and its counts stand in it
_FROM = """
FROM v_session
WHERE (:agent IS NULL OR agent = :agent) AND (:project IS NULL OR project IS nullif(:project, ''))
  AND (:words IS NULL
    OR instr(lower(coalesce(title, '') || ' ' || coalesce(project, '') || ' ' || session), :words))
  AND (:first IS NULL OR (started_ns < :last AND ended_ns >= :first))
"""
ONLY = {
    "": "",
    "errors": " AND errors > 0",
    "compactions": " AND compactions > 0",
    "gaps": " AND gaps > 0",
}
ORDERS = {
    "started": "started_ns", "ended": "ended_ns", "length": "ended_ns - started_ns", "turns": "turns",
    "tools": "tools", "errors": "errors", "compactions": "compactions", "tokens": "coalesce(tokens, 0)",
    "gaps": "gaps", "records": "records", "bytes": "bytes", "project": "project", "agent": "agent",
    "title": "title",
}  # fmt: skip
_WAYS = {False: "", True: " DESC"}
_COLUMNS = "SELECT " + ", ".join(field.name for field in fields(SessionRow))
_PAGE = ", last_id DESC LIMIT :limit OFFSET :offset"
PAGE_SQL = {
    (only, order, down): _COLUMNS + _FROM + condition + " ORDER BY " + key + way + _PAGE
    for only, condition in ONLY.items()
    for order, key in ORDERS.items()
    for down, way in _WAYS.items()
}
COUNT_SQL = {only: "SELECT count(*)" + _FROM + condition for only, condition in ONLY.items()}
FACET_SQL = {
    "agent": "SELECT agent, count(*) AS n FROM session GROUP BY agent ORDER BY n DESC, agent LIMIT :limit",
    "project": "SELECT project, count(*) AS n FROM session GROUP BY project"
    " ORDER BY n DESC, project LIMIT :limit",
}
# What `only` gives: sessions with at least one of each.
ONLY_SQL = """
SELECT (SELECT count(*) FROM session WHERE errors > 0),
  (SELECT count(DISTINCT session_id) FROM epoch WHERE boundary <> ''),
  (SELECT count(DISTINCT session_id) FROM hole WHERE healed_ns IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """rows: a page of them. total: of all that match. facets: by column, (value, sessions in the archive)."""

    rows: list[SessionRow]
    total: int
    facets: dict[str, list[tuple[str | None, int]]]


def shelf(
    con: Connection, *, agent: str | None = None, project: str | None = None, words: str | None = None,
    only: str = "", day: int | None = None, order: str = "started", down: bool = True, limit: int = 50,
    offset: int = 0, facets: int = 12,
) -> Shelf:  # fmt: skip
    """Sessions that match. project: the whole path, `` for none; words: in title, project or id.

    day: number of a UTC day they were active on. only: errors, compactions or gaps; order: of ORDERS.
    Raises: KeyError for another only or order.
    """
    begin = None if day is None else DAY_ZERO_S * 1_000_000_000 + day * DAY_NS
    values = {
        "agent": agent, "project": project, "words": words.lower() if words else None, "limit": limit,
        "offset": offset, "first": begin, "last": None if begin is None else begin + DAY_NS,
    }  # fmt: skip
    rows = [SessionRow(*row) for row in con.execute(PAGE_SQL[only, order, down], values)]
    total = con.execute(COUNT_SQL[only], values).fetchone()[0]
    found = {name: con.execute(sql, {"limit": facets}).fetchall() for name, sql in FACET_SQL.items()}
    counts = zip(("errors", "compactions", "gaps"), con.execute(ONLY_SQL).fetchone(), strict=True)
    return Shelf(rows, total, found | {"only": [pair for pair in counts if pair[1]]})
