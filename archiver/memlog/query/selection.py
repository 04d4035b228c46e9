"""Which records are meant, and the SQL conditions that say so.

Shared by search, exports and every listing. A search loads it: no re, no dataclasses.
"""

from memlog.archive.prepare import TEXT_VERSION, tag
from memlog.contracts import DAY_BITS, DAY_MAX, DAY_NS, DAY_ZERO_S, KINDS
from memlog.errors import NotFoundError, QueryError
from memlog.query.words import Term

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.archive.connection import Connection
    from memlog.query.expression import Node

    Many = str | Iterable[str] | None
    Value = int | str

LAST_ID = (1 << 63) - 1
EVENT = "event"
NAMED_KINDS = (*KINDS, EVENT)  # what a search finds besides records: text that only a hook delivered
PREFIX_MIN = 4  # characters of a session id that stand for the whole
LATEST = "last"  # the session with the newest record; @1 is the same, @2 the one before
_LISTED = ("kind", "role", "tool", "not_kind", "not_role", "not_tool", "not_project", "not_agent")
# Kinds few records have: asked of the index. The common ones are cheaper to look up in the record.
_RARE_KINDS = frozenset(("summary", "compaction", "attachment", "damage", "blob"))

# index: session_name
SESSION_SQL = "SELECT id, session, agent, first_id, last_id FROM session WHERE session = :session"
# index: session_name
PREFIX_SQL = """
SELECT id, session, agent, first_id, last_id FROM session
WHERE session >= :session AND session < :session || char(1114111) ORDER BY session LIMIT 20
"""
LATEST_SQL = """
SELECT id, session, agent, first_id, last_id FROM session
WHERE last_id IS NOT NULL ORDER BY ended_ns DESC, id DESC LIMIT 1 OFFSET :back
"""
NAMES_SQL = "SELECT session FROM session ORDER BY id DESC LIMIT 1000"
VERSION_SQL = "SELECT text_version FROM archive"
# index: none, epochs are few
EPOCH_SQL = "SELECT 1 FROM epoch WHERE number = :epoch LIMIT 1"
# index: the full-text index, ends at the first
TAGGED_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 1"
KNOWN_SQL = {
    "project": """
SELECT 1 FROM session WHERE project = :value OR substr(project, -length(:value) - 1) = '/' || :value LIMIT 1
""",
    "agent": "SELECT 1 FROM session WHERE agent = :value LIMIT 1",
}

OF_SQL = {
    "project": """
SELECT id FROM session WHERE project = :value OR substr(project, -length(:value) - 1) = '/' || :value
""",
    "agent": "SELECT id FROM session WHERE agent = :value",
}

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
    "either": "r.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :either)",
    "neither": "r.id NOT IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :neither)",
    "epochs": """r.epoch_id IN (SELECT id FROM epoch
        WHERE number IN (SELECT value FROM json_each(:epochs)))""",
    "not_epoch": """r.epoch_id NOT IN (SELECT id FROM epoch
        WHERE number IN (SELECT value FROM json_each(:not_epoch)))""",
    "says": "memlog_says(r.body, r.packing, r.text_bytes, :says)",
    "before_ns": "(r.ts_ns, r.id) < (:before_ns, :before_id)",
}


