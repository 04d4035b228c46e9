"""The click tree. A command's module is loaded when it is named, and not before."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

import click

from memlog import __version__
from memlog.cli import interrupt, terminal
from memlog.errors import QueryError
from memlog.paths import Home, own
from memlog.settings import Settings, load, strays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

# command -> module:attribute, in the order help shows them
COMMANDS = {
    "up": "memlog.cli.up:up",
    "status": "memlog.cli.status:status",
    "query": "memlog.cli.query:query",
    "export": "memlog.cli.export:export",
    "import": "memlog.cli.backfill:import_",
    "install": "memlog.cli.install:install",
    "serve": "memlog.cli.serve:serve",
    "show": "memlog.cli.ring:show",
    "tail": "memlog.cli.ring:tail",
    "stats": "memlog.cli.ring:stats",
    "write": "memlog.cli.ring:write",
    "clear": "memlog.cli.ring:clear",
    "resize": "memlog.cli.ring:resize",
    "version": "memlog.cli.ring:version",
    "witness": "memlog.cli.witness:witness",
    "admin": "memlog.cli.admin:admin",
    "doctor": "memlog.cli.doctor:doctor",
    "completion": "memlog.cli.completion:completion",
    "man": "memlog.cli.man:man",
}

_MOST = 999_999_999


class LazyGroup(click.Group):
    """A group whose commands are imported when named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, name = target.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """The command's answer; Ctrl-C before click makes an empty line of it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as exc:
            return interrupt.ended(exc)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Names alone: what they do would load every command, and a person waits."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@dataclass
class Context:
    """What every command is handed: where the home is, and its settings when asked for."""

    home_flag: str | None

    @cached_property
    def home(self) -> Home:
        return own(Home(self.home_flag))

    @cached_property
    def settings(self) -> Settings:
        return self.settings_with()

    def settings_with(self, **flags: Any) -> Settings:
        """Settings with this command's flags on top; flags that are None were not given."""
        home = self.home  # another user's is refused before its config.toml is read
        return load(home.root if self.home_flag else None, **flags)


class _WholeNumber(click.IntRange):
    """A whole number as `query search` takes it: more digits fit no column of the archive."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if found > _MOST:
            self.fail(f"{value} is larger than {_MOST:,}.", param, ctx)
        return found


def whole_number(least: int) -> click.IntRange:
    """A whole number from here on, for options that count."""
    return _WholeNumber(least)


pass_context = click.make_pass_decorator(Context)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="memlog")
@click.option(
    "--home", metavar="DIR", help="Where memlog keeps everything  [default: $MEMLOG_HOME or ~/.claude/memlog]"
)
@click.option("--no-pager", is_flag=True, help="Print long pages as they are; NO_PAGER=1 does the same.")
@click.pass_context
def memlog(ctx: click.Context, home: str | None, no_pager: bool) -> None:
    """The flight recorder for LLM agents.

    What they knew survives compaction, crash and clean-up, and is found again.

    Example: memlog up
    """
    ctx.obj = Context(home)
    for sentence in strays(os.environ):
        terminal.say(f"memlog: {sentence}")
    if no_pager:
        terminal.no_pager()


def main(arguments: "Sequence[str]") -> int:
    """Exit code of a command line: that of the error's branch, 130 after Ctrl-C, 0 for a closed pipe."""
    if isinstance(sys.stdout, TextIOWrapper):  # a path need not be UTF-8, and is said all the same
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        result = memlog.main(list(arguments), prog_name="memlog", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.UsageError as exc:
        return report_usage(exc, _named(arguments))
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt) as exc:
        return interrupt.ended(exc)
    except Exception as exc:  # a person gets a sentence, MEMLOG_DEBUG=1 the traceback
        from memlog.cli.edge import ended_by

        if isinstance(exc, QueryError) and "hint" not in vars(exc):
            exc.hint = f"{_named(arguments)} --help"  # a time or a kind is said to many commands
        return ended_by(exc)


def _named(arguments: "Sequence[str]") -> str:
    """The command of a command line, without its options."""
    found: click.Command | None = memlog
    path = ["memlog"]
    for word in arguments:
        if isinstance(found, click.Group) and (inner := found.get_command(click.Context(found), word)):
            found = inner
            path.append(word)
    return " ".join(path)


def report_usage(exc: click.UsageError, named: str = "memlog") -> int:
    """Say what cannot be understood of a command line, what it may have meant, and where that is told."""
    context = exc.ctx
    asked = context.command if context else memlog
    if isinstance(exc, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        exc.show()  # a group by itself: its help
        return exc.exit_code
    said = " ".join(exc.format_message().split()).removesuffix(".").replace("integer range", "whole number")
    if isinstance(asked, LazyGroup) and said.startswith("No such command") and "mean" not in said:
        from difflib import get_close_matches

        near = get_close_matches(said.split("'")[1], COMMANDS, 1)
        said += f". Did you mean {near[0]!r}?" if near else ""
    path = context.command_path if context else named
    terminal.say(f"memlog: {said[:1].lower()}{said[1:]}\nnext: {path} --help")
    return exc.exit_code
