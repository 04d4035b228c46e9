"""Pages over made-up records: time to the first byte, bytes, and Datasette's own table page beside them.

`python -m bench.pages [--records N …] [--archive DIR] [--browser]`; an archive that was kept is not filled
again. A million: python -m bench.pages --records 10000 100000 1000000 --archive /tmp/bench.
"""

import argparse
import asyncio
import http.client
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.filled import fill, ingested
from bench.report import Row, machine, table
from bench.search import vocabulary
from memlog.archive.connection import open_reader
from memlog.cli import server
from memlog.paths import Home
from memlog.query import browse
from memlog.record import Record
from memlog.settings import Settings

ROUNDS = 7
LONG = 40_000  # records of one session
NS = 1_000_000_000
LIMIT_MS = 300
USABLE_MS = 1_000
FACETS_MS = 200
PAGES = {
    "front page": "/",
    "sessions": "/archive/-/sessions",
    "sessions, sorted by errors": "/archive/-/sessions?sort=-errors",
    "session": "/archive/-/session/{dir}",
    "session, its end": "/archive/-/session/{dir}?at=last",
    "compaction": "/archive/-/compaction/{dir}/1",
    "compaction, and what it took away": "/archive/-/compaction/{dir}/1?lost=1",
    "record": "/archive/-/record/{id}",
    "search, word in a few of a thousand": "/archive/-/search?q={word}",
    "search, common word": "/archive/-/search?q={common}",
    "Datasette's own v_record": "/archive/v_record?_all=1",
    "Datasette's own v_record of one session": "/archive/v_record?_all=1&session__exact={session}&_sort=ts_ns",
    "Datasette's own v_session": "/archive/v_session?_all=1",
}
TICK_S = 0.005  # how often the server's loop is asked whether it answers
READERS = 4
IN_TURNS = {  # of the long session
    "session": "/archive/-/session/{dir}", "five pages that follow": "/archive/-/session/{dir}/live?from={id}",
    "what an epoch says": "/archive/-/facts/{dir}?epoch=1", "compaction": "/archive/-/compaction/{dir}/1?lost=1",
    "search": "/archive/-/search?q=said", "record": "/archive/-/record/{id}",
    "Datasette's own v_record": "/archive/v_record",
}  # fmt: skip
BESIDE = {
    "sessions": "Datasette's own v_session",
    "session": "Datasette's own v_record of one session",
    "search, word in a few of a thousand": "Datasette's own v_record",
    "front page": "Datasette's own v_session",
}
SESSION_SQL = """
SELECT dir, session, first_id FROM v_session
ORDER BY compactions > 0 DESC, records DESC LIMIT 1
"""


class Got(NamedTuple):
    """An answer. ms: until its first byte; cpu_ms: of this process, which serves and asks, for all of it."""

    ms: float
    cpu_ms: float
    size: int
    status: int


def rows(records: int = 10_000) -> list[Row]:
    """Every page over an archive of so many records, and a session of 40,000."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder + "/home")
        fill(home, records)
        return measured(home, records) + long_session(Home(folder + "/long"))


def measured(home: Home, records: int) -> list[Row]:
    """The rows over an archive that is there."""
    con = open_reader(home.archive)
    place, session, first = con.execute(SESSION_SQL).fetchone()
    _, mid, common = vocabulary(con)
    named = {"dir": place, "session": session, "id": first, "word": mid[0], "common": common[0]}
    facets = [_timed(lambda: browse.shelf(con, order="ended")) for _ in range(ROUNDS)]
    con.close()
    found: dict[str, tuple[Got, list[Got]]] = {}
    with served(home.archive) as port:
        for name, page in PAGES.items():
            first, *then = [got(port, page.format(**named)) for _ in range(ROUNDS)]
            if {one.status for one in (first, *then)} == {200}:
                found[name] = first, then
    said = [
        Row(
            f"{name}, {records:,} records: first byte; CPU; bytes",
            f"{first.ms:.0f}, then {_ms(then):.0f} ms; {_cpu(then):.0f} ms; {first.size:,}",
            _beside(found, name),
        )
        for name, (first, then) in found.items()
    ]
    missing = ", ".join(sorted(PAGES.keys() - found.keys()))
    said += (
        [Row(f"no such page here, or in no time, {records:,} records", missing, "none")] if missing else []
    )
    alone = f"sessions and their facets without the page, {records:,} records"
    return [*said, Row(alone, f"{median(facets):.1f} ms", f"< {FACETS_MS} ms at 100,000")]


def _ms(answers: list[Got]) -> float:
    return median(one.ms for one in answers)


def _cpu(answers: list[Got]) -> float:
    return median(one.cpu_ms for one in answers)


def _beside(found: dict[str, tuple[Got, list[Got]]], name: str) -> str:
    """The CPU and bytes of a page over those of Datasette's own table page on the same view."""
    if BESIDE.get(name) not in found:
        return "reported"
    (ours, again), (theirs, then) = found[name], found[BESIDE[name]]
    return f"{_cpu(again) / _cpu(then):.2f}× its CPU, {ours.size / theirs.size:.2f}× its bytes"


