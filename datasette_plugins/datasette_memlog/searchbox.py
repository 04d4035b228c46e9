"""`key:value` among the words of the search box over v_record, which Datasette's own page has."""

import time
from typing import Any

from datasette.filters import FilterArguments

from datasette_memlog import archives
from datasette_memlog.asking import read
from memlog.query import words
from memlog.query.filters import filtered
from memlog.query.selection import Selection, array, bindable, quoted

# Conditions on v_record; every one is a constant, values are parameters of the same name.
_CONDITIONS = {
    "session": "session = :memlog_session",
    "project": """(project = :memlog_project
      OR substr(project, -length(:memlog_project) - 1) = '/' || :memlog_project)""",
    "agent": "agent = :memlog_agent",
    "epoch": "epoch = :memlog_epoch",
    "kind": "kind IN (SELECT value FROM json_each(:memlog_kind))",
    "role": "lower(role) IN (SELECT value FROM json_each(:memlog_role))",
    "tool": "lower(tool) IN (SELECT value FROM json_each(:memlog_tool))",
    "epochs": "epoch IN (SELECT value FROM json_each(:memlog_epochs))",
    "not_epoch": "epoch NOT IN (SELECT value FROM json_each(:memlog_not_epoch))",
    "since_ns": "ts_ns >= :memlog_since_ns",
    "until_ns": "ts_ns < :memlog_until_ns",
    "error": "error = :memlog_error",
    "not_session": "session NOT IN (SELECT value FROM json_each(:memlog_not_session))",
    "not_project": """coalesce(project, '') NOT IN (SELECT s.project FROM v_session s
      JOIN json_each(:memlog_not_project) n
      ON s.project = n.value OR substr(s.project, -length(n.value) - 1) = '/' || n.value)""",
    "not_agent": "agent NOT IN (SELECT value FROM json_each(:memlog_not_agent))",
    "not_kind": "kind NOT IN (SELECT value FROM json_each(:memlog_not_kind))",
    "not_role": "coalesce(lower(role), '') NOT IN (SELECT value FROM json_each(:memlog_not_role))",
    "not_tool": "coalesce(lower(tool), '') NOT IN (SELECT value FROM json_each(:memlog_not_tool))",
    "path": """EXISTS (SELECT 1 FROM record r WHERE r.id = v_record.id
      AND memlog_names(r.body, r.packing, r.text_bytes, :memlog_path)
        = length(:memlog_path) - length(replace(:memlog_path, char(10), '')) + 1)""",
    "not_path": """NOT EXISTS (SELECT 1 FROM record r WHERE r.id = v_record.id
      AND memlog_names(r.body, r.packing, r.text_bytes, :memlog_not_path) > 0)""",
}


async def narrowed(datasette: Any, request: Any, database: str, table: str) -> FilterArguments | None:
    """The `key:value` filters among the words of v_record's search box, as conditions on its columns."""
    text = request.args.get("_search")
    if not text or table != "v_record" or database not in archives.names(datasette):
        return None
    if request.args.get("_searchmode") == "raw":
        return None

    def chosen(con: Any) -> tuple[words.Question, Selection]:
        question = words.parse(text)
        return question, filtered(con, question, Selection(), time.time_ns())

    question, selection = await read(datasette, datasette.databases[database], chosen)
    clauses, values = [], {}
    for name, clause in _CONDITIONS.items():
        value = getattr(selection, name)
        if value is not None:
            clauses.append(clause)
            values[f"memlog_{name}"] = _bound(name, value)
    notes = question.remarks()
    return FilterArguments(clauses, values, notes, {}) if clauses or notes else None


def _bound(name: str, value: Any) -> int | str:
    if not isinstance(value, tuple):
        return int(value) if isinstance(value, bool) else value
    if name in ("epochs", "not_epoch"):
        return array(map(str, value))
    if name in ("path", "not_path"):
        return "\n".join(map(bindable, value))
    small = name.endswith(("role", "tool"))
    return array(quoted(item.lower() if small else item) for item in value)
