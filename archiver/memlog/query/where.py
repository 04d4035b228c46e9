"""A selection as SQL conditions, looked up in one archive.

A search loads it: no re, no dataclasses; names, paths and trees are looked up by modules of their own.
"""

from memlog.archive.prepare import TEXT_VERSION, tag
from memlog.contracts import DAY_BITS, DAY_MAX, DAY_NS, DAY_ZERO_S
from memlog.errors import QueryError
from memlog.query.selection import LAST_ID, NAMED_KINDS, array, bindable, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.selection import Selection

    Value = int | str

_LISTED = ("kind", "role", "tool", "not_kind", "not_role", "not_tool", "not_project", "not_agent")
# Kinds few records have: asked of the index. The common ones are cheaper to look up in the record.
_RARE_KINDS = frozenset(("summary", "compaction", "attachment", "damage", "blob"))
_TOLD = ("one_session", "sessions", "path", "either")  # by the index as well as by the rows

VERSION_SQL = "SELECT text_version FROM archive"

# Conditions on `record r`; every one is a constant, values are named parameters.
_CONDITIONS = {
    "since_ns": "r.ts_ns >= :since_ns",
    "until_ns": "r.ts_ns < :until_ns",
    "ids": "r.id IN (SELECT value FROM json_each(:ids))",
    "sessions": "r.session_id IN (SELECT value FROM json_each(:sessions))",
    "one_session": "r.session_id = :session",
    "project": """r.session_id IN (SELECT id FROM session
        WHERE project = :project OR substr(project, -length(:project) - 1) = '/' || :project)""",
    "agent": "r.session_id IN (SELECT id FROM session WHERE agent = :agent)",
    "not_sessions": "r.session_id NOT IN (SELECT value FROM json_each(:not_sessions))",
    "not_project": """r.session_id NOT IN (SELECT s.id FROM session s JOIN json_each(:not_project) n
        ON s.project = n.value OR substr(s.project, -length(n.value) - 1) = '/' || n.value)""",
    "not_agent": """r.session_id NOT IN (SELECT id FROM session
        WHERE agent IN (SELECT value FROM json_each(:not_agent)))""",
    "epoch": "r.epoch_id IN (SELECT id FROM epoch WHERE number = :epoch)",
    "epoch_of": "r.epoch_id IN (SELECT id FROM epoch WHERE session_id = :session AND number = :epoch)",
    "kind": "r.kind IN (SELECT value FROM json_each(:kind))",
    "role": "lower(r.role) IN (SELECT value FROM json_each(:role))",
    "tool": "lower(r.tool) IN (SELECT value FROM json_each(:tool))",
    "not_kind": "r.kind NOT IN (SELECT value FROM json_each(:not_kind))",
    "not_role": "coalesce(lower(r.role), '') NOT IN (SELECT value FROM json_each(:not_role))",
    "not_tool": "coalesce(lower(r.tool), '') NOT IN (SELECT value FROM json_each(:not_tool))",
    "error": "r.error = :error",
    "path": "r.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :path)",
    "names": "memlog_names(r.body, r.packing, r.text_bytes, :names) = :names_n",
    "not_path": """NOT (r.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :not_path)
        AND coalesce(memlog_names(r.body, r.packing, r.text_bytes, :not_names), 0) > 0)
      AND (r.parts = 1 OR NOT EXISTS (SELECT 1 FROM record p
        WHERE p.session_id = r.session_id AND p.source_id = r.source_id AND p.block = r.block
          AND p.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :not_path)
          AND memlog_names(p.body, p.packing, p.text_bytes, :not_names) > 0))""",
    "either": "r.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :either)",
    "neither": "r.id NOT IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :neither)",
    "epochs": """r.epoch_id IN (SELECT id FROM epoch
        WHERE number IN (SELECT value FROM json_each(:epochs)))""",
    "not_epoch": """r.epoch_id NOT IN (SELECT id FROM epoch
        WHERE number IN (SELECT value FROM json_each(:not_epoch)))""",
    "says": "memlog_says(r.body, r.packing, r.text_bytes, :says)",
    "before_ns": "(r.ts_ns, r.id) < (:before_ns, :before_id)",
}


