"""memlog install: hooks into an agent's settings."""

import click

from memlog.capture import hosts, installed
from memlog.capture import install as hooks
from memlog.cli import service
from memlog.cli.root import Context, pass_context
from memlog.contracts import CLAUDE_CODE, CODEX, OPENCODE
from memlog.errors import InputError

_NEXT = {
    CODEX: "start codex, type /hooks and trust them; then: memlog query sessions",
    OPENCODE: "start opencode again, then: memlog query sessions",
}


@click.command()
@click.argument("agent", type=click.Choice([*hosts.AGENTS, "service"]))
@click.option("--check", is_flag=True, help="Say what is missing; exit 1 when something is.")
@click.option("--uninstall", is_flag=True, help="Take the hooks out again.")
@click.option("--settings", "path", metavar="FILE", help="Another settings file  [default: the agent's own]")
@click.option("--every-tool", is_flag=True, help="Also after each tool call: one more process a call.")
@click.option("--take-over", is_flag=True, help="Also where its hooks record into another home.")
@click.option("--plugin", metavar="DIR", help="claude-code: write a plugin folder instead.")
@pass_context
def install(
    context: Context, agent: str, check: bool, uninstall: bool, path: str | None, every_tool: bool,
    take_over: bool, plugin: str | None,
) -> int:  # fmt: skip
    """Have an agent call memlog at each event.

    Everything else in its settings stays.

    `service` instead of an agent: the witness starts at login, and again when it fails (systemd, launchd).

    Example: memlog install claude-code --check
    """
    if check and uninstall:
        raise InputError("--check and --uninstall exclude each other", hint=f"memlog install {agent} --check")
    mode = "check" if check else "uninstall" if uninstall else None
    if agent == "service":
        return service.run(context, mode, every_tool or take_over or path or plugin)
    if plugin is not None and agent != CLAUDE_CODE:
        raise InputError("--plugin is for claude-code alone", hint=f"memlog install {agent}")
    if every_tool and agent == OPENCODE:
        raise InputError("opencode has no call after each tool", hint="memlog install opencode")
    if plugin is not None:
        for written in hooks.write_plugin(plugin, context.home, every_tool=every_tool):
            click.echo(written)
        return 0
    if mode == "check":
        differs = installed.check(agent, context.home, path, every_tool=every_tool)
        for line in differs or ["all hooks of memlog are installed"]:
            click.echo(line)
        return 1 if differs else 0
    if mode == "uninstall":
        change = installed.uninstall(agent, context.home, path)
    else:
        change = installed.set_up(agent, context.home, path, every_tool=every_tool, take_over=take_over)
    otherwise = "no hook of memlog is in it" if mode else "installed already"
    click.echo(f"{change.path}: {change.done or otherwise}", err=True)
    if change.done and not mode:
        then = _NEXT.get(agent, "start a new session, then: memlog query sessions")
        click.echo(f"next: {then}", err=True)
    return 0
