"""A compaction hooks told of and a boundary line are one, whatever the stamps and the order."""

import itertools
import json
import os
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from archives import DAY, MINUTE, NOW_NS, SECOND, event, frames, reading, record, ring_frames, rows
from conftest import Run
from memlog.archive import evidence
from memlog.archive.store import Archive
from memlog.paths import Home
from memlog.record import Event, Record
from memlog.settings import Settings
from memlog.wire import Frame
from memlog.witness.drain import Drain

COMPACTED = Path(__file__).parents[1] / "data/sessions/compacted.jsonl"
LIVE, OLD = 0, 3 * 365 * DAY  # how long before the hooks the lines were stamped
Item = tuple[str, Record | Event]  # by capture, import or hook


def line(n: int, ago: int, boundary: str = "", **fields: Any) -> Record:
    return record(f"line {n}", n=n, ts_ns=NOW_NS - ago + n * MINUTE, boundary=boundary, **fields)


def compaction(n: int, ago: int, name: str) -> Record:
    facts = {"line": {"compactMetadata": {"trigger": "auto", "preTokens": n}}}
    return line(n, ago, name, kind="compaction", source_id=name, rest=facts)


def told(n: int, *, every: int = MINUTE, summary: str = "") -> list[Item]:
    """What three hooks say of a compaction at minute n."""
    said = {"compact_summary": summary} if summary else {}
    at = NOW_NS + n * every
    return [
        ("hook", event("PreCompact", ts_ns=at - SECOND, trigger="auto")),
        ("hook", event("PostCompact", ts_ns=at + SECOND, trigger="auto", **said)),
        ("hook", event("SessionStart", ts_ns=at + 2 * SECOND, source="compact")),
    ]


def both(found: Record) -> list[Item]:
    return [("capture", found), ("import", found)]


def outcomes(home: Home, orders: Sequence[Sequence[Item]]) -> list[list[tuple[Any, ...]]]:
    """The epochs each order gives, item by item; a session an order, all of them in one archive."""
    with Archive.open(home, now_ns=1) as archive:
        for step in range(max(map(len, orders))):
            arriving: list[Frame] = []
            for number, order in enumerate(orders):
                if step < len(order):
                    how, item = order[step]
                    item = item._replace(session=f"s{number}")
                    arriving += ring_frames([item], first_seq=1) if how == "capture" else frames([item])
            archive.ingest(arriving, ring=None, source="t", now_ns=NOW_NS)
        found: dict[str, list[tuple[Any, ...]]] = {f"s{n}": [] for n in range(len(orders))}
        for row in archive.con.execute(
            "SELECT session, epoch, boundary, opened_ns, closed_ns, trigger, tokens_before, records FROM v_epoch"
            " ORDER BY session, epoch"
        ):
            found[row[0]].append(row[1:])
    return list(found.values())


def imported(home: Home, items: Sequence[Item]) -> list[tuple[Any, ...]]:
    """The epochs the same lines give without any hook."""
    return outcomes(home, [[item for item in items if item[0] == "import"]])[0]


@pytest.mark.parametrize("ago", [LIVE, OLD])
def test_every_order_of_one_compactions_evidence_gives_what_its_line_alone_gives(
    home: Home, tmp_path: Path, ago: int
) -> None:
    around = [("import", line(0, ago)), ("import", line(31, ago, "b"))]
    orders = [
        [around[0], *order, around[1]]
        for order in itertools.permutations([*told(30), *both(compaction(30, ago, "b"))])
    ]
    found = outcomes(home, orders)
    expected = imported(Home(str(tmp_path / "import")), orders[0])
    assert len(found) == 120 and [row[1] for row in expected] == ["", "b"]
    assert all(epochs == expected for epochs in found)


@pytest.mark.parametrize(
    "every", [1, MINUTE, 60 * MINUTE], ids=["at once", "within ten minutes", "hours apart"]
)
@pytest.mark.parametrize("ago", [LIVE, OLD])
def test_two_compactions_in_any_order_are_two(home: Home, tmp_path: Path, ago: int, every: int) -> None:
    """Hooks of a replay come at once; those of a live session as far apart as its lines."""
    if ago == LIVE:
        every = max(every, MINUTE)
    scale = every // MINUTE or 1
    lines = [line(0, ago), line(3 * scale + 1, ago, "b1"), line(8 * scale + 1, ago, "b2")]
    items = [
        *told(3, every=every), *told(8, every=every), *both(compaction(3 * scale, ago, "b1")),
        *both(compaction(8 * scale, ago, "b2")), *(("import", one) for one in lines),
    ]  # fmt: skip
    expected = imported(Home(str(tmp_path / "import")), items)
    assert [row[1] for row in expected] == ["", "b1", "b2"]
    choose = random.Random(ago + every)
    found = outcomes(home, [choose.sample(items, len(items)) for _ in range(60)])
    assert all(epochs == expected for epochs in found)