class Where:
    """A selection as SQL over `record r`, looked up in one archive.

    sql: conditions joined by AND, never empty; values: their named parameters. rest: those the index does
    not tell, for who asks it by match(). low, high: the range of record ids, also among the values. tags: the
    same as far as the index knows it, as an FTS5 expression; covered: tags and range say it all.
    one_session: a single session. reads: those that look through the text.
    """

    __slots__ = ("covered", "high", "low", "one_session", "reads", "rest", "sql", "tags", "values")

    def __init__(
        self, conditions: "list[tuple[str, bool]]", values: "dict[str, Value]", tags: str | None
    ) -> None:
        inside = "r.id BETWEEN :low AND :high"
        self.sql = " AND ".join([inside, *(sql for sql, _ in conditions)])
        self.rest = " AND ".join([inside, *(sql for sql, told in conditions if not told)])
        self.reads = [sql for sql, _ in conditions if "memlog_" in sql]
        self.values = values
        self.tags = tags
        self.covered = all(told for _, told in conditions)
        self.one_session = "session" in values
        self.low = int(values["low"])
        self.high = int(values["high"])

    def match(self, expression: str) -> str:
        """FTS5 expression: the text answers, and the tags are the selection's."""
        text = f"{{text}} : ({expression})"
        return f"{text} AND {self.tags}" if self.tags else text

    def narrow(self, condition: str, values: "dict[str, Value]") -> None:
        """One more condition, which begins with AND."""
        self.sql += condition
        self.rest += condition
        self.values = self.values | values
        self.covered = False


def where(con: "Connection", selection: "Selection") -> Where:
    """The conditions of a selection.

    Raises: NotFoundError for a session that is not there, with the nearest names; QueryError for
    an ambiguous prefix, a kind that does not exist, or a path without a word.
    """
    asked = _Asked(con, selection)
    asked.times()
    asked.sessions()
    asked.rows()
    asked.paths()
    asked.trees()
    asked.tagged()
    return asked.where()


