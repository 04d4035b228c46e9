"""Made-up agent records and transcripts: sizes, words and markup as sessions have them.

Everything comes from a seed and from bench/text, so numbers can be compared between
machines. Texts are as long as those measured on real sessions (p50 655 B, p90 5 KB, p99
28 KB, mean 2.4 KB), a few words of each are unique, and blobs pack as real ones do: to
0.40 of their size by zstd alone and to 0.27 with the archive's dictionary (real: 0.37, 0.28).
"""

import json
import os
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from bench.pools import LONGEST, pools, text_size, word
from memlog.record import Record

START_NS = 1_735_689_600_000_000_000  # 2025-01-01
STEP_S = 10.0  # mean time between records: a million take four months
LIVE = 3  # sessions that run at the same time
SESSION_RECORDS = 600
EPOCH_RECORDS = 400

PROJECTS = tuple(
    f"/home/dev/{n}" for n in ("atlas", "borea", "cinder", "delta-sync", "ember/api", "fjord", "gantry")
)
FOLDERS = ("src", "lib", "internal", "cmd", "tests", "docs", "pkg/store", "app/views", "scripts", "core")
TOOLS = ("Bash", "Read", "Edit", "Write", "Grep", "Glob", "Task", "TodoWrite", "WebFetch")
TOOL_WEIGHTS = tuple(accumulate((34, 24, 16, 6, 9, 4, 2, 4, 1)))
USAGE = {
    "input_tokens": 8, "cache_creation_input_tokens": 1_092, "cache_read_input_tokens": 47_644,
    "output_tokens": 2, "service_tier": "standard",
}  # fmt: skip


class _Session:
    """What the records of one session have in common, and where it stands."""

    def __init__(self, random: Random, number: int) -> None:
        self.name = uuid(random)
        self.project = PROJECTS[number % len(PROJECTS)]
        self.left = max(20, int(random.expovariate(1 / SESSION_RECORDS)))
        self.epoch_left = EPOCH_RECORDS
        self.boundary = ""
        self.parent: str | None = None
        self.at = 0


def uuid(random: Random) -> str:
    """A version 4 UUID's text."""
    h = f"{random.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def records(n: int, seed: int = 1) -> Iterator[Record]:
    """`n` records of several sessions at once, in order of time; the same for the same seed.

    A longer run begins with the records of a shorter one.
    """
    random = Random(seed)
    made = LIVE
    live = [_Session(random, number) for number in range(LIVE)]
    now = START_NS
    for _ in range(n):
        now += int(random.expovariate(1 / STEP_S) * 1e9)
        slot = int(random.random() * LIVE)
        session = live[slot]
        yield _record(random, session, now)
        session.left -= 1
        if session.left <= 0:
            live[slot] = _Session(random, made)
            made += 1


# kind, role, sort of text; weights as counted in real sessions, bookkeeping lines included
_KINDS = (
    ("message", "assistant", "prose"), ("message", "user", "prose"), ("thinking", "assistant", "prose"),
    ("tool_use", "assistant", "code"), ("tool_result", "user", "output"), ("tool_result", "user", "code"),
    ("meta", None, "output"),
)  # fmt: skip
_KIND_WEIGHTS = tuple(accumulate((16, 5, 13, 21, 14, 13, 18)))


_MOST = {"tool_use": 28_000, "tool_result": 28_000, "meta": 28_000}  # twice the text still is one blob


