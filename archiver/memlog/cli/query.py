"""`memlog query`: questions to the archive."""

import sys
import time
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from memlog.cli import completion, facts, output, search
from memlog.cli.asking import reading, selection, selects, tell_unknown
from memlog.cli.output import RowFormat
from memlog.cli.root import Context, pass_context, whole_number
from memlog.errors import InputError

if TYPE_CHECKING:
    from memlog.query.timeline import Step


@click.group()
def query() -> None:
    """Ask the archive: search, read a session, see what happened.

    Example: memlog query search deadlock since:2d
    """


class SearchCommand(click.Command):
    """search.OPTIONS as a click command: help and completion; its words are read by search.parse."""

    def __init__(self) -> None:
        options = [_declared(*option) for option in search.OPTIONS]
        super().__init__(
            "search",
            params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED), *options],
            callback=self._run,
            help="""Records that answer WORDS, best first.

            Words, "quoted phrases", begin*, -not, this OR that, (a b) OR c, and key:value for session,
            project, agent, kind, role, tool, path, is, epoch, since and until; -key:value leaves out.
            All of the words first; where nothing has them all, any of them. An option that is none of
            these is a word.

            Example: memlog query search 'why did the deploy fail' --since friday --context 2""",
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # a shell asks what could come next
            return []
        request = search.parse(args)
        if request.help:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        ctx.params = {"request": request}
        return []

    @staticmethod
    @pass_context
    def _run(context: Context, request: search.Request) -> int:
        return search.run(request, context.home_flag)


def _declared(name: str, kind: str, metavar: str, text: str) -> click.Option:
    flags = [*(short for short, long in search.SHORT.items() if long == f"--{name}"), f"--{name}"]
    if kind in (search.FLAG, search.ROWS):
        return click.Option(flags, is_flag=True, help=text)
    type_ = click.Path() if name == "output" else None
    return click.Option(
        flags, metavar=metavar, multiple=kind == search.MANY, help=text, type=type_,
        shell_complete=completion.of(name),
    )  # fmt: skip


query.add_command(SearchCommand())
for _command in (facts.lost, facts.facts, facts.diff):
    query.add_command(_command)


@query.command()
@selects("project", "agent", "since", "until")
@click.option("--limit", type=whole_number(0), default=50, show_default=True, help="Rows at most.")
@output.row_options
@pass_context
def sessions(context: Context, /, limit: int, rows: RowFormat | None, fmt: str | None, **flags: Any) -> None:
    """Sessions, the latest first.

    Example: memlog query sessions --project tidewatch --since "last monday"
    """
    from memlog.query.sessions import sessions

    now_ns = time.time_ns()
    chosen = selection(now_ns, **flags)
    with reading(context) as con:
        tell_unknown(con, chosen)
        found = sessions(
            con, agent=chosen.agent, project=chosen.project, since_ns=chosen.since_ns,
            until_ns=chosen.until_ns, limit=limit,
        )  # fmt: skip
    if output.is_page(rows, fmt) and found:
        from memlog.cli.listing import sessions as page

        output.write(page(found, now_ns, headers=output.headers()))
        return
    output.emit(
        found, rows, fmt, ["session", "ended", "records", "compactions", "gaps", "agent", "project", "title"]
    )


@query.command()
@click.argument("session", shell_complete=completion.of("session"))
@selects("agent", "epoch", "kind", "role", "tool", "since", "until")
@click.option("--limit", type=whole_number(1), metavar="N", help="Only the last N records of it.")
@click.option("--meta", is_flag=True, help="With the host's bookkeeping lines.")
@click.option("--full", is_flag=True, help="Whole tool results, not their first lines.")
@output.row_options
@pass_context
def session(
    context: Context,
    /,
    session: str,
    limit: int | None,
    meta: bool,
    full: bool,
    rows: RowFormat | None,
    fmt: str | None,
    **flags: Any,
) -> None:
    """Read a session: its id, the first characters of it, or `last`.

    Text by default, with losses marked where they are; the row flags give its records instead, with
    the columns of v_record.

    Example: memlog query session last --epoch 0
    """
    from memlog.query.names import pinned
    from memlog.query.session import transcript, why_nothing

    chosen = selection(time.time_ns(), **flags)
    with reading(context) as con:
        chosen = pinned(con, chosen, session)
        session = chosen.session or session
        if not output.is_text(rows, fmt):
            from memlog.query import record
            from memlog.query.where import where

            found = iter(record.selected(con, where(con, chosen), last=limit))
            first = next(found, None)
            columns = ["id", "ts", "epoch", "kind", "role", "tool", "text"]
            output.emit(map(_view, chain([first] if first else [], found)), rows, fmt, columns)
            if first is None:
                output.terminal.say(why_nothing(con, session, chosen))
            return
        from memlog.cli.transcript import render

        read = transcript(con, session, chosen, meta=meta, last=limit)
        if not read.chapters:
            output.terminal.say(why_nothing(con, session, chosen))
    output.write(render(read, full=full))


