"""`memlog doctor`: everything memlog needs, one line each with what to do."""

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from memlog.cli import output
from memlog.cli.output import RowFormat, row_options
from memlog.cli.root import Context, pass_context
from memlog.cli.status import checks_of, look
from memlog.errors import MemlogError
from memlog.query import checks
from memlog.query.checks import Check

if TYPE_CHECKING:
    from memlog.paths import Home


@click.command()
@click.option(
    "--settings", "settings_", is_flag=True, help="Every setting, its value and where it came from."
)
@row_options
@pass_context
def doctor(context: Context, settings_: bool, rows: RowFormat | None, fmt: str | None) -> int:
    """Look at everything memlog needs, with what to do.

    A line each; exits 1 when something is bad.

    Example: memlog doctor --settings
    """
    if settings_:
        from memlog.settings import explain

        output.emit(explain(context.home_flag), rows, fmt)
        return 0
    found = list(_checks(context))
    output.emit(found, rows, fmt)
    return 1 if any(check.state == checks.BAD for check in found) else 0


def _checks(context: Context) -> list[Check]:
    from memlog.ring.open import is_network

    home, settings = context.home, context.settings
    return [
        checks.sqlite(), checks.home(home, network=is_network(home.root)),
        checks.device(settings.device, settings.ring), *checks_of(context, look(context)),
        checks.installs(_programs(), _own()), _transcripts(home),
    ]  # fmt: skip


def _own() -> str:
    return os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "memlog")


def _programs() -> list[str]:
    """Every `memlog` a shell would find, the one it runs first."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = [os.path.join(folder, "memlog") for folder in folders if folder]
    return [path for path in found if os.path.isfile(path) and os.access(path, os.X_OK)]


def _transcripts(home: "Home") -> Check:
    from memlog.archive.connection import open_reader
    from memlog.capture import host_files
    from memlog.query.health import read_offsets

    try:
        con = open_reader(home.archive)
    except MemlogError:
        archived = {}
    else:
        try:
            archived = read_offsets(con)
        finally:
            con.close()
    now_ns, days = time.time_ns(), host_files.kept_days()
    return checks.expiring(*host_files.expiring(archived, now_ns=now_ns, days=days), days, now_ns)
