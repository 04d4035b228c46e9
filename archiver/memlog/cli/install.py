"""memlog install: hooks into an agent's settings."""

import click

from memlog.capture import install as hooks
from memlog.cli.root import Context, pass_context


@click.command()
@click.argument("agent", type=click.Choice(["claude-code"]))
@click.option("--check", "mode", flag_value="check", help="Say what is missing; exit 1 when something is.")
@click.option("--uninstall", "mode", flag_value="uninstall", help="Take the hooks out again.")
@click.option(
    "--settings", "path", metavar="FILE", help="Another settings file  [default: Claude Code's of this user]"
)
@click.option("--every-tool", is_flag=True, help="Also after each tool call: one more process a call.")
@click.option("--plugin", metavar="DIR", help="Write a plugin folder instead of changing settings.")
@pass_context
def install(
    context: Context, agent: str, mode: str | None, path: str | None, every_tool: bool, plugin: str | None
) -> int:
    """Have AGENT call memlog at each event; everything else in its settings stays.

    Example: memlog install claude-code --check
    """
    if plugin is not None:
        for written in hooks.write_plugin(plugin, context.home, every_tool=every_tool):
            click.echo(written)
        return 0
    if mode == "check":
        differs = hooks.check(context.home, path, every_tool=every_tool)
        for line in differs or ["all hooks of memlog are installed"]:
            click.echo(line)
        return 1 if differs else 0
    if mode == "uninstall":
        change = hooks.uninstall(context.home, path)
        click.echo(f"{change.path}: {change.done or 'no hook of memlog is in it'}", err=True)
        return 0
    change = hooks.install(context.home, path, every_tool=every_tool)
    click.echo(f"{change.path}: {change.done or 'installed already'}", err=True)
    if change.done:
        click.echo("next: start a new session, then: memlog query sessions", err=True)
    return 0