def _record(random: Random, session: _Session, now: int) -> Record:
    kind, role, sort = _KINDS[bisect_left(_KIND_WEIGHTS, random.random() * _KIND_WEIGHTS[-1])]
    source_id, tool = uuid(random), None
    if kind in ("tool_use", "tool_result"):
        tool = TOOLS[bisect_left(TOOL_WEIGHTS, random.random() * TOOL_WEIGHTS[-1])]
    if session.epoch_left <= 0:
        session.epoch_left, session.boundary, kind, role = EPOCH_RECORDS, source_id, "compaction", "system"
        text = "Conversation compacted"
    else:
        size = min(text_size(random), _MOST.get(kind, LONGEST))
        text = f"{_unique(random)}\n{pools()[sort].cut(random, size)}"
    made = Record(
        agent="claude-code", session=session.name, source_id=source_id, block=0, kind=kind, ts_ns=now, text=text,
        mac=random.randbytes(8), role=role, tool=tool, project=session.project, parent_id=session.parent,
        boundary=session.boundary, at=session.at, error=tool is not None and random.random() < 0.03,
        rest=_rest(random, kind, text),
    )  # fmt: skip
    session.parent = source_id
    session.epoch_left -= 1
    session.at += len(text) + 900
    return made


def _unique(random: Random) -> str:
    """Words no other record has: what makes an index grow."""
    number = random.getrandbits(96)
    return (
        f"{FOLDERS[number % 10]}/{word(number >> 8)}_{number >> 70:x}.py:{number & 1023} "
        f"{number & 0xFFFFFFFFFF:010x} req-{number >> 40 & 0xFFFFFFF:x}"
    )


def _rest(random: Random, kind: str, text: str) -> dict[str, Any]:
    """What capture keeps beside the text: the line's envelope, a tool's input, what an edit replaced."""
    number = random.getrandbits(128)
    line: dict[str, Any] = {
        "isSidechain": False, "userType": "external", "version": "2.1.22", "gitBranch": "main", "slug": word(number),
    }  # fmt: skip
    if kind in ("message", "thinking", "tool_use"):
        line["message"] = {
            "model": "claude-opus-4-5-20251101", "id": f"msg_{number >> 40:x}", "type": "message",
            "role": "assistant", "stop_reason": None, "usage": {**USAGE, "output_tokens": number & 511},
        }  # fmt: skip
        line["requestId"] = f"req_{number & 0xFFFFFFFFFFFFFFFFFF:x}"
    if kind == "tool_use":
        return {
            "id": f"toolu_{number >> 32:x}",
            "input": {"command": text, "description": "Run it"},
            "line": line,
        }
    if kind == "tool_result":
        line["toolUseResult"] = _edit(random) if number & 3 == 0 else {"stdout": {"same": True}, "stderr": ""}
        return {"tool_use_id": f"toolu_{number >> 32:x}", "line": line}
    if kind == "meta":
        line |= {"type": "progress", "data": {"output": text}, "toolUseID": f"toolu_{number >> 32:x}"}
    elif kind == "compaction":
        line["compactMetadata"] = {"trigger": "auto", "preTokens": 155_000 + (number & 0x1FFF)}
    return {"line": line}


def _edit(random: Random) -> dict[str, Any]:
    code = pools()["code"]
    original = code.cut(random, min(text_size(random) * 2, _MOST["tool_result"]))
    old, new = original[:200], code.cut(random, 300)
    patch = {"oldStart": 1, "oldLines": 6, "newStart": 1, "newLines": 8, "lines": new.split("\n")}
    return {"oldString": old, "newString": new, "originalFile": original, "structuredPatch": [patch]}


class Written(NamedTuple):
    """What a made-up transcript holds. uuids: of its user and assistant lines."""

    lines: int
    uuids: list[str]
    compactions: int
    bytes: int