class _Asked:
    """A selection while it is looked up."""

    __slots__ = ("con", "high", "low", "selection", "tags", "told", "trees_sql", "values")

    def __init__(self, con: "Connection", selection: "Selection") -> None:
        self.con, self.selection = con, selection
        self.low, self.high = 0, LAST_ID
        self.values: dict[str, Value] = {}
        self.tags: list[str] = []
        self.told: set[str] = set(_TOLD)
        self.trees_sql: list[str] = []

    def times(self) -> None:
        """What its days are, and which ids."""
        chosen = self.selection
        if chosen.since_ns is not None:
            self.low = _day(chosen.since_ns) << DAY_BITS
            self.values["since_ns"] = chosen.since_ns
        if chosen.until_ns is not None:
            self.high = ((_day(chosen.until_ns) + 1) << DAY_BITS) - 1
            self.values["until_ns"] = chosen.until_ns
        if chosen.before is not None:
            self.values["before_ns"], self.values["before_id"] = chosen.before
            self.high = min(self.high, ((_day(chosen.before[0]) + 1) << DAY_BITS) - 1)
        if chosen.ids:
            self.low, self.high = max(self.low, min(chosen.ids)), min(self.high, max(chosen.ids))
        if chosen.ids is not None:
            self.values["ids"] = array(map(str, chosen.ids))

    def sessions(self) -> None:
        """Which sessions are meant, and which are not."""
        chosen = self.selection
        if chosen.session is None and chosen.not_session is None:
            return
        from memlog.query.names import sessions

        if chosen.session is not None:
            rows = sessions(self.con, chosen.session, chosen.agent)
            self.low = max(self.low, min((r[3] for r in rows if r[3] is not None), default=LAST_ID))
            self.high = min(self.high, max((r[4] for r in rows if r[4] is not None), default=-1))
            self.tags.append(" OR ".join(f'"s{row[0]}"' for row in rows))
            if len(rows) == 1:
                self.values["session"] = rows[0][0]
            else:
                self.values["sessions"] = array(str(row[0]) for row in rows)
        if chosen.not_session is not None:
            unwanted = (row for name in chosen.not_session for row in sessions(self.con, name))
            self.values["not_sessions"] = array(str(row[0]) for row in unwanted)

    def rows(self) -> None:
        """What the rows themselves say."""
        chosen = self.selection
        for name in ("project", "agent", "epoch"):
            value = getattr(chosen, name)
            if value is not None:
                self.values[name] = value
        if chosen.error is not None:
            self.values["error"] = int(chosen.error)
        for name in ("epochs", "not_epoch"):
            numbers = getattr(chosen, name)
            if numbers is not None:
                self.values[name] = array(map(str, numbers))
        if chosen.says is not None:
            self.values["says"] = "\n".join(map(bindable, chosen.says))
        for kind in (*(chosen.kind or ()), *(chosen.not_kind or ())):
            if kind not in NAMED_KINDS:
                raise QueryError(f"no kind is called {kind!r}; there are: {', '.join(NAMED_KINDS)}")
        for name in _LISTED:
            listed = getattr(chosen, name)
            if listed is not None:
                exact = name not in ("role", "tool", "not_role", "not_tool")
                self.values[name] = array(quoted(item if exact else item.lower()) for item in listed)

    def paths(self) -> None:
        """Which files and folders its text names: what the index finds is looked through."""
        if self.selection.path is None and self.selection.not_path is None:
            return
        from memlog.query.paths import path_match

        if self.selection.path:
            paths = list(map(bindable, self.selection.path))
            match = " AND ".join(f"{{text}} : ({path_match(path)})" for path in paths)
            self.tags.append(match)
            self.values |= {"path": match, "names": "\n".join(paths), "names_n": len(paths)}
        if self.selection.not_path:
            paths = list(map(bindable, self.selection.not_path))
            self.values["not_path"] = " OR ".join(f"({{text}} : ({path_match(path)}))" for path in paths)
            self.values["not_names"] = "\n".join(paths)

    def trees(self) -> None:
        """Trees of filters and words."""
        if not self.selection.either:
            return
        from memlog.query.trees import exactly, trees

        either, neither = trees(self.con, self.selection)
        if either is not None:
            self.values["either"] = either
        if neither is not None:
            self.values["neither"] = neither
        self.trees_sql, values = exactly(self.con, self.selection)
        self.values |= values

    def tagged(self) -> None:
        """Adds the index's own words for kinds, roles, tools and errors."""
        chosen = self.selection
        if chosen.kind is not None and _RARE_KINDS.issuperset(chosen.kind):
            self.tags.append(" OR ".join(f'"{tag("k", kind)}"' for kind in chosen.kind))
            self.told.add("kind")
        if not (chosen.role or chosen.tool or chosen.error):
            return
        if self.con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION:
            return  # an index that is still brought up to date
        for name, key in (("role", "r"), ("tool", "t")):
            many: tuple[str, ...] = getattr(chosen, name) or ()
            if many:
                self.tags.append(" OR ".join(f'"{tag(key, one)}"' for one in many))
                if "".join(many).isascii():  # SQLite knows no other capitals
                    self.told.add(name)
        if chosen.error:
            self.tags.append('"e1"')
            self.told.add("error")

    def where(self) -> Where:
        """All of it."""
        values = self.values
        conditions = []
        for name in values:
            name = "one_session" if name == "session" else name
            if name == "epoch" and "session" in values:
                name = "epoch_of"
            if name in _CONDITIONS:
                conditions.append((_CONDITIONS[name], name in self.told))
        conditions += [(sql, False) for sql in self.trees_sql]
        known = [one if one[0] == "{" else f"{{tags}} : ({one})" for one in self.tags]
        either = values.get("either")
        expression = " AND ".join([*known, *([str(either)] if either else [])]) or None
        return Where(conditions, values | {"low": self.low, "high": self.high}, expression)


def _day(ts_ns: int) -> int:
    return max(0, min(DAY_MAX, (ts_ns - DAY_ZERO_S * 1_000_000_000) // DAY_NS))
