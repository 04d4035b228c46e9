"""`memlog man`, and the manual page itself: the help of every command, in roff."""

import inspect
import shutil
import subprocess
from collections.abc import Iterator

import click

from memlog import __version__
from memlog.cli import root, terminal

_SECTIONS = """\
.SH ENVIRONMENT
.TP
.B MEMLOG_HOME
Where memlog keeps everything; ~/.claude/memlog without it.
.TP
.B MEMLOG_PAGER\\fR, \\fBPAGER\\fR, \\fBNO_PAGER
What shows a page longer than the screen (less without them); NO_PAGER=1: nothing.
.TP
.B NO_COLOR\\fR, \\fBFORCE_COLOR
NO_COLOR=1: no colour; FORCE_COLOR=1: colour into a pipe too. The first one wins.
.TP
.B MEMLOG_DEBUG
With 1 an internal error shows where it happened.
.PP
Every setting is also a variable MEMLOG_NAME: memlog doctor \\-\\-settings shows them.
.SH EXIT STATUS
.TP
.B 0
Done; no rows is 0.
.TP
.B 1
Done, and the answer is bad news (status, doctor, verify).
.TP
.B 2
What was asked for cannot be understood.
.TP
.B 3
There is no such session, record or file.
.TP
.B 4
Bytes break the schema.
.TP
.B 5
It could not be done now.
.TP
.B 6
The archive cannot be used.
.TP
.B 7
Refused for safety.
.TP
.B 130
Stopped with Ctrl\\-C.
"""


@click.command()
@click.argument("command", nargs=-1, metavar="[COMMAND]...")
@click.option("--roff", is_flag=True, help="The page as man reads it, e.g. for a file memlog.1.")
def man(command: tuple[str, ...], roff: bool) -> None:
    """The manual, of memlog or of one command.

    Example: memlog man query search
    """
    chosen = _find(command)
    if roff:
        terminal.write(page(chosen))
    elif terminal.is_terminal() and shutil.which("man"):
        subprocess.run(["man", "-l", "-"], input=page(chosen).encode(), check=False)
    else:
        terminal.write("\n".join(c.get_help() + "\n" for c in _contexts(chosen)))


def _find(words: tuple[str, ...]) -> click.Context:
    context = click.Context(root.memlog, info_name="memlog")
    for at, word in enumerate(words):
        command = context.command
        inner = command.get_command(context, word) if isinstance(command, click.Group) else None
        if inner is None:
            raise click.UsageError(f"no command is called {' '.join(('memlog', *words[: at + 1]))!r}")
        context = click.Context(inner, info_name=word, parent=context)
    return context


def page(context: click.Context | None = None) -> str:
    """The manual page of a command and of all below it; of memlog without one."""
    context = context or _find(())
    name = context.command_path.replace(" ", "-")
    summary = context.command.get_short_help_str(200).rstrip(".")
    lines = [
        f'.TH {name.upper()} 1 "" "memlog {__version__}" "memlog"',
        ".ad l", ".nh",  # ragged right, words whole: most of it is commands
        ".SH NAME", f"{name} \\- {_plain(summary)}",
        ".SH SYNOPSIS", *_usage(context), ".SH DESCRIPTION", *_help(context.command),
        *_options(context),
    ]  # fmt: skip
    below = list(_contexts(context))[1:]
    lines += [".SH COMMANDS"] if below else []
    for inner in below:
        lines += [f".SS {_plain(inner.command_path)}", *_usage(inner), ".PP", *_help(inner.command)]
        lines += _options(inner)
    return "\n".join(lines) + "\n" + _SECTIONS


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """This command's and those of every command below."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield from _contexts(click.Context(command, info_name=name, parent=context))


def _usage(context: click.Context) -> list[str]:
    words = " ".join(context.command.collect_usage_pieces(context))
    return [f".B {_plain(context.command_path)}", _plain(words) or "."] if words else [
        f".B {_plain(context.command_path)}"
    ]  # fmt: skip


def _help(command: click.Command) -> list[str]:
    lines: list[str] = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first.strip() == "\b":
            lines += [".PP", ".nf", *map(_plain, rest.split("\n")), ".fi"]
        elif first.startswith(("Example:", "Examples:")):
            found = [line.strip() for line in paragraph.partition(":")[2].split("\n") if line.strip()]
            lines += [".PP", "Example:", ".PP", ".nf", ".RS", *map(_plain, found), ".RE", ".fi"]
        else:
            lines += [".PP", *(_plain(line) for line in paragraph.split("\n"))]
    return lines


def _options(context: click.Context) -> list[str]:
    records = [r for p in context.command.params if (r := p.get_help_record(context)) is not None]
    lines: list[str] = []
    for flags, text in records:
        lines += [".TP", f".B {_plain(flags)}", _plain(text) or "."]
    return lines


def _plain(text: str) -> str:
    """Text roff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("|", "|\\:")  # a list of choices may be broken there
    return "\\&" + text if text.startswith(".") else text
