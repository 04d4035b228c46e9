"""Markdown, HTML, Parquet and OpenTelemetry: each read back by the tool it is for."""

import base64
import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import archives
from archives import NOW_NS, record
from memlog.errors import UnavailableError
from memlog.export import html, markdown, otel, parquet
from memlog.export.report import plain
from memlog.paths import Home
from memlog.query import slice
from memlog.query.selection import Selection
from pages.filled import records_of

TEXTS = [
    "```\nfence\n````",
    "<script>alert(1)</script>",
    "[a](http://evil.test) **b** # c",
    "a\tb\n\n  c\n",
    "\u202eevil\x1b[31m",
    "漢字 🙂",
    "\nfirst line empty",
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Texts that break out of things, and a session of an agent with calls and a compaction."""
    home = Home(str(tmp_path_factory.mktemp("formats") / "home"))
    archives.fill(home, [record(text, n=n) for n, text in enumerate(TEXTS)], records_of("compacted.jsonl"))
    return home


def written(home: Home, module: Any, *names: str) -> str:
    with archives.reading(home) as con:
        part = slice.cut(con, Selection(), names, now_ns=NOW_NS)
        return b"".join(module.chunks(con, part, on_rows=lambda n: None)).decode()


def rows(home: Home, sql: str) -> list[dict[str, Any]]:
    with archives.reading(home) as con:
        return archives.rows(con, sql)


TOLD_SQL = "SELECT * FROM v_record WHERE kind <> 'meta' AND text <> '' ORDER BY ts_ns, id"


def test_markdown_renders_to_every_text_and_to_nothing_else_of_it(filled: Home) -> None:
    tokens = MarkdownIt("commonmark").parse(written(filled, markdown))
    fences = [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    assert fences == [plain(row["text"]) for row in rows(filled, TOLD_SQL)]
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or ()
    }
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self._in = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag == "pre":
            self._in = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._in:
            self.texts[-1] += data


def test_html_holds_every_text_and_no_tag_of_it(filled: Home) -> None:
    page = _Page()
    page.feed(written(filled, html))
    assert [text.removeprefix("\n") if text.startswith("\n") else text for text in page.texts] == [
        plain(row["text"]) for row in rows(filled, TOLD_SQL)
    ]
    assert not page.tags & {"script", "img", "link", "iframe", "a", "form"}


def test_parquet_gives_duckdb_the_rows_of_v_record(filled: Home, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = str(tmp_path / "out.parquet")
    with archives.reading(filled) as con:
        part = slice.cut(con, Selection(), now_ns=NOW_NS)
        parquet.write(con, part, path, on_rows=lambda n: None)
    found = duckdb.connect().execute("SELECT * FROM read_parquet(?) ORDER BY ts_ns, id", [path])
    names = [column[0] for column in found.description]
    expected = rows(filled, "SELECT * FROM v_record ORDER BY ts_ns, id")
    assert [dict(zip(names, row, strict=True)) for row in found.fetchall()] == expected and len(expected) > 20


def test_without_pyarrow_parquet_names_what_to_install(
    filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with archives.reading(filled) as con, pytest.raises(UnavailableError) as raised:
        parquet.write(
            con, slice.cut(con, Selection(), now_ns=NOW_NS), str(tmp_path / "x"), on_rows=lambda n: None
        )
    assert "pip install 'memlog-recorder[parquet]'" in raised.value.hint


def spans_of(text: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [
        s
        for line in lines
        for r in line["resourceSpans"]
        for scope in r["scopeSpans"]
        for s in scope["spans"]
    ]


def test_the_opentelemetry_schema_takes_every_line(filled: Home) -> None:
    json_format = pytest.importorskip("google.protobuf.json_format")
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    count = 0
    for line in written(filled, otel).splitlines():
        said = json.loads(line)
        for span in spans_of(line):  # OTLP writes ids in hex where protobuf's own JSON has base64
            count += 1
            assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16
        for resource in said["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for name in ("traceId", "spanId", "parentSpanId"):
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
        json_format.ParseDict(said, TracesData())  # an unknown field or a wrong type raises
    assert count > 10


def test_a_session_is_a_trace_of_what_was_said_and_done(filled: Home) -> None:
    (session,) = rows(filled, "SELECT * FROM v_session WHERE compactions > 0")
    spans = spans_of(written(filled, otel, session["session"]))
    assert len({span["traceId"] for span in spans}) == 1 and len({span["spanId"] for span in spans}) == len(
        spans
    )
    told = [{a["key"]: next(iter(a["value"].values())) for a in span["attributes"]} for span in spans]
    by_operation = {
        name: [t for t in told if t["gen_ai.operation.name"] == name]
        for name in ("invoke_agent", "chat", "execute_tool")
    }
    calls = rows(
        filled,
        f"SELECT * FROM v_record WHERE kind = 'tool_use' AND part = 0 AND session = '{session['session']}'",
    )
    assert len(by_operation["invoke_agent"]) == 1 and len(by_operation["execute_tool"]) == len(calls) > 0
    assert {t["gen_ai.tool.name"] for t in by_operation["execute_tool"]} == {row["tool"] for row in calls}
    assert any("gen_ai.tool.call.result" in t for t in by_operation["execute_tool"])
    assert all(
        json.loads(t["gen_ai.output.messages"])[0]["role"] == "assistant"
        for t in by_operation["chat"]
        if "gen_ai.output.messages" in t
    )
    assert all(t["gen_ai.conversation.id"] == session["session"] for t in told)
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)
    root = next(span for span in spans if not span["parentSpanId"])
    assert {span["parentSpanId"] for span in spans if span is not root} == {root["spanId"]}


def test_a_trace_holds_every_prompt_answered_or_not_and_each_text_whole(home: Home) -> None:
    long = "hay " * 60_000 + "needle"
    said = [record(f"prompt {n}", n=n) for n in range(1, 11)]
    said += [record("done", n=11, role="assistant"), record("one more", n=12), record(long, n=13)]
    called = record(
        "ran", n=14, kind="tool_use", role="assistant", tool="Bash", rest={"id": "t1", "input": {}}
    )
    answer = record(long, n=15, kind="tool_result", role="tool", tool="Bash", rest={"tool_use_id": "t1"})
    archives.fill(home, [*said, called, answer])
    assert rows(home, "SELECT 1 FROM v_record WHERE part > 0"), "a text in several parts"
    told = [
        {a["key"]: next(iter(a["value"].values())) for a in s["attributes"]}
        for s in spans_of(written(home, otel))
    ]
    asked = [json.loads(t["gen_ai.input.messages"]) for t in told if "gen_ai.input.messages" in t]
    texts = [[part["content"] for one in messages for part in one["parts"]] for messages in asked]
    assert texts == [[f"prompt {n}" for n in range(1, 11)], ["one more", long]]
    assert [t["gen_ai.tool.call.result"] for t in told if "gen_ai.tool.call.result" in t] == [long]
