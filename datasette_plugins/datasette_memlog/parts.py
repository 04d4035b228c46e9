"""What is given of an answer too long for one file: the rows of a page, and the command that gives all."""

import shlex
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from datasette_memlog import tally

# Filters of Datasette's that a flag of `memlog export` says.
_FLAGS = ("session", "project", "agent", "kind", "role", "tool", "epoch")


def part(url: str, rows: int) -> str:
    """The address with these rows alone asked for: a file that says so is no half of one."""
    at = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(at.query, keep_blank_values=True) if name != "_size"]
    return urlunsplit(at._replace(query=urlencode([*kept, ("_size", rows)])))


def more() -> bool:
    """SQL of this request had more rows than the page has; 1.0 does not tell its template."""
    ended = tally.current.get()
    return ended is not None and ended.more


def command(request: Any, table: str | None) -> str:
    """What gives all of it: `memlog export` where its flags say the question, else `memlog query sql`."""
    asked = {} if request is None else {name: request.args[name] for name in request.args}
    narrowed = {name: value for name, value in asked.items() if value and not _is_shown(name)}
    flags = {**{f"{name}__exact": name for name in _FLAGS}, "_search": "search"}
    if table == "v_record" and set(narrowed) <= set(flags):
        said = [f"--{flags[name]}={shlex.quote(value)}" for name, value in narrowed.items()]
        return " ".join(["memlog export csv", *said, "-o records.csv"])
    if table is None:
        return "memlog query sql 'SELECT …' --csv"
    question = " ".join(["SELECT * FROM", table, *(["WHERE …"] if narrowed else [])])
    return f"memlog query sql '{question}' --csv"


def _is_shown(name: str) -> bool:
    """It says how rows are shown, not which: an order, columns, facets."""
    return name.startswith("_") and name not in ("_search", "_where", "_through")
