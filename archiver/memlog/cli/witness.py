"""`memlog witness run|drain|status|stop|restart`."""

import os
from typing import Any

import click

from memlog.cli import completion, terminal
from memlog.cli.encode import to_json
from memlog.cli.jobs import JOBS
from memlog.cli.progress import ProgressLine
from memlog.cli.root import Context, pass_context, whole_number
from memlog.errors import NotFoundError
from memlog.paths import Home, own
from memlog.settings import load


@click.group()
def witness() -> None:
    """The process that archives what rings hold.

    It drains rings, writes the archive and the snapshot tree.

    Example: memlog witness status
    """


@witness.command()
@click.option("--device", "devices", multiple=True, metavar="PATH", help="Drain this ring or image too.")
@click.option("--out", metavar="DIR", help="The home to archive into; the same as memlog --home DIR.")
@click.option("--quota", type=click.IntRange(0), metavar="BYTES",
              help="Most bytes of snapshots a session keeps; 0: no limit.")  # fmt: skip
@click.option("--once", is_flag=True, help="One pass over every ring, then exit.")
@click.option("--supervised", is_flag=True,
              help="For a service manager: wait for the lock, end at once after witness stop.")  # fmt: skip
@pass_context
def run(
    context: Context, devices: tuple[str, ...], out: str | None, quota: int | None, once: bool,
    supervised: bool,
) -> int:  # fmt: skip
    """Archive until Ctrl-C or SIGTERM, in the foreground.

    Hooks start a witness by themselves, and memlog install service makes one a service. Exits 7 when
    another witness holds the lock.

    Example: memlog witness run
    """
    from memlog.witness import client, control, daemon, start
    from memlog.witness import supervised as service

    home = own(Home(out or context.home_flag))
    if once:
        settings = load(out or context.home_flag, session_quota_bytes=quota)
        control.allow(home)
        return _tell(client.drain_here(home, settings, _existing(devices)), False)

    def ready() -> None:
        click.echo(f"witness of {home.root} runs, pid {os.getpid()}; Ctrl-C ends it", err=True)

    paths = _existing(devices)
    with start.noted(home):
        settings = load(out or context.home_flag, session_quota_bytes=quota)

        def archive() -> None:
            daemon.run(settings, jobs=JOBS, devices=paths, ready=ready)

        if supervised:
            service.run(home, archive)
        else:
            control.allow(home)
            archive()
    return 0


@witness.command()
@click.option("--device", "devices", multiple=True, metavar="PATH", help="A ring or an image to drain too.")
@click.option("--session", metavar="ID", shell_complete=completion.of("session"),
              help="Then also write this session's snapshots, and say where.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="What was archived, as one JSON object.")
@pass_context
def drain(context: Context, devices: tuple[str, ...], session: str | None, as_json: bool) -> int:
    """Archive what the rings hold now.

    One pass, by the running witness where there is one.

    Example: memlog witness drain --device ring.img
    """
    from memlog.witness import client

    with ProgressLine("records", 1) as line:
        result = client.drain(context.home, context.settings, _existing(devices), on_progress=line)
    if session is not None:
        result["snapshots"] = _snapshots_of(context.home, session)
    return _tell(result, as_json)


@witness.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--limit", default=20, show_default=True, type=whole_number(0), help="Newest sessions shown.")
@pass_context
def status(context: Context, as_json: bool, limit: int) -> int:
    """What the witness does, and the newest snapshots.

    Exits 1 when none runs.

    Example: memlog witness status --json
    """
    from memlog.cli.status import print_witness

    return print_witness(context, as_json, limit)


@witness.command()
@pass_context
def stop(context: Context) -> int:
    """End the running witness, for good.

    Hooks start none until `memlog witness restart`, `run` or `memlog up`.

    Example: memlog witness stop
    """
    from memlog.witness import control

    control.forbid(context.home)
    found = control.stop(context.home)
    click.echo(f"witness {found.pid} stopped" if found else "no witness was running", err=True)
    return 0


@witness.command()
@pass_context
def restart(context: Context) -> int:
    """End the running witness and start another.

    Of this version, with the settings as they are now.

    Example: memlog witness restart
    """
    from memlog.witness import control

    before, now = control.restart(context.home, context.settings)
    was = f"witness {before.pid} (memlog {before.version}) stopped, " if before else ""
    click.echo(f"{was}witness {now.pid} (memlog {now.version}) runs", err=True)
    return 0


def _existing(devices: tuple[str, ...]) -> tuple[str, ...]:
    for path in devices:
        if not os.path.exists(path):
            raise NotFoundError(f"there is no {path}", hint="memlog witness drain --help")
    return tuple(os.path.abspath(path) for path in devices)


def _tell(result: dict[str, Any], as_json: bool) -> int:
    if as_json:
        terminal.write(to_json(result) + "\n")
    words = [f"archived {result['records']:,} records"]
    nouns = {"met": "met again", "events": "events", "lost": "lost", "damage": "damaged"}
    words += [f"{result[name]:,} {noun}" for name, noun in nouns.items() if result[name]]
    click.echo(", ".join(words), err=True)
    for path in result.get("snapshots", ()):
        click.echo(path, err=as_json)
    return 0


def _snapshots_of(home: Home, session: str) -> list[str]:
    from memlog.archive.connection import open_reader
    from memlog.query.folders import folders

    con = open_reader(home.archive)
    try:
        found = folders(con, session)
    finally:
        con.close()
    return [
        os.path.join(home.root, folder, name)
        for folder in found
        for name in sorted(os.listdir(os.path.join(home.root, folder)))
        if name.startswith("snap-")
    ]
