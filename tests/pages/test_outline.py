"""A long session's outline and its pages: every record once, in order, none apart from its answer."""

import re
from pathlib import Path
from typing import Any

from memlog.archive.connection import open_reader
from memlog.query import outline, reading
from memlog.query.sessions import session
from pages.filled import fill
from pages.told import folder, said


async def test_the_contents_and_the_strip_count_the_same_records(serve: Any, archive: str) -> None:
    client = serve(archive).client
    rows = (await client.get("/archive/v_session.json?_shape=array")).json()
    assert any(row["metas"] for row in rows)
    for row in rows:
        for every in ("", "?all=1"):
            html = (await client.get(f"/archive/-/session/{row['dir']}{every}")).text
            total = int(
                re.search(r" of ([\d,]+) records?<|of ([\d,]+) records?,", html)[0]
                .split()[1]
                .replace(",", "")
            )  # type: ignore[index]
            chapters = [
                int(n.replace(",", "")) for n in re.findall(r'</a> <span class="soft">([\d,]+)</span>', html)
            ]
            assert sum(chapters) == total and chapters
            out = re.search(r"without <a[^>]*>([\d,]+) bookkeeping", html)
            assert row["records"] == total + int(out[1] if out else 0)
    assert "counts once" in (await client.get("/archive")).text


async def test_a_long_session_is_read_in_pages_that_together_hold_every_record_once(
    serve: Any, tmp_path: Path
) -> None:
    records = [
        record
        for n in range(0, 900, 3)
        for record in (
            said(n, "message", "user", f"prompt {n}"),
            said(n + 1, "tool_use", "assistant", "command: x", tool="Bash", rest={"id": f"t{n}"}),
            said(
                n + 2,
                "tool_result",
                "tool",
                "done",
                tool="Bash",
                rest={"tool_use_id": f"t{n}"},
                error=n % 300 == 0,
            ),
        )
    ]
    path = fill(tmp_path, records)
    con = open_reader(path)
    found = outline.outline(con, session(con, "last"))
    assert len(found) == 900 and len(found.pages) > 5
    met: list[int] = []
    for page in range(len(found.pages)):
        for chapter in reading.chapters(con, found, *found.stretch(page)):
            for entry in chapter.entries:
                assert isinstance(entry, reading.Entry)
                met.append(entry.record.id)
                if entry.what == "call":
                    assert entry.answer is not None, "no page parts a call from its answer"
                    met.append(entry.answer.id)
    assert sorted(met) == found.ids
    first = (await serve(path).client.get(await folder(serve(path).client))).text
    assert 'rel="next"' in first and "data-after-prompt" in first and "data-before-prompt" not in first
    con.close()


def test_a_page_of_long_answers_has_fewer_of_them(tmp_path: Path) -> None:
    records = [
        record
        for n in range(0, 300, 3)
        for record in (
            said(n, "message", "assistant", f"answer {n} " + "long " * (3_600 if n < 150 else 1)),
            said(n + 1, "tool_use", "assistant", "command: x", tool="Bash", rest={"id": f"t{n}"}),
            said(n + 2, "tool_result", "tool", "x" * 40_000, tool="Bash", rest={"tool_use_id": f"t{n}"}),
        )
    ]
    con = open_reader(fill(tmp_path, records))
    found = outline.outline(con, session(con, "last"))
    lengths = [last - first for first, last in map(found.stretch, range(len(found.pages)))]
    assert sum(lengths) == 300 and lengths[0] < outline.PAGE / 2 < outline.PAGE <= lengths[-2], lengths
    for first in found.pages[1:]:
        assert found.kinds[first] != "r", "a call and its answer are on one page"
    con.close()


def test_an_outline_has_every_record_by_epoch_and_then_by_time(tmp_path: Path) -> None:
    kinds = ("message", "thinking", "tool_use", "tool_result", "attachment", "message", "meta", "summary")
    records = [
        said(
            n, kinds[n % 8], "user" if n % 8 == 0 else "assistant", f"{'<' if n % 16 else ''}text {n} " * (n % 50),
            error=n % 7 == 0, boundary="line-500" if n > 500 and n % 3 else "",
        )
        for n in range(2_300)
    ]  # fmt: skip
    records[500] = said(500, "compaction", "system", "compacted")
    records[1_000:1_400] = [one._replace(ts_ns=records[1_000].ts_ns) for one in records[1_000:1_400]]
    con = open_reader(fill(tmp_path, records))
    rows = con.execute(
        "SELECT r.id, e.number, r.bytes, r.kind, r.role, r.error, r.text FROM (SELECT *, memlog_text(body, packing, text_bytes) AS text FROM record) r JOIN epoch e ON e.id = r.epoch_id"
        " WHERE r.kind <> 'meta' OR r.error ORDER BY e.number, r.ts_ns, r.id"
    ).fetchall()
    found = outline.outline(con, session(con, "last"))
    assert list(zip(found.ids, found.epochs, found.sizes, strict=True)) == [row[:3] for row in rows]
    assert len({row[1] for row in rows}) == 2 and len(rows) > 2_000, "it is read in parts, and put in order"
    assert [flag in "13" for flag in found.flags] == [bool(row[5]) for row in rows]
    assert found.landmarks["prompt"] == [
        n for n, row in enumerate(rows) if row[3:5] == ("message", "user") and outline.is_said(row[6])
    ]
    assert found.landmarks["error"] == [n for n, row in enumerate(rows) if row[5]]
    assert found.landmarks["compaction"] == [n for n, row in enumerate(rows) if row[3] == "compaction"]
    assert len(outline.outline(con, session(con, "last"), every=True)) == 2_300
    con.close()
