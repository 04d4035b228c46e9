"""OpenTelemetry traces in OTLP/JSON, a TracesData a line, in the words of the GenAI conventions.

A session is a trace: one invoke_agent span, a chat span for what a model said, an execute_tool span for a
call and its answer. Prompts nobody answered are a chat span without output.

The conventions are in development; these are their names of 2026.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from memlog import __version__
from memlog.export.told import Told, told
from memlog.query import slice
from memlog.query.facts.stream import call_of, given

if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.export.tables import OnRows
    from memlog.query.slice import Slice

SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
_SPANS = 200  # of a line
_WAITING = 512  # calls without an answer; then they go out as they are
_INTERNAL, _CLIENT, _FAILED = 1, 3, 2
_PROVIDERS = {"claude-code": "anthropic", "codex": "openai", "gemini-cli": "gcp.gemini"}

Span = dict[str, Any]


def chunks(con: "Connection", part: "Slice", *, on_rows: "OnRows") -> Iterator[bytes]:
    """The lines, as the collector's otlp_json_file receiver takes them, and OTLP/HTTP one at a time."""
    spans: list[Span] = []
    for span in _Trace(con).spans(told(con, part), on_rows):
        spans.append(span)
        if len(spans) >= _SPANS:
            yield _line(spans)
            spans = []
    if spans:
        yield _line(spans)


def _line(spans: list[Span]) -> bytes:
    resource = {
        "attributes": [_attribute("service.name", "memlog"), _attribute("service.version", __version__)]
    }
    scope = {"scope": {"name": "memlog", "version": __version__}, "spans": spans, "schemaUrl": SCHEMA_URL}
    # half of a surrogate pair is no UTF-8: escaped it is still JSON
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).encode() + b"\n"


class _Trace:
    """Spans of records that go by."""

    def __init__(self, con: "Connection") -> None:
        self._con = con
        self._roots: set[bytes] = set()
        self._before: dict[str, int] = {}  # when the record before ended, by session
        self._asked: dict[str, list[Told]] = {}  # what the user said since the model spoke
        self._calls: dict[tuple[str, str], Span] = {}

    def spans(self, records: Iterator[Told], on_rows: "OnRows") -> Iterator[Span]:
        """Spans in the order they end in, those of sessions first."""
        for one in _whole(records, on_rows):
            trace = _trace_id(one)
            if trace not in self._roots:
                self._roots.add(trace)
                yield self._root(one, trace)
            yield from self._of(one, trace)
            self._before[one.session] = one.ts_ns
        for asked in self._asked.values():
            yield _unanswered(asked)
        yield from self._calls.values()

    def _of(self, one: Told, trace: bytes) -> Iterator[Span]:
        rest = _rest(one)
        if one.kind in ("message", "thinking") and one.role == "assistant":
            yield self._chat(one, trace, rest)
        elif one.kind == "message" and one.role == "user":
            asked = self._asked.setdefault(one.session, [])
            asked.append(one)
            if len(asked) > _WAITING:
                yield _unanswered(self._asked.pop(one.session))
        elif one.kind == "tool_use":
            self._calls[one.session, call_of(rest) or str(one.id)] = _call(one, trace, rest)
            if len(self._calls) > _WAITING:
                yield self._calls.pop(next(iter(self._calls)))
        elif one.kind == "tool_result":
            span = self._calls.pop((one.session, call_of(rest) or ""), None)
            if span is not None:
                yield _answered(span, one)

    def _root(self, one: Told, trace: bytes) -> Span:
        row = next(slice.session(self._con, one.session, one.agent), None)
        names = [
            column[0]
            for column in self._con.execute(slice.SESSION_SQL, {"session": "", "agent": ""}).description
        ]
        known = dict(zip(names, row, strict=True)) if row else {}
        span = _span(one, trace, f"invoke_agent {one.agent}", _INTERNAL, "invoke_agent")
        span["spanId"], span["parentSpanId"] = _span_id(trace, "session"), ""
        span["startTimeUnixNano"] = str(known.get("started_ns") or one.ts_ns)
        span["endTimeUnixNano"] = str(known.get("ended_ns") or one.ts_ns)
        return span

    def _chat(self, one: Told, trace: bytes, rest: Mapping[str, Any]) -> Span:
        line = rest.get("line")
        message = line.get("message") if isinstance(line, Mapping) else None
        message = message if isinstance(message, Mapping) else {}
        model = message.get("model") if isinstance(message.get("model"), str) else None
        span = _span(one, trace, f"chat {model}" if model else "chat", _CLIENT, "chat")
        span["startTimeUnixNano"] = str(min(self._before.get(one.session, one.ts_ns), one.ts_ns))
        kind = "reasoning" if one.kind == "thinking" else "text"
        out = {"role": "assistant", "parts": [{"type": kind, "content": one.text}], "finish_reason": "stop"}
        told_: list[tuple[str, Any]] = [
            ("gen_ai.request.model", model),
            ("gen_ai.response.model", model),
            ("gen_ai.response.id", message.get("id")),
            ("gen_ai.output.messages", json.dumps([out], ensure_ascii=False)),
        ]
        asked = self._asked.pop(one.session, None)
        if asked is not None:
            told_.append(("gen_ai.input.messages", _prompts(asked)))
        usage = message.get("usage")
        if isinstance(usage, Mapping):
            told_ += [(f"gen_ai.usage.{name}", usage.get(name)) for name in ("input_tokens", "output_tokens")]
        span["attributes"] += [
            _attribute(name, value) for name, value in told_ if isinstance(value, str | int)
        ]
        return span


