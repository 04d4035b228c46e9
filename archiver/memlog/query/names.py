"""Sessions, epochs, projects and agents as a person names them, and what of it the archive has.

A search loads it where one is named, or where nothing was found: no re, no dataclasses.
"""

from memlog.archive.prepare import TEXT_VERSION, tag
from memlog.errors import NotFoundError, QueryError
from memlog.query.selection import Selection, bindable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

PREFIX_MIN = 4  # characters of a session id that stand for the whole
LATEST = "last"  # the session with the newest record; @1 is the same, @2 the one before

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
SESSIONS_SQL = "SELECT count(*) FROM session WHERE last_id IS NOT NULL"
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


def sessions(con: "Connection", name: str, agent: str | None = None) -> list[tuple[int, str, str, int, int]]:
    """(id, session, agent, first_id, last_id) of the session a person means: one, or one per agent.

    Raises: NotFoundError with the nearest names; QueryError when a prefix fits several.
    """
    name = bindable(name)
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
        raise NotFoundError(f"no session is called {name!r}{_why(con, name)}")
    return rows


def _why(con: "Connection", name: str) -> str:
    """What may have been meant: how many sessions there are, how much of an id is needed, or the nearest."""
    if _back(name) is not None:
        return f"; there are {con.execute(SESSIONS_SQL).fetchone()[0]:,}"
    near = _nearest(con, name)
    if len(name) < PREFIX_MIN and near:
        return f": it takes the first {PREFIX_MIN} characters of an id, or more{near}"
    return near


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
    if con.execute(SESSION_SQL, {"session": bindable(name)}).fetchone():
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
    return sql is None or con.execute(sql, {"value": bindable(value)}).fetchone() is not None


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
    found += [
        f"braces are letters of a path: for {path!r} name each, as in path:a.go OR path:b.go"
        for path in selection.path or ()
        if "{" in path and "," in path.partition("{")[2].partition("}")[0]
    ]
    if con.execute(VERSION_SQL).fetchone()[0] < TEXT_VERSION:
        return found  # the index does not know all of them yet
    for name, key in (("role", "r"), ("tool", "t")):
        for value in getattr(selection, name) or ():
            match = f'{{tags}} : "{tag(key, value)}"'
            if con.execute(TAGGED_SQL, {"match": match}).fetchone() is None:
                found.append(
                    f"no record has the {name} {value!r}; query search --facet {name} shows which there are"
                )
    return found


def _nearest(con: "Connection", name: str) -> str:
    from difflib import get_close_matches  # only where a name is wrong: it loads re

    names = list(dict.fromkeys(row[0] for row in con.execute(NAMES_SQL)))
    has = [n for n in names if name.lower() in n.lower()]
    has.sort(key=lambda n: not n.lower().startswith(name.lower()))
    near = has[:3] or get_close_matches(name, names, 3, 0.4)
    return f"; nearest: {', '.join(near)}" if near else ""