class _Writer:
    """Lines of one Claude Code transcript."""

    def __init__(self, session: str, random: Random) -> None:
        self.session = session
        self.random = random
        self.parent: str | None = None
        self.now = START_NS
        self.tool: tuple[str, str] | None = None
        self.uuids: list[str] = []

    def line(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        self.now += int(self.random.expovariate(1 / 4.0) * 1e9)
        stamp = datetime.fromtimestamp(self.now // 1_000_000 / 1_000, UTC)
        name = uuid(self.random)
        made = {
            "parentUuid": self.parent, "isSidechain": False, "userType": "external", "cwd": PROJECTS[0],
            "sessionId": self.session, "version": "2.1.22", "gitBranch": "main", "type": kind, **fields,
            "uuid": name, "timestamp": stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }  # fmt: skip
        self.parent = name
        if kind in ("user", "assistant"):
            self.uuids.append(name)
        return made

    def text(self, sort: str) -> str:
        return f"{_unique(self.random)}\n{pools()[sort].cut(self.random, text_size(self.random))}"

    def assistant(self, block: dict[str, Any]) -> dict[str, Any]:
        number = self.random.getrandbits(128)
        message = {
            "model": "claude-opus-4-5-20251101", "id": f"msg_{number >> 40:x}", "type": "message",
            "role": "assistant", "content": [block], "stop_reason": None, "usage": USAGE,
        }  # fmt: skip
        return self.line("assistant", {"message": message, "requestId": f"req_{number & 0xFFFFFFFFFFFF:x}"})

    def turn(self) -> Iterator[dict[str, Any]]:
        """A prompt and what the agent does about it."""
        yield {
            "type": "file-history-snapshot", "messageId": uuid(self.random), "isSnapshotUpdate": False,
            "snapshot": {"trackedFileBackups": {}},
        }  # fmt: skip
        yield self.line("user", {"message": {"role": "user", "content": self.text("prose")}})
        for _ in range(self.random.randint(1, 8)):
            thinking = {
                "type": "thinking",
                "thinking": self.text("prose"),
                "signature": f"E{self.random.getrandbits(800):x}",
            }
            yield self.assistant(thinking)
            yield from self.tool_call()
        yield self.assistant({"type": "text", "text": self.text("prose")})
        yield self.line("system", {"subtype": "turn_duration", "durationMs": self.random.getrandbits(16)})

    def tool_call(self) -> Iterator[dict[str, Any]]:
        name, tool = self.random.choice(TOOLS), f"toolu_{self.random.getrandbits(96):x}"
        given = {"command": self.text("code"), "description": "Run it"}
        yield self.assistant({"type": "tool_use", "id": tool, "name": name, "input": given})
        yield self.line(
            "progress",
            {"data": {"type": "hook_progress", "hookName": f"PostToolUse:{name}"}, "toolUseID": tool},
        )
        output = self.text("output")
        block = {"type": "tool_result", "tool_use_id": tool, "content": output, "is_error": False}
        result = {"stdout": output, "stderr": "", "interrupted": False}
        yield self.line("user", {"message": {"role": "user", "content": [block]}, "toolUseResult": result})

    def compaction(self) -> Iterator[dict[str, Any]]:
        before, self.parent = self.parent, None
        metadata = {"trigger": "auto", "preTokens": 155_000 + self.random.getrandbits(13)}
        yield self.line(
            "system",
            {
                "subtype": "compact_boundary", "content": "Conversation compacted", "level": "info",
                "logicalParentUuid": before, "compactMetadata": metadata,
            },
        )  # fmt: skip
        summary = f"This session is being continued.\n{self.text('prose')}"
        yield self.line("user", {"isCompactSummary": True, "message": {"role": "user", "content": summary}})


def transcript(
    path: str | os.PathLike[str], size: int, session: str | None = None, seed: int = 1, compactions: int = 0
) -> Written:
    """A Claude Code transcript of at least `size` bytes, its compactions evenly spread.

    session: any id; None: one made from the seed.
    """
    random = Random(f"transcript {seed}")
    writer = _Writer(session or uuid(random), random)
    lines = written = done = 0
    with open(path, "w", encoding="utf-8") as file:
        while written < size or done < compactions:
            due = done < compactions and written >= size * (done + 1) // (compactions + 1)
            for line in writer.compaction() if due else writer.turn():
                written += file.write(json.dumps(line, separators=(",", ":")) + "\n")
                lines += 1
            done += due
    return Written(lines, writer.uuids, done, written)
