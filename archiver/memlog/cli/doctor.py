"""`memlog doctor`: everything memlog needs, one line each with what to do."""

import os
import sys
import time
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from memlog.cli import output, secrets, terminal
from memlog.cli.output import RowFormat, row_options
from memlog.cli.root import Context, pass_context
from memlog.cli.status import checks_of, look
from memlog.cli.width import wrapped
from memlog.errors import MemlogError, SettingsError
from memlog.query import checks, surroundings
from memlog.query.checks import Check
from memlog.settings import Settings, explain

if TYPE_CHECKING:
    from memlog.paths import Home

_MEND = "set it right there, then memlog doctor --settings"
_ARCHIVED_S = 5.0  # a witness takes a moment


@click.group(invoke_without_command=True)
@click.option(
    "--settings", "settings_", is_flag=True, help="Every setting, its value and where it came from."
)
@click.option("--write-probe", is_flag=True, help="Also write an event into the ring, and see it archived.")
@row_options
@pass_context
@click.pass_context
def doctor(
    ctx: click.Context, /, context: Context, settings_: bool, write_probe: bool,
    rows: RowFormat | None, fmt: str | None,
) -> int:  # fmt: skip
    """Look at everything memlog needs, with what to do.

    A line each; exits 1 when something is bad.

    Example: memlog doctor --settings
    """
    if ctx.invoked_subcommand is not None:
        return 0
    faults: list[SettingsError] = []
    origins = explain(context.home.root if context.home_flag else None, faults=faults)
    if settings_:
        output.emit(origins, rows, fmt)
        for fault in faults:
            terminal.say(f"memlog: {fault}")
        return 1 if faults else 0
    # with what is right of them, the others at their defaults: this is what a wrong setting sends people to
    context.settings = Settings(**{origin.name: origin.value for origin in origins})  # type: ignore[arg-type]
    found = [Check("settings", checks.BAD, str(fault), _MEND) for fault in faults] + _checks(context)
    if write_probe:
        found.append(_probe(context))
    if output.is_page(rows, fmt):
        output.write("\n".join(chain.from_iterable(map(_lines, found))))
    else:
        output.emit(found, rows, fmt)
    return 1 if any(check.state == checks.BAD for check in found) else 0


doctor.add_command(secrets.secrets)


def _lines(check: Check) -> Iterator[str]:
    """A check as a person reads it; what to do stands in one line, however long, so that it can be copied."""
    mark = check.state if check.state == checks.OK else check.state.upper()
    lead = f"{check.check:<13}{mark:<6}"
    first, *more = wrapped(terminal.safe_line(check.detail), terminal.size()[0], " " * len(lead))
    yield from (lead + first.lstrip(), *more)
    if check.remedy:
        yield f"{' ' * len(lead)}next: {terminal.safe_line(check.remedy)}"


def _checks(context: Context) -> list[Check]:
    from memlog.ring.open import is_network

    home, settings = context.home, context.settings
    return [
        surroundings.sqlite(), surroundings.home(home, network=is_network(home.root)),
        surroundings.device(settings.device, settings.ring), *checks_of(context, look(context)),
        surroundings.installs(_programs(), _own()), _transcripts(home), *_unfinished(home),
    ]  # fmt: skip


def _unfinished(home: "Home") -> list[Check]:
    """A forget that was killed, or held up by a reader: bytes of it may still lie somewhere."""
    from memlog.archive.unfinished import pending

    if pending(home) is None:
        return []
    what = "a forget or a redaction did not finish: some of what it took may still be in a file"
    return [Check("forget", checks.BAD, what, "memlog admin forget --apply")]


def _probe(context: Context) -> Check:
    """A round trip: an event into the ring, counted by it, and archived where a witness runs."""
    from memlog.contracts import PROBE, UNKNOWN_AGENT
    from memlog.record import Event, encode_event
    from memlog.ring.open import open_ring
    from memlog.witness import lock

    blob = encode_event(Event(PROBE, UNKNOWN_AGENT, "", time.time_ns(), {}))
    try:
        with open_ring(context.settings) as ring:
            before = ring.stats().total_writes
            seq = ring.write(blob, keep_undrained=True)
            counted, end = ring.stats().total_writes - before, time.monotonic() + _ARCHIVED_S
            runs = lock.holder(context.home) is not None
            while runs and ring.info().archived_seq < seq and time.monotonic() < end:
                time.sleep(0.02)
            return surroundings.probe(ring.kind, seq, counted, runs, ring.info().archived_seq >= seq)
    except (MemlogError, OSError) as exc:
        return Check(
            "probe", checks.BAD, str(exc), exc.hint if isinstance(exc, MemlogError) else "memlog status"
        )


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
    return surroundings.expiring(*host_files.expiring(archived, now_ns=now_ns, days=days), days, now_ns)
