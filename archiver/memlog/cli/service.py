"""`memlog install service`: a witness that starts at login and is started again when it fails."""

import os
import shlex

import click

from memlog.cli.root import Context
from memlog.errors import InputError
from memlog.paths import make_dir
from memlog.ring.open import ring_dir
from memlog.witness import control, service
from memlog.witness.service import Service, Words


def run(context: Context, mode: str | None, of_agents: object = None) -> int:
    """Install it, or what `mode` says: check, uninstall. of_agents: an option a service has not."""
    if of_agents:
        raise InputError(
            "a service takes --check and --uninstall only", hint="memlog install service --check"
        )
    found = service.service(context.home, context.settings)
    if mode == "check":
        differs = service.differs(found, context.home)
        for line in differs or [f"{found.name} runs, and starts at login"]:
            click.echo(line)
        return 1 if differs else 0
    if mode == "uninstall":
        there, left = service.remove(found)
        if there:
            _remove_empty(context.home.log, ring_dir(context.settings), context.home.root)
        click.echo(f"{found.path}: {'removed' if there else 'was not installed'}", err=True)
        _leave(left)
        return 0
    return _install(context, found)


def _install(context: Context, found: Service) -> int:
    home = context.home
    for folder in (home.root, home.log, ring_dir(context.settings)):
        make_dir(folder)  # what it may write to must be there before it starts
    done = service.write(found)
    control.allow(home)
    if done:
        control.stop(home)  # one that a hook started would keep the service waiting
    left = service.activate(found, bool(done))
    click.echo(f"{found.path}: {done or 'installed already'}", err=True)
    _leave(left)
    if not left:
        click.echo(f"{found.name} runs, and starts at login; next: memlog witness status", err=True)
    return 0


def _remove_empty(*folders: str) -> None:
    """Take away what was made for the service and never used."""
    for folder in folders:
        try:
            os.rmdir(folder)
        except OSError:
            pass  # it was used, or never made


def _leave(commands: list[Words]) -> None:
    """Say what a person must do by hand."""
    if commands:
        click.echo("this user's service manager does not answer here; next, where it does:", err=True)
        for words in commands:
            click.echo(f"  {shlex.join(words)}")
