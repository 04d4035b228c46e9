"""`memlog status` and `memlog doctor`: is the recorder well."""

import os
import time
from dataclasses import asdict
from typing import Any

import click

from memlog.archive import connection
from memlog.cli import output, terminal
from memlog.cli.encode import to_json
from memlog.cli.output import RowFormat, row_options
from memlog.cli.root import Context, pass_context
from memlog.errors import MemlogError
from memlog.query import health
from memlog.query.dates import iso
from memlog.query.health import Check

_MARKS = {health.OK: "ok", health.WARN: "WARN", health.BAD: "BAD"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@pass_context
def status(context: Context, as_json: bool) -> int:
    """How the recorder is: witness, rings, what waits, what was lost, how much is archived.

    Exits 1 when something is bad; `memlog doctor` says what to do about it.

    Example: memlog status --json
    """
    facts = look(context)
    checks = checks_of(context, facts)
    bad = [check for check in checks if check.state == health.BAD]
    if as_json:
        terminal.write(to_json({"ok": not bad, "bad": [check.detail for check in bad], **facts}) + "\n")
    else:
        output.write("\n".join(f"{check.check:<9}{_shown(check)}" for check in checks))
        if any(check.remedy for check in checks):
            click.echo("next: memlog doctor", err=True)
    return 1 if bad else 0


@click.command()
@click.option(
    "--settings", "settings_", is_flag=True, help="Every setting, its value and where it came from."
)
@row_options
@pass_context
def doctor(context: Context, settings_: bool, rows: RowFormat | None, fmt: str | None) -> int:
    """Look at everything memlog needs, one line each with what to do; exits 1 when something is bad.

    Example: memlog doctor --settings
    """
    if settings_:
        from memlog.settings import explain

        output.emit(explain(context.home_flag), rows, fmt)
        return 0
    settings = context.settings
    checks = [
        health.check_sqlite(), health.check_home(context.home),
        health.check_device(settings.device, settings.ring), *checks_of(context, look(context)),
        health.check_disk(context.home),
    ]  # fmt: skip
    output.emit(checks, rows, fmt)
    return 1 if any(check.state == health.BAD for check in checks) else 0


def look(context: Context) -> dict[str, Any]:
    """Everything `memlog status --json` says; asks no witness and opens nothing for writing."""
    from memlog.witness import lock
    from memlog.witness.status import read_status, ring_levels

    home, settings = context.home, context.settings
    holder = lock.holder(home)
    last = read_status(home) or {}
    lives = holder is not None and last.get("pid") == holder.pid
    levels = ring_levels(settings)
    facts: dict[str, Any] = {
        "home": home.root,
        "witness": {
            "running": holder is not None, "pid": holder.pid if holder else None,
            "state": last.get("state") if lives else "starting" if holder else "stopped",
            "started": iso(holder.started) if holder else None,
            "last_error": last.get("last_error") if lives else None,
            "drained": last.get("drained") if lives else None, "jobs": last.get("jobs", []) if lives else [],
            "forbidden": os.path.lexists(home.witness_stopped),
        },
        "rings": levels, "undrained": sum(level.get("undrained", 0) for level in levels),
        "lag_s": _lag_s(levels), "archive": None, "losses": None,
        "spool": asdict(health.spool_of(home)), "hooks": _hooks(context),
    }  # fmt: skip
    try:
        con = connection.open_reader(home.archive)
    except MemlogError:
        return facts  # check_archive says why
    try:
        totals = health.totals(con)
        facts["losses"] = asdict(health.losses(con))
        facts["archive"] = {
            "path": home.archive, "sessions": totals.sessions, "records": totals.records,
            "bytes": _size(home.archive), "wal_bytes": _size(home.archive + "-wal"),
            "last_record": iso(totals.last_ns) if totals.last_ns else None,
            "last_drained": iso(totals.drained_ns) if totals.drained_ns else None,
        }  # fmt: skip
    except connection.Error:
        pass
    finally:
        con.close()
    return facts


def checks_of(context: Context, facts: dict[str, Any]) -> list[Check]:
    """What status shows, as checks."""
    now_ns = time.time_ns()
    witness = facts["witness"]
    losses = health.Losses(**facts["losses"]) if facts["losses"] else None
    return [
        health.check_witness(witness["pid"], witness, witness["forbidden"], context.settings.start_witness),
        health.check_ring(facts["rings"], witness["running"], now_ns),
        health.check_spool(health.Spool(**facts["spool"]), now_ns),
        health.check_losses(losses, now_ns),
        health.check_archive(context.home),
        health.check_hooks(facts["hooks"]),
    ]


def _hooks(context: Context) -> list[str]:
    """What `memlog install claude-code --check` finds missing, shortly."""
    from memlog.capture import install

    try:
        found = install.check(context.home)
    except MemlogError as exc:
        return [str(exc)]
    absent = [line for line in found if line.endswith(": no hook of memlog")]
    if len(absent) == len(install.events(False)):
        return ["not installed for Claude Code", *(line for line in found if line not in absent)]
    return found


def _lag_s(levels: list[dict[str, Any]]) -> float:
    """Age of the oldest record that is not archived."""
    since = min((n for level in levels if (n := level.get("undrained_since_ns"))), default=None)
    return round(max(time.time_ns() - since, 0) / 1e9, 3) if since else 0.0


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _shown(check: Check) -> str:
    mark = "" if check.state == health.OK else f"{_MARKS[check.state]}: "
    return terminal.safe_line(mark + check.detail)


def print_witness(context: Context, as_json: bool, limit: int) -> int:
    """`memlog witness status`: what the witness says of itself, and the newest sessions of the tree."""
    facts = look(context)
    witness = {**facts["witness"], "rings": facts["rings"], "lag_s": facts["lag_s"]}
    try:
        con = connection.open_reader(context.home.archive)
    except MemlogError:
        sessions = []
    else:
        try:
            sessions = health.snapshots(con, context.home, limit=limit)
        finally:
            con.close()
    if as_json:
        terminal.write(to_json({"witness": witness, "sessions": [asdict(row) for row in sessions]}) + "\n")
    else:
        forbidden, may_start = witness["forbidden"], context.settings.start_witness
        check = health.check_witness(witness["pid"], witness, forbidden, may_start)
        click.echo(f"witness: {_shown(check)}", err=True)
        if sessions:
            output.emit(sessions, RowFormat.TABLE)
        else:
            click.echo("no sessions", err=True)
    return 0 if witness["running"] and witness["state"] != "degraded" else 1
