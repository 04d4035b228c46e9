"""Trees of filters and words, `deploy OR -is:error`, as what the index and the rows are asked for.

A search loads it only where words and filters are joined so.
"""

from memlog.archive.prepare import tag
from memlog.query.expression import ALL, FILTER, NOT, WORDS, Node, both, signed
from memlog.query.names import in_epoch, sessions
from memlog.query.paths import path_match
from memlog.query.selection import array, bindable, many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.selection import Selection

OF_SQL = {
    "project": """
SELECT id FROM session WHERE project = :value OR substr(project, -length(:value) - 1) = '/' || :value
""",
    "agent": "SELECT id FROM session WHERE agent = :value",
}
# Where a path, or an epoch of a session, is among them, the index knows too much: the rows are asked, too.
LEAF = ("r.id IN (SELECT rowid FROM record_fts WHERE record_fts MATCH :leaf_", ")")
OF_EPOCH = (
    """ AND EXISTS (SELECT 1 FROM epoch e JOIN json_each(:epochs_""",
    """) j WHERE e.id = r.epoch_id AND e.session_id = json_extract(j.value, '$[0]')
      AND e.number = coalesce(json_extract(j.value, '$[1]'), e.number))""",
)
NAMED = (" AND memlog_names(r.body, r.packing, r.text_bytes, :named_", ") > 0")


def trees(con: "Connection", selection: "Selection") -> tuple[str | None, str | None]:
    """FTS5 expressions of what a selection's trees say: what must be found, and what must not.

    A tree that takes a path, or an epoch of a session, with a minus is left out: exactly() says it.
    Raises: NotFoundError, QueryError, as where() does.
    """
    told = [node for node in selection.either or () if not _needs_rows(con, node, negative=True)]
    if not told:
        return None, None
    return both([signed(node, lambda key, value: _leaf(con, key, value)) for node in told])


def exactly(con: "Connection", selection: "Selection") -> "tuple[list[str], dict[str, int | str]]":
    """SQL conditions on `record r` for trees that name a path or an epoch of a session, and their values."""
    values: dict[str, int | str] = {}
    found = [_sql(con, node, values) for node in selection.either or () if _needs_rows(con, node)]
    return found, values


def _needs_rows(con: "Connection", node: Node, negative: bool = False) -> bool:
    """Whether it holds what the index knows in part; negative: behind a minus."""
    if node.op == FILTER:
        return not negative and (node.parts[0] == "path" or _has_epoch(con, *node.parts))
    if node.op == WORDS:
        return False
    return any(_needs_rows(con, part, negative and node.op != NOT) for part in node.parts)


def _has_epoch(con: "Connection", key: str, value: str) -> bool:
    if key != "session" or "@" not in value[1:]:
        return False
    return any(in_epoch(con, name)[1] is not None for name in value.split(","))


def _epochs(con: "Connection", value: str) -> str:
    """Sessions and the epochs that are meant of them, or null, as JSON."""
    pairs = []
    for each in value.split(","):
        name, epoch = in_epoch(con, each)
        number = "null" if epoch is None else str(epoch)
        pairs += [f"[{row[0]},{number}]" for row in sessions(con, name)]
    return array(pairs)


def _sql(con: "Connection", node: Node, values: "dict[str, int | str]") -> str:
    if node.op in (WORDS, FILTER):
        number = str(len(values))
        match = f"{{text}} : ({node.parts[0]})" if node.op == WORDS else _leaf(con, *node.parts)
        values[f"leaf_{number}"] = match
        if node.op == FILTER and node.parts[0] == "path":
            values[f"named_{number}"] = bindable(node.parts[1])
            return "(" + number.join(LEAF) + number.join(NAMED) + ")"
        if node.op == FILTER and _has_epoch(con, *node.parts):
            values[f"epochs_{number}"] = _epochs(con, node.parts[1])
            return "(" + number.join(LEAF) + number.join(OF_EPOCH) + ")"
        return number.join(LEAF)
    parts = [_sql(con, part, values) for part in node.parts]
    if node.op == NOT:
        return "NOT " + parts[0]
    return "(" + (" AND " if node.op == ALL else " OR ").join(parts or ["0"]) + ")"


def _leaf(con: "Connection", key: str, value: str) -> str:
    """FTS5 expression for what a filter selects."""
    if key == "path":
        return f"({{text}} : ({path_match(bindable(value))}))"
    listed = many(value) or ()
    if key == "session":
        names = tuple(in_epoch(con, name)[0] for name in listed)
        said = [f"s{row[0]}" for name in names for row in sessions(con, name)]
    elif key in OF_SQL:
        names = (value,) if key == "project" else listed
        said = [f"s{row[0]}" for n in names for row in con.execute(OF_SQL[key], {"value": bindable(n)})]
    elif key == "is":
        said = ["e1"]
    else:
        said = [tag(key[0], one) for one in listed]
    return "({tags} : (" + " OR ".join(f'"{one}"' for one in said or ["s0"]) + "))"