class Selection:
    """Which records are meant: every field that is not None must hold.

    session: id, a prefix of at least 4 characters, `last`, or `@2` for the one before. project: whole
    path or its last components. kind, role, tool: one or several, any of which; not_*: none of which.
    path: files or folders, all of which its text names. error: whether it is a failure. since_ns <= ts_ns <
    until_ns. before: (ts_ns, id) of a record, what precedes it in order of time. epochs: any of several.
    either: trees of filters and words, all of which hold. says: versions its text has as they are spelled.
    """

    __slots__ = (
        "agent", "before", "either", "epoch", "epochs", "error", "ids", "kind", "not_agent", "not_epoch",
        "not_kind", "not_project", "not_role", "not_session", "not_tool", "path", "project", "role", "says",
        "session", "since_ns", "tool", "until_ns",
    )  # fmt: skip

    def __init__(
        self,
        *,
        session: str | None = None,
        project: str | None = None,
        agent: str | None = None,
        kind: "Many" = None,
        role: "Many" = None,
        tool: "Many" = None,
        epoch: int | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
        ids: "Iterable[int] | None" = None,
        path: "Many" = None,
        error: bool | None = None,
        not_session: "Many" = None,
        not_project: "Many" = None,
        not_agent: "Many" = None,
        not_kind: "Many" = None,
        not_role: "Many" = None,
        not_tool: "Many" = None,
        before: "tuple[int, int] | None" = None,
        either: "Iterable[Node] | None" = None,
        epochs: "Iterable[int] | None" = None,
        not_epoch: "Iterable[int] | None" = None,
        says: "Iterable[str] | None" = None,
    ) -> None:
        self.session = session
        self.project = _bindable(project.rstrip("/") or "/") if project is not None else None
        self.agent = None if agent is None else _bindable(agent)
        self.kind = _many(kind)
        self.role = _many(role)
        self.tool = _many(tool)
        self.epoch = epoch
        self.since_ns = since_ns
        self.until_ns = until_ns
        self.ids = None if ids is None else tuple(ids)
        self.path = None if path is None else (path,) if isinstance(path, str) else tuple(path)
        self.error = error
        self.not_session = _many(not_session)
        self.not_project = _many(not_project)
        self.not_agent = _many(not_agent)
        self.not_kind = _many(not_kind)
        self.not_role = _many(not_role)
        self.not_tool = _many(not_tool)
        self.before = before
        self.either = tuple(either) or None if either is not None else None
        self.says = tuple(says) or None if says is not None else None
        self.epochs = None if epochs is None else tuple(epochs)
        self.not_epoch = None if not_epoch is None else tuple(not_epoch)

    @property
    def takes_events(self) -> bool:
        """Whether text that only a hook delivered may be among what is meant."""
        records_only = (self.ids, self.path, self.error, self.either, self.epochs, self.not_epoch)
        if any(said is not None for said in records_only):
            return False
        return (self.kind is None or EVENT in self.kind) and EVENT not in (self.not_kind or ())

    def __repr__(self) -> str:
        said = ((name, getattr(self, name)) for name in self.__slots__)
        return (
            "Selection(" + ", ".join(f"{name}={value!r}" for name, value in said if value is not None) + ")"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def replace(self, **fields: object) -> "Selection":
        """The same selection with some fields changed."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return Selection(**(said | fields))


class Where:
    """A selection as SQL over `record r`, looked up in one archive.

    sql: conditions joined by AND, never empty; values: their named parameters.
    low, high: the range of record ids, also among the values. tags: the same as far as the index
    knows it, as an FTS5 expression; covered: tags and range say it all. one_session: a single session.
    """

    __slots__ = ("covered", "high", "low", "one_session", "sql", "tags", "values")

    def __init__(
        self, names: "list[str]", values: "dict[str, Value]", tags: str | None, covered: bool
    ) -> None:
        self.sql = " AND ".join(["r.id BETWEEN :low AND :high", *(_CONDITIONS[name] for name in names)])
        self.values = values
        self.tags = tags
        self.covered = covered
        self.one_session = "one_session" in names
        self.low = int(values["low"])
        self.high = int(values["high"])

    def match(self, expression: str) -> str:
        """FTS5 expression: the text answers, and the tags are the selection's."""
        text = f"{{text}} : ({expression})"
        return f"{text} AND {self.tags}" if self.tags else text


def where(con: "Connection", selection: Selection) -> Where:
    """The conditions of a selection.

    Raises: NotFoundError for a session that is not there, with the nearest names; QueryError for
    an ambiguous prefix or a kind that does not exist.
    """
    low, high = 0, LAST_ID
    values: dict[str, Value] = {}
    names: list[str] = []
    tags: list[str] = []
    if selection.since_ns is not None:
        low = _day(selection.since_ns) << DAY_BITS
        values["since_ns"] = selection.since_ns
    if selection.until_ns is not None:
        high = ((_day(selection.until_ns) + 1) << DAY_BITS) - 1
        values["until_ns"] = selection.until_ns
    if selection.before is not None:
        values["before_ns"], values["before_id"] = selection.before
        high = min(high, ((_day(selection.before[0]) + 1) << DAY_BITS) - 1)
    if selection.session is not None:
        rows = sessions(con, selection.session, selection.agent)
        low = max(low, min((r[3] for r in rows if r[3] is not None), default=LAST_ID))
        high = min(high, max((r[4] for r in rows if r[4] is not None), default=-1))
        tags.append(" OR ".join(f'"s{row[0]}"' for row in rows))
        if len(rows) == 1:
            values["session"] = rows[0][0]
            names.append("one_session")
        else:
            values["sessions"] = array(str(row[0]) for row in rows)
    for name in ("project", "agent"):
        value = getattr(selection, name)
        if value is not None:
            values[name] = value
    if selection.epoch is not None:
        values["epoch"] = selection.epoch
    if selection.ids:
        low, high = max(low, min(selection.ids)), min(high, max(selection.ids))
    if selection.ids is not None:
        values["ids"] = array(map(str, selection.ids))
    if selection.error is not None:
        values["error"] = int(selection.error)
    if selection.not_session is not None:
        unwanted = (row for name in selection.not_session for row in sessions(con, name))
        values["not_sessions"] = array(str(row[0]) for row in unwanted)
    for path in selection.path or ():
        tags.append(f"{{text}} : ({path_match(path)})")
    if tags and selection.path:
        values["path"] = " AND ".join(tags[-len(selection.path) :])
    either, neither = trees(con, selection)
    if either is not None:
        values["either"] = either
    if neither is not None:
        values["neither"] = neither
    for name in ("epochs", "not_epoch"):
        numbers = getattr(selection, name)
        if numbers is not None:
            values[name] = array(map(str, numbers))
    if selection.says is not None:
        values["says"] = "\n".join(map(_bindable, selection.says))
    for kind in (*(selection.kind or ()), *(selection.not_kind or ())):
        if kind not in NAMED_KINDS:
            raise QueryError(f"no kind is called {kind!r}; there are: {', '.join(NAMED_KINDS)}")
    rare = selection.kind is not None and _RARE_KINDS.issuperset(selection.kind)
    if rare:
        tags.append(" OR ".join(f'"{tag("k", kind)}"' for kind in selection.kind or ()))
    by_tag = []
    if selection.role or selection.tool or selection.error:
        by_tag = _tagged(con, selection, tags)
    for name in _LISTED:
        many = getattr(selection, name)
        if many is not None:
            exact = name not in ("role", "tool", "not_role", "not_tool")
            values[name] = array(quoted(item if exact else item.lower()) for item in many)
    names += [name for name in values if name in _CONDITIONS]
    if "one_session" in names and "epoch" in names:
        names[names.index("epoch")] = "epoch_of"
    values["low"], values["high"] = low, high
    told = {"one_session", "sessions", "path", "either", *by_tag}
    if rare:
        told.add("kind")
    known = [tag if tag[0] == "{" else f"{{tags}} : ({tag})" for tag in tags]
    expression = " AND ".join([*known, *([either] if either else [])]) or None
    return Where(names, values, expression, told.issuperset(names))


def _tagged(con: "Connection", selection: Selection, tags: "list[str]") -> "list[str]":
    """Adds the index's own words for roles, tools and errors; says which it knows as well as the rows do."""
    if con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION:
        return []  # an index that is still brought up to date
    sure = []
    for name, key in (("role", "r"), ("tool", "t")):
        many: tuple[str, ...] = getattr(selection, name) or ()
        if many:
            tags.append(" OR ".join(f'"{tag(key, one)}"' for one in many))
            if "".join(many).isascii():  # SQLite knows no other capitals
                sure.append(name)
    if selection.error:
        tags.append('"e1"')
        sure.append("error")
    return sure


def trees(con: "Connection", selection: Selection) -> tuple[str | None, str | None]:
    """FTS5 expressions of what a selection's trees say: what must be found, and what must not.

    Raises: NotFoundError, QueryError, as where() does.
    """
    if not selection.either:
        return None, None
    from memlog.query.expression import both, signed

    return both([signed(node, lambda key, value: _leaf(con, key, value)) for node in selection.either])


def _leaf(con: "Connection", key: str, value: str) -> str:
    """FTS5 expression for what a filter selects."""
    if key == "path":
        return f"({{text}} : ({path_match(value)}))"
    many = _many(value) or ()
    if key == "session":
        said = [f"s{row[0]}" for name in many for row in sessions(con, name)]
    elif key in OF_SQL:
        names = (value,) if key == "project" else many
        said = [f"s{row[0]}" for n in names for row in con.execute(OF_SQL[key], {"value": _bindable(n)})]
    elif key == "is":
        said = ["e1"]
    else:
        said = [tag(key[0], one) for one in many]
    return "({tags} : (" + " OR ".join(f'"{one}"' for one in said or ["s0"]) + "))"


def path_match(path: str) -> str:
    """FTS5 expression for texts that name a file or folder: its parts next to each other.

    A star at an end is what nobody needs to write: `src/` finds `src/main.rs`, too.
    """
    begins = path.endswith("*") and path[-2:-1].isalnum()
    return Term(_bindable(path.strip("*")), prefix=begins, quoted=True).match


def sessions(con: "Connection", name: str, agent: str | None = None) -> list[tuple[int, str, str, int, int]]:
    """(id, session, agent, first_id, last_id) of the session a person means: one, or one per agent.

    Raises: NotFoundError with the nearest names; QueryError when a prefix fits several.
    """
    name = _bindable(name)
    if not name.strip():
        raise QueryError("a session's id is not empty", hint="memlog query sessions shows them")
    rows = con.execute(SESSION_SQL, {"session": name}).fetchall()
    back = _back(name)
    if not rows and back is not None:
        rows = con.execute(LATEST_SQL, {"back": back}).fetchall()
    if not rows and len(name) >= PREFIX_MIN:
        rows = con.execute(PREFIX_SQL, {"session": name}).fetchall()
        found = sorted({row[1] for row in rows})
        if len(found) > 1:
            raise QueryError(
                f"{name!r} begins several sessions: {', '.join(found[:5])}",
                hint="more of the id; memlog query sessions shows them",
            )
    if agent is not None and rows:
        agents = sorted({row[2] for row in rows})
        if agent not in agents:
            raise NotFoundError(
                f"session {rows[0][1]} is of agent {', '.join(agents)}, not of {agent!r}",
                hint="the same without --agent; memlog query sessions shows whose they are",
            )
        rows = [row for row in rows if row[2] == agent]
    if not rows:
        raise NotFoundError(f"no session is called {name!r}{_nearest(con, name)}")
    return rows


def _back(name: str) -> int | None:
    """How many sessions ended after the one meant: 0 for `last` and `@1`; None for a name."""
    if name == LATEST:
        return 0
    number = name[1:]
    if name[:1] != "@" or not (number.isascii() and number.isdigit() and 0 < int(number[:9]) < 10**9):
        return None
    return int(number[:9]) - 1


def in_epoch(con: "Connection", name: str) -> tuple[str, int | None]:
    """The session and the epoch a reference names: `4f2a@1` is epoch 1 of 4f2a, `@2` a session.

    A session that is called so goes before.
    """
    session, at, number = name.rpartition("@")
    if not (session and at and number.isascii() and number.isdigit() and len(number) < 10):
        return name, None
    if con.execute(SESSION_SQL, {"session": _bindable(name)}).fetchone():
        return name, None
    return session, int(number)


def pinned(con: "Connection", selection: Selection, session: str | None = None) -> Selection:
    """The selection with its session, or this one, and the epoch `SESSION@N` names.

    Raises: QueryError where another epoch is asked for, too.
    """
    said = selection.session if session is None else session
    if said is None:
        return selection
    name, epoch = in_epoch(con, said)
    if epoch is None:
        return selection.replace(session=name)
    if selection.epoch not in (None, epoch):
        raise QueryError(
            f"{said} is epoch {epoch}, --epoch asks for {selection.epoch}", hint=f"{name} --epoch {epoch}"
        )
    return selection.replace(session=name, epoch=epoch)


def session_name(con: "Connection", name: str) -> str:
    """The whole id of the session a person means. Raises: as sessions()."""
    return sessions(con, name)[0][1]


def known(con: "Connection", key: str, value: str) -> bool:
    """Whether any session has this project or agent; True for keys that are not looked up."""
    sql = KNOWN_SQL.get(key)
    return sql is None or con.execute(sql, {"value": _bindable(value)}).fetchone() is not None


def unknown(con: "Connection", selection: Selection) -> list[str]:
    """A sentence for each part of a selection that no session or record has, and for times in no order."""
    said = (("agent", selection.agent), ("project", selection.project))
    found = [
        f"no session has the {key} {value!r}"
        for key, value in said
        if value is not None and not known(con, key, value)
    ]
    if selection.epoch is not None and con.execute(EPOCH_SQL, {"epoch": selection.epoch}).fetchone() is None:
        found.append(f"no session has an epoch {selection.epoch}")
    since, until = selection.since_ns, selection.until_ns
    if since is not None and until is not None and since >= until:
        found.append("no time is after --since and before --until: the first is the later one")
    if con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION:
        return found  # the index does not know all of them yet
    for name, key in (("role", "r"), ("tool", "t")):
        for value in getattr(selection, name) or ():
            match = f'{{tags}} : "{tag(key, value)}"'
            if con.execute(TAGGED_SQL, {"match": match}).fetchone() is None:
                found.append(f"no record has the {name} {value!r}")
    return found


def _nearest(con: "Connection", name: str) -> str:
    from difflib import get_close_matches  # only where a name is wrong: it loads re

    names = list(dict.fromkeys(row[0] for row in con.execute(NAMES_SQL)))
    near = [n for n in names if name.lower() in n.lower()][:3] or get_close_matches(name, names, 3, 0.4)
    return f"; nearest: {', '.join(near)}" if near else ""


def _day(ts_ns: int) -> int:
    return max(0, min(DAY_MAX, (ts_ns - DAY_ZERO_S * 1_000_000_000) // DAY_NS))


def _many(value: "Many") -> tuple[str, ...] | None:
    """One word, several, or several in one separated by commas."""
    if value is None:
        return None
    items = (value,) if isinstance(value, str) else tuple(value)
    return tuple(dict.fromkeys(part for item in items for part in item.split(",") if part)) or None


def array(items: "Iterable[str]") -> str:
    """A JSON array of finished values."""
    return "[" + ",".join(items) + "]"


def quoted(text: str) -> str:
    """A JSON text."""
    from _json import encode_basestring

    json_text: str = encode_basestring(_bindable(text))
    return json_text


def _bindable(text: str) -> str:
    """The text without lone surrogates: bytes of a command line that are not UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