def long_session(home: Home) -> list[Row]:
    """A session of 40,000 records: its first page in a process that has not seen it, then again, then its end."""
    if not os.path.exists(home.archive):
        ingested(home, one_session())
    con = open_reader(home.archive)
    place = con.execute(SESSION_SQL).fetchone()[0]
    con.close()
    address = f"/archive/-/session/{place}"
    with served(home.archive) as port:
        got(port, "/archive/-/overview")  # templates are compiled with the first page
        first = got(port, address)
        again = [got(port, address) for _ in range(ROUNDS)]
        end = [got(port, address + "?at=last") for _ in range(ROUNDS)]
    return [
        Row(f"session of {LONG:,} records, not seen before: first byte; CPU; bytes", f"{first.ms:.0f} ms; {first.cpu_ms:.0f} ms; {first.size:,}", f"≤ {LIMIT_MS} ms"),
        Row("… again; its end", f"{_ms(again):.0f} ms, CPU {_cpu(again):.0f}; {_ms(end):.0f} ms, CPU {_cpu(end):.0f}", "reported"),
    ]  # fmt: skip


def in_turns(home: Home) -> list[Row]:
    """How long the server answered nobody while a page of the long session was made: for one, and for several."""
    con = open_reader(home.archive)
    place, _, first = con.execute(SESSION_SQL).fetchone()
    con.close()
    gaps: list[float] = []
    found = []
    readers = multiprocessing.get_context("spawn").Pool(READERS)
    with served(home.archive, gaps) as port, readers:
        for name, page in IN_TURNS.items():
            asked = port, page.format(dir=place, id=first)
            got(*asked)  # read for the first time, and Datasette's own templates compiled
            alone = _longest(gaps, lambda asked=asked: [got(*asked) for _ in range(ROUNDS)])  # type: ignore[misc]
            beside = _longest(gaps, lambda asked=asked: readers.starmap(got, [asked] * 40, 1))  # type: ignore[misc]
            said = f"{alone:.0f} ms for one, {beside:.0f} ms for {READERS}"
            found.append(Row(f"the server answers nobody for at most: {name}", said, "reported"))
    return found


def _longest(gaps: list[float], do: Callable[[], object]) -> float:
    gaps.clear()
    do()
    time.sleep(4 * TICK_S)
    return max(gaps) * 1e3


