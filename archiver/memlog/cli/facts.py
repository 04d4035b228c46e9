"""`memlog query lost|facts|diff`: what records say, and what compactions took of it."""

import time
from itertools import islice
from typing import Any

import click
from click.core import ParameterSource

from memlog.cli import completion, output
from memlog.cli.asking import reading, selection, selects, tell_unknown
from memlog.cli.output import RowFormat
from memlog.cli.root import Context, pass_context, whole_number
from memlog.errors import InputError
from memlog.query.facts.fact import KINDS


class _Kinds(click.Choice[str]):
    """Kinds of facts, several separated by commas."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return ",".join(super(_Kinds, self).convert(one, param, ctx) for one in value.split(",") if one)


def _each(ctx: click.Context, param: click.Parameter, said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for one in said for kind in one.split(",") if kind))


_FACT = click.option(
    "--fact", "kinds", multiple=True, type=_Kinds(KINDS), metavar="KIND", callback=_each,
    help=f"Only facts of this kind, or of several separated by commas: {', '.join(KINDS)}.",
)  # fmt: skip


@click.command()
@click.argument("session", required=False, shell_complete=completion.of("session"))
@selects("epoch", "agent", "project", "since", "until")
@_FACT
@click.option(
    "--limit", type=whole_number(0), default=20, show_default=True, help="Facts of a compaction at most."
)
@click.option("--missing", is_flag=True, help="Only what was lost, or may be.")
@click.option("--back", is_flag=True, help="Only what the agent used again afterwards.")
@click.option("--ratios", is_flag=True, help="A row per compaction and kind: how much of it was kept.")
@output.row_options
@pass_context
def lost(
    context: Context, /, session: str | None, limit: int, kinds: tuple[str, ...], missing: bool, back: bool,
    ratios: bool, rows: RowFormat | None, fmt: str | None, **flags: Any,
) -> None:  # fmt: skip
    """What a compaction took of what the agent knew.

    Each fact of the epoch before it, as the summary kept it (verbatim, by name, paraphrased) or not at all,
    what the agent is likeliest to miss first. Without SESSION, the trend: a row per compaction, of --fact
    KIND alone where one is named.

    Example: memlog query lost last --epoch 0 --missing
    """
    from memlog.cli import losses
    from memlog.query import lost, trend
    from memlog.query.names import pinned

    chosen = selection(time.time_ns(), **flags)
    if session is None and chosen.epoch is not None:
        raise InputError("an epoch is of a session", hint=f"memlog query lost SESSION --epoch {chosen.epoch}")
    if session is None or ratios:
        _refuse_choice("--ratios" if ratios else "a trend")
    with reading(context) as con:
        # What a session has not is an error, which says what it has.
        tell_unknown(con, chosen if session is None else chosen.replace(epoch=None, agent=None))
        if session is None:
            if ratios:
                output.emit(trend.ratios(con, chosen, kinds), rows, fmt)
            else:
                losses.show_trend(trend.trend(con, chosen, kinds), rows, fmt)
            return
        chosen = pinned(con, chosen, session)
        session = chosen.session or session
        each = lost.losses(con, session, epoch=chosen.epoch, agent=chosen.agent)
        if ratios:
            told = (trend.of_kinds(one, kinds) for one in each)
            output.emit((row for one in told for row in trend.by_kind(one)), rows, fmt)
            return
        shown, cut = losses.shortened(each, limit, kinds=kinds, missing=missing, back=back)
    if not shown:
        output.terminal.say(f"session {session} has had no compaction")
    losses.show(shown, cut, rows, fmt)


def _refuse_choice(counts: str) -> None:
    """Raises: InputError where facts are chosen and none is shown: of counts nothing is left out."""
    context = click.get_current_context()
    for name in ("missing", "back", "limit"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise InputError(
                f"--{name} chooses among facts; {counts} counts them",
                hint=f"memlog query lost SESSION --{name}",
            )


@click.command()
@click.argument("session", shell_complete=completion.of("session"))
@selects("epoch", "agent")
@_FACT
@click.option("--once", is_flag=True, help="Each fact once, the latest first; how often, what came of it.")
@click.option("--failed", is_flag=True, help="Only commands and tests that never went well; each once.")
@click.option("--limit", type=whole_number(1), metavar="N", help="Facts at most.")
@output.row_options
@pass_context
def facts(
    context: Context, /, session: str, kinds: tuple[str, ...], once: bool, failed: bool, limit: int | None,
    rows: RowFormat | None, fmt: str | None, **flags: Any,
) -> None:  # fmt: skip
    """What the records of a session say, cited.

    Files, commands and how they ended, errors, test results, instructions, corrections, decisions, plans,
    commits, links: each with its record and the bytes it stands at.

    Example: memlog query facts last --fact decision
    """
    from memlog.query.facts import listing, tally
    from memlog.query.facts.extract import said_unread
    from memlog.query.names import pinned

    chosen = selection(time.time_ns(), **flags)
    with reading(context) as con:
        chosen = pinned(con, chosen, session)
        session = chosen.session or session
        unread: list[int] = []
        found = listing.facts(
            con, session, epoch=chosen.epoch, agent=chosen.agent, kinds=kinds, unread=unread.append
        )
        if once or failed:
            each = tally.told(found)
            told = tally.failed(each) if failed else each
            output.emit(
                islice(told, limit), rows, fmt, ["ts", "epoch", "kind", "times", "details", "record", "value"]
            )
        else:
            columns = ["ts", "epoch", "kind", "by", "detail", "record", "value"]
            output.emit(islice(found, limit), rows, fmt, columns)
    if unread:
        output.terminal.say(said_unread(sum(unread)))


@click.command()
@click.argument("a", shell_complete=completion.of("session"))
@click.argument("b", shell_complete=completion.of("session"))
@_FACT
@click.option("--same", is_flag=True, help="Also what both have.")
@output.row_options
@pass_context
def diff(
    context: Context, /, a: str, b: str, kinds: tuple[str, ...], same: bool, rows: RowFormat | None,
    fmt: str | None,
) -> None:  # fmt: skip
    """Two sessions compared by their facts, or two epochs as SESSION@N.

    Each fact that only one of them has: files, commands, errors, decisions, what was asked for.

    Example: memlog query diff last@0 last@1 --fact file
    """
    from memlog.query.diff import diff

    with reading(context) as con:
        found = diff(con, a, b, kinds=kinds, same=same)
    if output.is_page(rows, fmt):
        from memlog.cli.differences import page

        output.write(page(found, a, b))
        return
    columns = ["side", "kind", "uses_a", "uses_b", "detail_a", "detail_b", "value"]
    output.emit(found, rows, fmt, columns)
