"""The reports of a bundle: what a compaction took and what happened, each with its record."""

import re
import sqlite3 as stock
import subprocess
import sys
from pathlib import Path

import pytest

import archives
from archives import NOW_NS, record
from flow import bundles
from flow.bundles import Make, compacted, faults, write
from memlog.export import post_mortem
from memlog.paths import Home
from memlog.query import slice, timeline
from memlog.query.facts import listing
from memlog.query.facts.endings import HIDDEN
from memlog.query.selection import Selection

filled = bundles.filled
written = bundles.written
make = bundles.make


def test_the_report_says_what_a_compaction_took_and_what_happened(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    for table in ("step", "fact", "compaction", "loss", "kept", "health", "query"):
        assert con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
    kinds = con.execute("SELECT kind, lost, facts FROM loss WHERE kind IN ('file', 'command')").fetchall()
    commands = [value for (value,) in con.execute("SELECT command FROM commands")]
    for title, sql in con.execute("SELECT title, sql FROM query"):
        (
            con.execute(sql, {"words": "the"}).fetchall() if ":words" in sql else con.execute(sql).fetchall(),
            title,
        )
    con.close()
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    for kind, lost, facts in kinds:
        assert f"{lost:,} of {facts:,} {kind}" in html and f"{lost:,} of {facts:,} {kind}" in text
    assert "compaction" in html and commands
    for heading in (
        "Timeline",
        "Commands",
        "Files",
        "Error messages",
        "What did not arrive",
        "The recorder",
        "What is left out",
    ):
        assert f"<h2>{heading}</h2>" in html and f"## {heading}\n" in text


def test_a_bundle_of_an_epoch_goes_on_to_what_the_agent_did_next(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slice, "NEXT", 6)
    said = [record("never deploy on a Friday", n=0), record("Understood.", n=1, role="assistant")]
    then = {"boundary": "session-a-2"}
    cut = [
        record("compacted", n=2, kind="compaction", role=None, rest={"line": {"compactMetadata": {"trigger": "auto"}}}, **then),
        record("The user deploys.", n=3, kind="summary", **then),
        *(record(f"step {n}", n=n, role="assistant", **then) for n in range(4, 30)),
    ]  # fmt: skip
    archives.fill(home, said, cut)
    with archives.reading(home) as con:
        part = slice.cut(con, Selection(epoch=0), ["session-a"], now_ns=NOW_NS)
        post_mortem.write(con, part, str(tmp_path / "epoch"), now_ns=NOW_NS)
    con = stock.connect(tmp_path / "epoch" / "incident.db")
    held = [text for (text,) in con.execute("SELECT text FROM record ORDER BY ts_ns")]
    assert held == [
        "never deploy on a Friday",
        "Understood.",
        "compacted",
        "The user deploys.",
        *(f"step {n}" for n in range(4, 8)),
    ]
    assert con.execute("SELECT epoch FROM compaction").fetchall() == [(0,)]
    con.close()
    told = (tmp_path / "epoch" / "report.md").read_text()
    assert "compaction* auto; lost of what was asked for, decided and worked on: 1 of 1 ·" in told
    with archives.reading(home) as con:
        shown = [step.text for step in timeline.timeline(con, now_ns=NOW_NS) if step.what == "compaction"]
    assert shown == ["auto"]
    assert "the compaction that ended it and the first 6 records after it" in told and "step 7" in told
    assert faults(tmp_path / "epoch") == []


def test_a_report_cites_records_and_leads_to_their_lines(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    anchors_ = re.findall(r'<li id="r(\d+)"', html)
    links = re.findall(r'<a href="#r(\d+)">(\d+)</a>', html)
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    at = dict(con.execute("SELECT CAST(id AS TEXT), ts FROM record").fetchall())
    con.close()
    assert len(anchors_) == len(set(anchors_)) > 5 and set(anchors_) <= set(at)
    assert len(links) > 5 and {line for line, _ in links} <= set(anchors_)
    assert all(at[line] <= at[record] for line, record in links)
    assert all(f" · {record}\n" in text for record in anchors_)
    assert re.search(r"\| file \|.*\| record \|", text)


def test_that_the_agent_came_back_is_cited(make: Make, filled: Home) -> None:
    place = make(session=compacted(filled))
    con = stock.connect(f"file:{place / 'incident.db'}?mode=ro&immutable=1", uri=True)
    rows = con.execute(
        "SELECT k.epoch, k.came_back, r.epoch, (SELECT count(*) FROM fact f WHERE f.record = k.again AND f.kind = k.kind)"
        " FROM kept k LEFT JOIN record r ON r.id = k.again WHERE k.again IS NOT NULL"
    ).fetchall()
    (others,) = con.execute(
        "SELECT count(*) FROM kept WHERE (again IS NULL) = (coalesce(came_back, 0) > 0)"
    ).fetchone()
    con.close()
    assert rows and others == 0
    assert all(back > 0 and then == epoch + 1 and cited for epoch, back, then, cited in rows)
    assert "| back in |" in (place / "report.md").read_text()


def test_a_plan_told_again_is_said_once_for_each_change(home: Home, tmp_path: Path) -> None:
    states = [
        ("pending", "pending"),
        ("completed", "pending"),
        ("completed", "pending"),
        ("completed", "completed"),
    ]
    calls = [
        record(
            "todos:\n" + "\n".join(f"content: do {item} well\nstatus: {state}" for item, state in zip("ab", now, strict=True)),
            n=n, kind="tool_use", role="assistant", tool="TodoWrite",
            rest={"id": f"t{n}", "input": {"todos": [
                {"content": f"do {item} well", "status": state} for item, state in zip("ab", now, strict=True)]}},
        )
        for n, now in enumerate(states)
    ]  # fmt: skip
    archives.fill(home, calls)
    write(home, tmp_path / "bundle")
    con = stock.connect(tmp_path / "bundle" / "incident.db")
    told = con.execute("SELECT value, detail FROM said WHERE kind = 'todo'").fetchall()
    (facts,) = con.execute("SELECT count(*) FROM fact WHERE kind = 'todo'").fetchone()
    con.close()
    assert facts == 8 and sorted(told) == [
        (f"do {item} well", state) for item in "ab" for state in ("completed", "pending")
    ]


def test_a_run_whose_end_a_pipe_hides_is_told_ok_nowhere(home: Home, tmp_path: Path) -> None:
    calls = [
        record(text, n=n, kind=kind, role=role, tool="Bash", rest={"id": f"t{n // 2}", "input": given})
        for n, (text, kind, role, given) in enumerate(
            one
            for command, answer in (("go test ./... | tail -20", "--- FAIL: TestA (0.00s)"), ("go vet | tail -1", "fine"))
            for one in (
                (f"command: {command}", "tool_use", "assistant", {"command": command}),
                (answer, "tool_result", "user", None),
            )
        )
    ]  # fmt: skip
    archives.fill(home, calls)
    write(home, tmp_path / "bundle")
    con = stock.connect(tmp_path / "bundle" / "incident.db")
    ended = dict(con.execute("SELECT command, ended FROM commands").fetchall())
    lines = dict(con.execute("SELECT text, outcome FROM step").fetchall())
    con.close()
    with archives.reading(home) as archive:
        shown = {step.text: step.outcome for step in timeline.timeline(archive, now_ns=NOW_NS)}
    assert ended == lines == shown == {"go test ./... | tail -20": HIDDEN, "go vet | tail -1": "ok"}
    assert HIDDEN in (tmp_path / "bundle" / "report.md").read_text().replace("\\", "")


def test_what_records_say_is_text_in_both_reports(make: Make) -> None:
    place = make(session="session-a")
    html, text = (place / "report.html").read_text(), (place / "report.md").read_text()
    assert "&lt;script&gt;alert(1)" in html and "<script" not in html and "<img" not in html
    assert "default-src &#x27;none&#x27;" not in html and "default-src 'none'; style-src 'sha256-" in html
    assert "<script" not in text and "<img" not in text and "](http://" not in text
    for char in "\u202e\x1b":
        assert char not in html and char not in text
    assert "http://" not in html.replace("http://evil.test", ""), "nothing of ours is anywhere else"


def test_sentences_too_long_to_be_read_are_counted_in_the_list_and_in_the_report(
    home: Home, tmp_path: Path
) -> None:
    long = "never do this because " + "of that and " * 200 + "so on"
    archives.fill(
        home, [record(f"Use pnpm, please. {long}.\n{long}.", n=1), record("Use tabs, please.", n=2)]
    )
    with archives.reading(home) as con:
        counts: list[int] = []
        said = [row.value for row in listing.facts(con, "session-a", unread=counts.append)]
    assert said == ["Use pnpm, please.", "Use tabs, please."] and counts == [2]
    place = write(home, tmp_path / "bundle")
    assert "2 sentences of more than 1,500 characters not read" in (place / "report.md").read_text()


# The same rows, all of them in memory before the first is known.
WINDOWED = """
CREATE VIEW said AS
SELECT ts, session, epoch, kind, said_by, value, detail, record FROM (
  SELECT *, lag(coalesce(detail, '')) OVER (PARTITION BY session, kind, value ORDER BY ts, record) AS was FROM fact
  WHERE kind IN ('instruction', 'correction', 'decision', 'todo'))
WHERE kind <> 'todo' OR was IS NOT coalesce(detail, '') ORDER BY ts, record
"""
PEAK = """
import sys
from memlog.archive.connection import sqlite3
from memlog.export import report_read
report_read.read(sqlite3.connect(sys.argv[1]), anchored=False)
# Not ru_maxrss: Linux counts into it what the process was before exec, its parent, which may be large.
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")))
"""


@pytest.mark.slow
def test_a_report_of_very_many_facts_holds_few_of_them(make: Make) -> None:
    path = make(session="session-b") / "incident.db"
    facts = 300_000
    con = stock.connect(path)
    con.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO fact SELECT 'todo', 'item ' || (i / 3) || printf('%0100d', i / 3), i % 2, 'agent', 1, 0, 9, 'd',"
        " printf('2026-01-01T00:%07d', i), 's', 0, 'claude-code', 0, NULL FROM n",
        (facts,),
    )
    con.commit()

    def peak() -> int:
        """Kilobytes."""
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    told, lean = con.execute("SELECT count(*) FROM said").fetchone(), peak()
    con.executescript("DROP VIEW said;" + WINDOWED)
    assert con.execute("SELECT count(*) FROM said").fetchone() == told and told[0] > facts // 2
    con.close()
    twin = peak()
    assert twin > lean + 50_000, "the known-bad twin holds them"
    assert lean < 100_000