def in_a_browser(home: Home) -> list[Row]:
    """The long session in Chromium: from the address to a key that has moved the reader, in a server that has not seen it."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from browser.chromium import Chromium, Tab, program

    if program() is None:
        return [Row("no Chromium here", "none", f"≤ {USABLE_MS} ms")]
    con = open_reader(home.archive)
    place = con.execute(SESSION_SQL).fetchone()[0]
    con.close()
    took = []
    with tempfile.TemporaryDirectory() as profile:
        browser = Chromium(Path(profile))
        try:
            for _ in range(ROUNDS):
                with served(home.archive) as port:
                    tab = Tab(browser)
                    tab.look(1000)
                    tab.open(f"http://127.0.0.1:{port}/archive/-/sessions")
                    start = time.perf_counter()
                    tab.open(f"http://127.0.0.1:{port}/archive/-/session/{place}")
                    tab.press("n")
                    tab.wait("document.activeElement.matches('.e.prompt.on')")
                    took.append((time.perf_counter() - start) * 1e3)
        finally:
            browser.close()
    said = f"{took[0]:.0f} ms, then {median(took[1:]):.0f}, at most {max(took):.0f}"
    return [
        Row(f"session of {LONG:,} records in Chromium: a key moves the reader", said, f"≤ {USABLE_MS} ms")
    ]


def one_session() -> Iterator[Record]:
    """40,000 records of one session: prompts, calls with answers, a failure now and then, nine compactions."""
    start = 1_780_000_000 * NS
    boundary = ""
    for n in range(LONG):
        kind, role, tool = (
            ("thinking", "assistant", None), ("message", "assistant", None), ("tool_use", "assistant", "Bash"), ("tool_result", "tool", "Bash"),
        )[n % 4]  # fmt: skip
        if n % 20 == 0:
            kind, role = "message", "user"
        rest: dict[str, object] = {}
        if kind == "tool_use":
            rest = {"id": f"toolu_{n}", "input": {"command": f"make test_{n}"}}
        elif kind == "tool_result":
            rest = {"tool_use_id": f"toolu_{n - 1}"}
        if n % 4_000 == 3_999:
            kind, role, tool, rest = "compaction", "system", None, {}
        yield Record(
            agent="claude-code", session="a-long-session", source_id=f"line-{n}", block=0, kind=kind, ts_ns=start + n * NS,
            text=f"step {n}: **what** was said, `code` and a path src/file_{n % 97}.py " * (1 + n % 7), mac=n.to_bytes(8), role=role,
            tool=tool, project="/home/dev/project", boundary=boundary, error=kind == "tool_result" and n % 40 == 3, rest=rest,
        )  # fmt: skip
        if kind == "compaction":
            boundary = f"line-{n}"


@contextmanager
def served(archive: str, gaps: list[float] | None = None) -> Iterator[int]:
    """The port of a `memlog serve` over an archive, in a thread of this process.

    gaps: is given, again and again, how many seconds later than it wanted a task of the server's loop ran.
    """
    sock, end = server.listen(0), threading.Event()
    application = server.application(archive, Settings())
    if gaps is not None:
        _watch(application, gaps)
    thread = threading.Thread(target=server.run, args=(application, sock), kwargs={"until": end.wait}, daemon=True)  # fmt: skip
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        end.set()
        thread.join(10)


def _watch(application: Any, gaps: list[float]) -> None:
    start = application.invoke_startup

    async def tick() -> None:
        while True:
            since = time.perf_counter()
            await asyncio.sleep(TICK_S)
            gaps.append(time.perf_counter() - since - TICK_S)

    async def watched() -> None:
        await start()
        application.bench_tick = asyncio.create_task(tick())

    application.invoke_startup = watched


def got(port: int, page: str) -> Got:
    """Ask for a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    start, used = time.perf_counter(), time.process_time()
    connection.request("GET", page)
    answer = connection.getresponse()
    ms = (time.perf_counter() - start) * 1e3
    size = len(answer.read())
    connection.close()
    return Got(ms, (time.process_time() - used) * 1e3, size, answer.status)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    """Print the rows for each size."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument(
        "--records", type=int, nargs="*", default=[10_000], help="a million takes five minutes"
    )
    parser.add_argument("--browser", action="store_true", help="the long session in Chromium too")
    parser.add_argument("--archive", type=Path, help="keep the archives here, and use those that are there")
    arguments = parser.parse_args()
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        kept = str(arguments.archive or folder)
        for records in arguments.records:
            home = Home(f"{kept}/{records}")
            if not os.path.exists(home.archive):
                fill(home, records)
            found += measured(home, records)
        found += long_session(Home(f"{kept}/long"))
        found += in_turns(Home(f"{kept}/long"))
        found += in_a_browser(Home(f"{kept}/long")) if arguments.browser else []
    print(machine() + "\n")
    print(table(found))


if __name__ == "__main__":
    main()