@pytest.mark.parametrize("ago", [LIVE, OLD])
@pytest.mark.parametrize("apart", [5, 600], ids=["within ten minutes", "hours apart"])
def test_a_compaction_no_line_accounts_for_has_an_epoch_of_its_own(home: Home, ago: int, apart: int) -> None:
    items = [
        ("import", line(0, ago)), ("import", compaction(3, ago, "b1")), ("import", line(4, ago, "b1")),
        *told(3, summary="first"), *told(3 + apart, summary="second"),
    ]  # fmt: skip
    choose = random.Random(apart)
    found = outcomes(home, [choose.sample(items, len(items)) for _ in range(40)])
    second = NOW_NS + (3 + apart) * MINUTE + SECOND
    assert {tuple(row[1] for row in epochs) for epochs in found} == {("", "b1", f"~event.{second}")}
    assert all(epochs == found[0] for epochs in found)


def test_a_hook_called_twice_for_one_compaction_tells_of_one(home: Home) -> None:
    again = [*told(30, summary="s"), *told(30, summary="s"), *told(30 + 24 * 60, summary="s")[1:2]]
    items = [("import", line(0, OLD)), ("import", compaction(3, OLD, "b")), *again]
    assert [row[1] for row in outcomes(home, [items])[0]] == ["", "b"]


def test_a_live_session_that_was_compacted_before_memlog_came_keeps_what_only_hooks_told(
    home: Home,
) -> None:
    """A session compacted before memlog came, compacted again under it, its transcript then lost."""
    items: list[Item] = [("import", line(0, OLD)), ("import", compaction(3, OLD, "b")), *told(30)]
    items.append(("capture", record("live", n=9, ts_ns=NOW_NS + 29 * MINUTE, boundary="b")))
    for order in (items, items[::-1]):
        (found,) = outcomes(Home(f"{home.root}-{order is items}"), [order])
        assert [row[1] for row in found] == ["", "b", f"~event.{NOW_NS + 30 * MINUTE + SECOND}"]


def test_pairing_by_the_clock_alone_would_leave_a_phantom() -> None:
    """The known-bad twin: with stamps years old, nothing is near the hook."""
    events = [
        (item.event, item.ts_ns, json.dumps(item.data)) for _, item in told(30) if isinstance(item, Event)
    ]
    said = evidence.compactions(events)
    stamp = NOW_NS - OLD
    assert len(said) == 1 and evidence.unseen(said, [stamp], stamp + MINUTE) == []
    by_clock = [one for one in said if abs(one.times[0] - stamp) > evidence.NEAR_NS]
    assert len(by_clock) == 1


@pytest.mark.parametrize("cuts", [(0,), (-1,), (1,), (2,)], ids=str)
def test_an_old_transcript_replayed_through_hooks_has_the_epochs_of_an_import(
    home: Home, settings: Settings, run_hook: Run, run_memlog: Run, tmp_path: Path, cuts: tuple[int, ...]
) -> None:
    """PreCompact before the boundary line is there; PostCompact before it, with it, or after more lines."""
    lines = COMPACTED.read_bytes().splitlines(keepends=True)
    at = next(n for n, raw in enumerate(lines) if b"compact_boundary" in raw)
    session = json.loads(lines[at])["sessionId"]
    path = tmp_path / f"{session}.jsonl"
    base = {"session_id": session, "transcript_path": str(path), "cwd": "/w"}
    steps: list[tuple[str, dict[str, Any], int]] = [
        ("PreCompact", {"trigger": "auto"}, at), ("PostCompact", {"trigger": "auto"}, at + cuts[0]),
        ("SessionStart", {"source": "compact"}, at + cuts[0] + 1), ("Stop", {}, len(lines)),
    ]  # fmt: skip
    for name, more, upto in steps:
        path.write_bytes(b"".join(lines[:upto]))
        run_hook(name, base | more)
        _drain(home, settings)
    other = Home(str(tmp_path / "other"))
    os.mkdir(other.root, 0o700)
    shutil.copy(home.key, other.key)
    with Archive.open(other, now_ns=1) as archive:
        from memlog.witness import backfill

        list(backfill.import_job(archive, settings, {"agent": "claude-code", "paths": [str(path)]}))
    with Archive.open(home, now_ns=1, settings=settings) as archive:
        archive.close_silent(now_ns=time.time_ns())  # as an import does in the end
    assert _epochs(home) == _epochs(other) and len(_epochs(home)) == 2


def _drain(home: Home, settings: Settings) -> None:
    with Archive.open(home, now_ns=1, settings=settings) as archive, Drain(archive, settings) as drain:
        drain.run()
        drain.settle()


def _epochs(home: Home) -> list[dict[str, Any]]:
    with reading(home) as con:
        return rows(con, "SELECT * FROM v_epoch ORDER BY epoch")