@query.command()
@click.argument("record")
@click.option("--raw", is_flag=True, help="Its blobs, byte for byte; not to a terminal.")
@output.row_options
@pass_context
def record(context: Context, /, record: str, raw: bool, rows: RowFormat | None, fmt: str | None) -> None:
    """One record whole, by its id or its source_id.

    Example: memlog query record 38252052535
    """
    from memlog.query import record as records

    with reading(context) as con:
        if raw:
            if output.terminal.is_terminal() and not output.to_file():
                raise InputError(
                    "raw bytes are not for a terminal", hint=f"memlog query record {record} --raw -o FILE"
                )
            output.write_bytes(b"".join(records.blobs(con, record)))
            return
        found = records.find(con, record)
    if output.is_page(rows, fmt):
        from memlog.cli.transcript import card

        output.write("\n".join(map(card, found)))
    else:
        output.emit(map(_view, found), rows, fmt)


def _view(whole: Any) -> dict[str, Any]:
    """A record with the names of v_record."""
    row = output.as_row(whole)
    del row["at"]
    return row


@query.command()
@click.argument("session", required=False, shell_complete=completion.of("session"))
@selects("project", "agent")
@click.option(
    "--limit", type=whole_number(0), default=50, show_default=True, help="Rows at most, without SESSION."
)
@output.row_options
@pass_context
def epochs(
    context: Context, /, session: str | None, limit: int, rows: RowFormat | None, fmt: str | None,
    **flags: Any,
) -> None:  # fmt: skip
    """What lies between the compactions of a session.

    Without SESSION, the latest of all sessions.

    Example: memlog query epochs last
    """
    from memlog.query.epochs import epochs

    chosen = selection(time.time_ns(), **flags)
    with reading(context) as con:
        tell_unknown(con, chosen)
        found = epochs(con, session, agent=chosen.agent, project=chosen.project, limit=limit)
    columns = {"session": "", "epoch": "", "opened": "", "closed": "", "trigger": ""}
    columns |= {"tokens_before": "tokens", "tokens_after": "after", "records": ""}
    if output.is_page(rows, fmt):
        # what stands in every row, or hardly fits, is left to those who ask for it
        del columns["session" if session is not None else "closed"]
    output.emit(found, rows, fmt, columns)


@query.command()
@click.argument("session", required=False, shell_complete=completion.of("session"))
@selects("project", "agent")
@click.option("--open", "unhealed", is_flag=True, help="Only what was not made good.")
@output.row_options
@pass_context
def gaps(
    context: Context, /, session: str | None, unhealed: bool, rows: RowFormat | None, fmt: str | None,
    **flags: Any,
) -> None:  # fmt: skip
    """Records a ring lost before they were read.

    With SESSION, --project or --agent, bytes that are missing in the capture of those sessions.

    Example: memlog query gaps --open
    """
    from memlog.query.gaps import gaps, holes

    chosen = selection(time.time_ns(), **flags)
    with reading(context) as con:
        tell_unknown(con, chosen)
        found: list[Any] = (
            gaps(con, healed=not unhealed)
            if session is None and chosen.agent is None and chosen.project is None
            else holes(con, session, agent=chosen.agent, project=chosen.project, healed=not unhealed)
        )
    output.emit(found, rows, fmt)


