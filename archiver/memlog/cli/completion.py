"""`memlog completion SHELL`, and what a shell is offered: names the archive holds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from memlog.contracts import KINDS
from memlog.errors import MemlogError
from memlog.paths import Home

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

VARIABLE = "_MEMLOG_COMPLETE"  # click's name for it: set by the script, read when memlog starts
SHELLS = ("bash", "zsh", "fish")
_MOST = 40  # names a shell is offered
ROLES = ("user", "assistant", "tool", "system")
TIMES = ("today", "yesterday", "monday", "1h", "1d", "7d")

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

# index: none, a session is one row in hundreds of records
SESSIONS_SQL = """
SELECT session, coalesce(title, '') FROM v_session WHERE substr(session, 1, length(:begin)) = :begin
ORDER BY ended_ns DESC, session LIMIT :most
"""
PROJECTS_SQL = """
SELECT project, 'in ' || count(*) FROM v_session WHERE project IS NOT NULL
GROUP BY project ORDER BY max(ended_ns) DESC
"""
AGENTS_SQL = "SELECT agent, 'in ' || count(*) FROM v_session GROUP BY agent ORDER BY agent"
# the newest records, by id: what tools an agent has hardly changes
TOOLS_SQL = """
SELECT tool, '' FROM (SELECT tool FROM record ORDER BY id DESC LIMIT 5000)
WHERE tool IS NOT NULL GROUP BY tool ORDER BY count(*) DESC
"""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """The script that completes memlog in your shell.

    Commands, options, and the sessions, projects, agents and tools the archive holds.

    \b
    bash  eval "$(memlog completion bash)"              in ~/.bashrc
    zsh   eval "$(memlog completion zsh)"               in ~/.zshrc, after compinit
    fish  memlog completion fish > ~/.config/fish/completions/memlog.fish

    Example: memlog completion bash
    """
    made = get_completion_class(shell)
    assert made is not None
    root = ctx.find_root().command
    click.echo(made.source_template % made(root, {}, "memlog", VARIABLE).source_vars())


def of(name: str) -> Offer | None:
    """What completes the option of this name; None where a shell knows better."""
    fixed = {"kind": KINDS, "role": ROLES, "since": TIMES, "until": TIMES}
    if name in fixed:
        return lambda ctx, param, begin: _items(((word, "") for word in fixed[name]), begin)
    found = {"session": _sessions, "project": _projects, "agent": _agents, "tool": _tools}.get(name)
    return None if found is None else _asked(found)


def _asked(ask: Callable[["Connection", str], list[CompletionItem]]) -> Offer:
    """An offer of the archive's; nothing where it cannot be read, for a shell shows no errors."""

    def offer(ctx: click.Context, param: click.Parameter, begin: str) -> list[CompletionItem]:
        from memlog.archive.connection import Error, open_reader

        try:
            con = open_reader(Home(ctx.find_root().params.get("home")).archive)
        except (MemlogError, Error, OSError):
            return []
        try:
            return ask(con, begin)
        except Error:
            return []
        finally:
            con.close()

    return offer


def _sessions(con: "Connection", begin: str) -> list[CompletionItem]:
    rows = con.execute(SESSIONS_SQL, {"begin": begin, "most": _MOST}).fetchall()
    latest = [("last", "the latest session")] if not begin or "last".startswith(begin) else []
    return _items([*latest, *rows], begin)


def _projects(con: "Connection", begin: str) -> list[CompletionItem]:
    rows = con.execute(PROJECTS_SQL).fetchall()
    if not begin.startswith("/"):
        rows = [(path.rstrip("/").rpartition("/")[2], told) for path, told in rows]
    newest: dict[str, str] = {}
    for name, told in rows:
        newest.setdefault(name, told)
    return _items(newest.items(), begin)


def _agents(con: "Connection", begin: str) -> list[CompletionItem]:
    return _items(con.execute(AGENTS_SQL), begin)


def _tools(con: "Connection", begin: str) -> list[CompletionItem]:
    return _items(con.execute(TOOLS_SQL), begin)


def _items(rows: Any, begin: str) -> list[CompletionItem]:
    """One a line in the answer, so a name with odd characters is left out."""
    found = [
        CompletionItem(name, help="".join(c if c.isprintable() else " " for c in told[:60]) or None)
        for name, told in rows
        if name.startswith(begin) and name.isprintable()
    ]
    return found[:_MOST]