def _whole(records: Iterator[Told], on_rows: "OnRows") -> Iterator[Told]:
    """Records; the text of one in several parts is whole."""
    held: Told | None = None
    texts: list[str] = []
    for one in records:
        on_rows(1)
        if held is not None:
            of = (held.session, held.agent, held.kind, held.parts, held.part + len(texts))
            if one.part and of == (one.session, one.agent, one.kind, one.parts, one.part):
                texts.append(one.text)
                continue
            yield replace(held, text="".join(texts))
        held, texts = one, [one.text]
    if held is not None:
        yield replace(held, text="".join(texts))


def _prompts(asked: list[Told]) -> str:
    said = [{"role": "user", "parts": [{"type": "text", "content": one.text}]} for one in asked]
    return json.dumps(said, ensure_ascii=False)


def _unanswered(asked: list[Told]) -> Span:
    span = _span(asked[0], _trace_id(asked[0]), "chat", _CLIENT, "chat")
    span["endTimeUnixNano"] = str(max(one.ts_ns for one in asked))
    span["attributes"].append(_attribute("gen_ai.input.messages", _prompts(asked)))
    return span


def _call(one: Told, trace: bytes, rest: Mapping[str, Any]) -> Span:
    span = _span(one, trace, f"execute_tool {one.tool or 'tool'}", _INTERNAL, "execute_tool")
    arguments = given(rest)
    said = one.text if arguments is None else json.dumps(arguments, ensure_ascii=False)
    told_ = [
        ("gen_ai.tool.name", one.tool),
        ("gen_ai.tool.call.id", call_of(rest)),
        ("gen_ai.tool.type", "function"),
        ("gen_ai.tool.call.arguments", said),
    ]
    span["attributes"] += [_attribute(name, value) for name, value in told_ if value is not None]
    return span


def _answered(span: Span, one: Told) -> Span:
    span["endTimeUnixNano"] = str(max(one.ts_ns, int(span["startTimeUnixNano"])))
    span["attributes"].append(_attribute("gen_ai.tool.call.result", one.text))
    if one.error:
        span["attributes"].append(_attribute("error.type", "tool_error"))
        span["status"] = {"code": _FAILED, "message": one.text[:200]}
    return span


def _span(one: Told, trace: bytes, name: str, kind: int, operation: str) -> Span:
    told_ = [
        ("gen_ai.operation.name", operation),
        ("gen_ai.provider.name", _PROVIDERS.get(one.agent, one.agent)),
        ("gen_ai.conversation.id", one.session),
        ("gen_ai.agent.name", one.agent),
        ("memlog.record.id", one.id),
        ("memlog.epoch", one.epoch),
    ]
    return {
        "traceId": trace.hex(),
        "spanId": _span_id(trace, str(one.id)),
        "parentSpanId": _span_id(trace, "session"),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(one.ts_ns),
        "endTimeUnixNano": str(one.ts_ns),
        "attributes": [_attribute(key, value) for key, value in told_],
        "status": {},
    }


def _attribute(name: str, value: Any) -> dict[str, Any]:
    return {
        "key": name,
        "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
    }


def _trace_id(one: Told) -> bytes:
    return sha256(json.dumps(["memlog/trace", one.agent, one.session]).encode()).digest()[:16]


def _span_id(trace: bytes, name: str) -> str:
    return sha256(trace + name.encode()).hexdigest()[:16]


def _rest(one: Told) -> Mapping[str, Any]:
    try:
        found = json.loads(one.extra or "null")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}