@query.command()
@click.argument("session", required=False, shell_complete=completion.of("session"))
@selects("project", "agent", "since", "until")
@click.option("--around", metavar="ID|TIME", help="What happened before and after a record or a time.")
@click.option("--before", type=whole_number(0), metavar="N", help="Records before --around; --brief: lines.")
@click.option("--after", type=whole_number(0), metavar="N", help="Records from --around on; --brief: lines.")
@click.option(
    "--limit", type=whole_number(1), default=100, show_default=True, help="Records at most; --brief: lines."
)
@click.option("--brief", is_flag=True, help="Only what matters: calls alike in one line, no replies between.")
@click.option("--thoughts", is_flag=True, help="With what the agent thought.")
@output.row_options
@pass_context
def timeline(
    context: Context, /, around: str | None, before: int | None, after: int | None, limit: int, brief: bool,
    thoughts: bool, rows: RowFormat | None, fmt: str | None, **flags: Any,
) -> None:  # fmt: skip
    """Who did what when, a line each.

    Prompts, tool calls and their outcome, compactions, losses: the latest of a session or of all of them,
    oldest first.

    Example: memlog query timeline last --since 1h
    """
    from memlog.query.names import pinned
    from memlog.query.runs import stretch
    from memlog.query.timeline import moment, timeline

    if around is None and (before is not None or after is not None):
        raise InputError(
            "--before and --after count from a place", hint="memlog query timeline SESSION --around ID"
        )
    if brief and thoughts:
        raise InputError("--brief leaves thoughts out", hint="one of --brief and --thoughts")
    now_ns = time.time_ns()
    chosen = selection(now_ns, **flags)
    near: dict[str, Any] = {"around": around, "limit": limit, "before": before, "after": after}
    with reading(context) as con:
        chosen = pinned(con, chosen)
        tell_unknown(con, chosen)
        if brief:
            found = stretch(con, chosen, now_ns=now_ns, **near)
        else:
            found = timeline(con, chosen, now_ns=now_ns, thoughts=thoughts, **near)
        if around is not None:
            at, of, its = moment(con, chosen.replace(session=None), around, now_ns)
            if of is None and before != 0 != after:
                _tell_nearest(found, at)
            elif of is not None and chosen.session not in (None, its.session):
                output.terminal.say(
                    f"record {of} is of session {its.session}: this is what another one did then"
                )
    if output.is_page(rows, fmt) and found:
        from memlog.cli.listing import steps

        output.write(steps(found, headers=output.headers()))
        return
    columns = ["ts", "session", "epoch", "who", "what", "tool", "outcome", "text", "id"]
    output.emit(found, rows, fmt, columns)


def _tell_nearest(found: "list[Step]", at: int) -> None:
    """Say where a time was asked for before or after all there is."""
    from memlog.query.dates import iso

    if found and not found[0].ts_ns <= at <= found[-1].ts_ns:
        way, near = ("since", found[-1]) if at > found[-1].ts_ns else ("up to", found[0])
        output.terminal.say(f"nothing is known {way} {iso(at)}; the nearest there is is of {near.ts}")


@query.command()
@click.argument("sql")
@click.option(
    "-p", "--param", type=(str, str), multiple=True, metavar="NAME VALUE", help="A value for :NAME."
)
@output.row_options
@pass_context
def sql(
    context: Context, /, sql: str, param: tuple[tuple[str, str], ...], rows: RowFormat | None, fmt: str | None
) -> None:
    """One SELECT over the views.

    They are v_record, v_session, v_epoch, v_gap, v_event and v_damage. It only reads, and is bounded in
    time (sql_time_ms), rows (sql_rows) and memory. `-` reads it from stdin.

    Example: memlog query sql 'select tool, count(*) from v_record where kind = :k group by 1' -p k tool_use
    """
    from memlog.query.sql import limit_heap, run

    statement = sys.stdin.read() if sql == "-" else sql
    limit_heap()
    settings = context.settings
    with reading(context) as con:
        answer = run(con, statement, dict(param), time_ms=settings.sql_time_ms, rows=settings.sql_rows)
    output.emit((dict(zip(answer.columns, row, strict=True)) for row in answer.rows), rows, fmt, short=False)
    if answer.cut:
        output.terminal.say(answer.cut)
