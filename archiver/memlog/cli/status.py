"""`memlog status`: is the recorder well, in one look."""

import os
import time
from dataclasses import asdict
from typing import Any

import click

from memlog.archive import connection
from memlog.cli import output, terminal
from memlog.cli.encode import to_json
from memlog.cli.output import RowFormat
from memlog.cli.root import Context, pass_context
from memlog.errors import MemlogError
from memlog.paths import Home
from memlog.query import checks, health
from memlog.query.checks import Check
from memlog.query.dates import iso
from memlog.query.metrics import exposition

_MARKS = {checks.OK: "ok", checks.WARN: "WARN", checks.BAD: "BAD"}
_UNSEEN_NS = 3_600 * 1_000_000_000  # a turn without a hook call may be long
_QUIET_NS = 600 * 1_000_000_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--metrics", is_flag=True, help="The same figures in Prometheus's text format.")
@pass_context
def status(context: Context, as_json: bool, metrics: bool) -> int:
    """How the recorder is: what runs, what waits, what was lost.

    A line for witness, ring, spool, losses, archive, key, hooks, disk and clock. Exits 1 when something is
    bad; `memlog doctor` says what to do about it.

    Example: memlog status --json
    """
    facts = look(context)
    found = checks_of(context, facts)
    bad = [check for check in found if check.state == checks.BAD]
    if metrics:
        terminal.write(exposition({"archive": facts}))
    elif as_json:
        terminal.write(to_json({"ok": not bad, "bad": [check.detail for check in bad], **facts}) + "\n")
    else:
        output.write("\n".join(f"{check.check:<9}{_shown(check)}" for check in found))
        remedies = (check.remedy for check in found if check.state != checks.OK and check.remedy)
        for remedy in dict.fromkeys(remedies):
            click.echo(terminal.safe_line(f"next: {remedy}"), err=True)
    return 1 if bad else 0


def look(context: Context) -> dict[str, Any]:
    """Everything `memlog status --json` says; asks no witness and opens nothing for writing."""
    from memlog.capture import installed
    from memlog.witness.status import ring_levels

    now_ns = time.time_ns()
    facts = health.look(context.home, now_ns=now_ns)
    facts["rings"] = ring_levels(context.settings)  # as they are, not as the witness last saw them
    health.measure(facts, now_ns=now_ns)
    facts["hooks"]["missing"] = installed.missing(context.home)
    facts["hooks"]["remedies"] = installed.remedies(context.home) if facts["hooks"]["missing"] else []
    facts["hooks"]["installed"] = installed.agents(context.home)
    facts["hooks"]["unseen"] = _unseen(facts["hooks"], now_ns)
    return facts


def checks_of(context: Context, facts: dict[str, Any]) -> list[Check]:
    """What status shows, as checks."""
    now_ns = time.time_ns()
    witness = facts["witness"]
    losses = health.Losses(**facts["losses"]) if facts["losses"] else None
    damage = health.Damaged(**facts["damage"]) if facts["damage"] else None
    return [
        checks.witness(witness, context.settings.start_witness),
        checks.ring(facts["rings"], witness["running"], now_ns),
        _spool(context.home) or checks.spool(health.Spool(**facts["spool"]), now_ns),
        checks.losses(losses, now_ns),
        checks.damage(damage, now_ns),
        checks.archive(context.home),
        checks.key(context.home),
        checks.hooks(facts["hooks"]),
        checks.disk(facts["disk"]),
        checks.clock(facts["clock"], now_ns),
    ]


def _spool(home: Home) -> Check | None:
    """What is wrong with the spool's own place."""
    if not os.path.lexists(home.spool) or os.path.isdir(home.spool):
        return None
    return Check(
        "spool", checks.BAD, f"{home.spool} is not a directory", f"mv {home.spool} {home.root}/spool.away"
    )


def _unseen(hooks: dict[str, Any], now_ns: int) -> dict[str, str] | None:
    """The transcript that changed long after the last hook call: its session runs without us."""
    from memlog.capture import host_files
    from memlog.query.dates import since

    if hooks["missing"] or hooks["last_call"] is None:
        return None
    newest = max(host_files.transcripts(), key=lambda file: file.mtime_ns, default=None)
    if newest is None or now_ns - newest.mtime_ns < _QUIET_NS:
        return None
    if newest.mtime_ns - since(hooks["last_call"], now_ns) < _UNSEEN_NS:
        return None
    return {"path": newest.path, "changed": iso(newest.mtime_ns)}


def _shown(check: Check) -> str:
    mark = "" if check.state == checks.OK else f"{_MARKS[check.state]}: "
    return terminal.safe_line(mark + check.detail)


def print_witness(context: Context, as_json: bool, limit: int) -> int:
    """`memlog witness status`: what the witness says of itself, and the newest sessions of the tree."""
    from memlog.query.folders import snapshots

    facts = look(context)
    witness = {**facts["witness"], "rings": facts["rings"], "lag_s": facts["lag_s"]}
    try:
        con = connection.open_reader(context.home.archive)
    except MemlogError:
        sessions = []
    else:
        try:
            sessions = snapshots(con, context.home, limit=limit)
        finally:
            con.close()
    if as_json:
        terminal.write(to_json({"witness": witness, "sessions": [asdict(row) for row in sessions]}) + "\n")
    else:
        check = checks.witness(witness, context.settings.start_witness)
        click.echo(f"witness: {_shown(check)}", err=True)
        if sessions:
            output.emit(sessions, RowFormat.TABLE)
        else:
            click.echo("no sessions", err=True)
    return 0 if witness["running"] and witness["state"] not in ("degraded", "silent") else 1
