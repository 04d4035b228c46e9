"""The zstd dictionary of the archive, trained on text of our own and nothing else.

`python -m bench.train_dictionary` writes archive/dictionary-1.zdict; with --check it
compares. Shipped dictionaries never change: archived bodies need the one they were
packed with. Another text or another library version means another number.
"""

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import zstandard

from memlog import record

TEXT = Path(__file__).parent / "text"
TARGET = Path(__file__).parents[1] / "archiver/memlog/archive/dictionary-1.zdict"
DICTIONARY_BYTES = 112_640
NUMBER = 1
SEED = 20_250_101
SAMPLES = 3_000
# Longer segments keep whole lines together; 8 is the shortest match worth a reference.
SEGMENT, MATCH = 1_200, 8

TOOLS = (
    "Bash", "Read", "Edit", "Write", "Grep", "Glob", "Task", "TodoWrite", "WebFetch", "WebSearch", "MultiEdit",
    "TaskCreate", "TaskUpdate", "TaskOutput", "AskUserQuestion", "ExitPlanMode", "NotebookEdit", "Skill", "LS",
)  # fmt: skip


def passages() -> dict[str, list[str]]:
    """Our text by file, in pieces of one paragraph each."""
    return {
        path.stem: [p for p in path.read_text(encoding="utf-8").split("\n\n") if p.strip()]
        for path in sorted(TEXT.glob("*.txt"))
    }


class Envelopes:
    """Blobs as capture writes them: the envelope of a host's lines around passages of our text."""

    def __init__(self, random: Random, pieces: dict[str, list[str]]) -> None:
        self.random = random
        self.prose = pieces["prose"]
        self.shell = pieces["shell"]
        self.inputs = [line for p in pieces["config"] for line in p.split("\n") if line.startswith('{"')]
        self.code = [p for name in ("python", "go", "typescript", "systems", "config") for p in pieces[name]]

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"

    def uuid(self) -> str:
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def word(self, prefix: str) -> str:
        letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        return prefix + "".join(self.random.choice(letters) for _ in range(22))

    def blob(self) -> bytes:
        """One blob of a kind drawn as sessions have them."""
        make = self.random.choices(
            (self.message, self.prompt, self.thinking, self.tool_use, self.tool_result, self.meta),
            (14, 6, 14, 22, 22, 22),
        )[0]
        return make()

    def pack(self, kind: str, text: str, rest: dict[str, Any], **named: Any) -> bytes:
        fields: dict[str, Any] = {
            "agent": "claude-code", "session": self.uuid(), "source_id": self.uuid(), "block": 0, "kind": kind,
            "ts_ns": 1_700_000_000_000_000_000 + self.random.randrange(10**14) * 1_000_000,
            "mac": self.random.randbytes(8), "project": self.random.choice(PROJECTS), "parent_id": self.uuid(),
            "boundary": "", "at": self.random.randrange(10**7), "text": text, "rest": rest,
        }  # fmt: skip
        return record.encode(record.Record(**{**fields, **named}))[0]

    def line(self, kind: str) -> dict[str, Any]:
        return {
            "isSidechain": False, "userType": "external", "version": f"2.1.{self.random.randrange(90)}",
            "gitBranch": "main", "slug": self.hex(9), "type": kind,
        }  # fmt: skip

    def assistant(self) -> dict[str, Any]:
        model = self.random.choice(
            (
                "claude-opus-4-5-20251101",
                "claude-opus-4-6",
                "claude-sonnet-4-5-20250929",
                "claude-haiku-4-5-20251001",
            )
        )
        usage = {
            "input_tokens": self.random.randrange(12), "cache_creation_input_tokens": self.random.randrange(9_000),
            "cache_read_input_tokens": self.random.randrange(160_000),
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": self.random.randrange(9_000),
            },
            "output_tokens": self.random.randrange(900), "service_tier": "standard", "inference_geo": "not_available",
        }  # fmt: skip
        message = {
            "model": model, "id": self.word("msg_01"), "type": "message", "role": "assistant",
            "stop_reason": self.random.choice((None, "end_turn", "tool_use")), "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        return {**self.line("assistant"), "message": message, "requestId": self.word("req_011C")}

    def text(self, pieces: list[str], most: int) -> str:
        return "\n\n".join(self.random.choices(pieces, k=self.random.randint(1, most)))

    def message(self) -> bytes:
        return self.pack("message", self.text(self.prose, 3), {"line": self.assistant()}, role="assistant")

    def prompt(self) -> bytes:
        line = {
            **self.line("user"), "message": {"role": "user"}, "thinkingMetadata": {"maxThinkingTokens": 31_999},
            "todos": [], "permissionMode": "default",
        }  # fmt: skip
        return self.pack("message", self.text(self.prose, 2), {"line": line}, role="user")

    def thinking(self) -> bytes:
        rest = {
            "signature": {"sha256": self.hex(64), "bytes": self.random.randrange(200, 900)},
            "line": self.assistant(),
        }
        text = self.text(self.prose, 4)
        return self.pack("thinking", text, rest, role="assistant", omitted=("base64",))

    def tool_use(self) -> bytes:
        given = json.loads(self.random.choice(self.inputs))
        for name in ("content", "old_string", "new_string", "command", "prompt"):
            if name in given and self.random.random() < 0.6:
                given[name] = self.text(self.code, 2)
        text = "\n".join(f"{k}: {v if isinstance(v, str) else json.dumps(v)}" for k, v in given.items())
        rest = {"id": self.word("toolu_01"), "input": given, "line": self.assistant()}
        return self.pack("tool_use", text, rest, role="assistant", tool=self.random.choice(TOOLS))

    def tool_result(self) -> bytes:
        text = self.text(self.shell if self.random.random() < 0.4 else self.code, 4)
        if self.random.random() < 0.4:
            rows = enumerate(text.split("\n"), self.random.randrange(1, 900))
            text = "\n".join(f"{n:>6}→{row}" for n, row in rows)
        path = self.random.choice(PROJECTS) + self.random.choice(FILES)
        result: dict[str, Any] | str = self.random.choice((
            {"stdout": {"same": True}, "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False},
            {"type": "text", "file": {"filePath": path, "content": {"same": True}, "numLines": 40, "startLine": 1,
             "totalLines": 120}},
            {"filePath": path, "oldString": "", "newString": "", "originalFile": "", "structuredPatch": [{
             "oldStart": 10, "oldLines": 6, "newStart": 10, "newLines": 8, "lines": self.shell[0].split("\n")}],
             "userModified": False, "replaceAll": False},
            {"type": "create", "filePath": path, "content": "", "structuredPatch": [], "originalFile": None},
            {"mode": "files_with_matches", "filenames": [path], "numFiles": 3},
            {"mode": "content", "numFiles": 0, "filenames": [], "content": {"same": True}, "numLines": 31},
            {"filenames": [path], "durationMs": 12, "numFiles": 3, "truncated": False},
            {"oldTodos": [], "newTodos": [{"content": "Write the tests", "status": "in_progress", "activeForm":
             "Writing the tests"}]},
            {"status": "completed", "prompt": "", "agentId": self.hex(7), "content": [{"type": "text", "text": {
             "same": True}}], "totalDurationMs": 42_000, "totalTokens": 31_000, "totalToolUseCount": 12, "usage": {}},
            "Error: Exit code 1",
        ))  # fmt: skip
        line = {
            **self.line("user"), "message": {"role": "user"}, "toolUseResult": result,
            "sourceToolAssistantUUID": self.uuid(),
        }  # fmt: skip
        rest = {"tool_use_id": self.word("toolu_01"), "is_error": False, "line": line}
        named = {"omitted": ("same",)} if self.random.random() < 0.5 else {}
        return self.pack("tool_result", text, rest, role="tool", tool=self.random.choice(TOOLS), **named)

    def meta(self) -> bytes:
        tool, stamp = (
            self.word("toolu_01"),
            f"2026-01-{self.random.randrange(10, 31)}T10:30:00.{self.hex(1)}00Z",
        )
        rest = self.random.choice((
            {**self.line("progress"), "data": {"type": "hook_progress", "hookEvent": "PostToolUse",
             "hookName": "PostToolUse:Read", "command": "callback"}, "parentToolUseID": tool, "toolUseID": tool},
            {**self.line("progress"), "data": {"type": "bash_progress", "output": "", "fullOutput": "",
             "elapsedTimeSeconds": 3, "totalLines": 0, "timeoutMs": 120000}, "toolUseID": "bash-progress-0",
             "parentToolUseID": tool},
            {**self.line("progress"), "data": {"type": "agent_progress", "prompt": "", "agentId": self.hex(7),
             "normalizedMessages": [], "message": {"type": "user", "message": {"role": "user", "content": [{
             "tool_use_id": tool, "type": "tool_result", "content": self.text(self.shell, 1)}]}, "uuid": self.uuid(),
             "timestamp": stamp}}, "toolUseID": "agent_" + self.word("msg_01"), "parentToolUseID": tool},
            {**self.line("progress"), "data": {"type": "agent_progress", "prompt": "", "agentId": self.hex(7),
             "normalizedMessages": [], "message": {"type": "assistant", "timestamp": stamp, **{k: v for k, v in
             self.assistant().items() if k in ("message", "requestId")}, "content": [{"type": "tool_use", "id": tool,
             "name": self.random.choice(TOOLS), "input": {"command": "git status", "description": "Show status",
             "file_path": "/home/user/project/src/index.ts", "pattern": "func main"}}], "uuid": self.uuid()}},
             "toolUseID": "agent_" + self.word("msg_01"), "parentToolUseID": tool},
            {"type": "file-history-snapshot", "messageId": self.uuid(), "snapshot": {"messageId": self.uuid(),
             "trackedFileBackups": {"src/index.ts": {"backupFileName": self.hex(16) + "@v1", "version": 1,
             "backupTime": stamp}, "README.md": {"backupFileName": None, "version": 2, "backupTime": stamp}},
             "timestamp": stamp}, "isSnapshotUpdate": False},
            {"type": "queue-operation", "operation": self.random.choice(("enqueue", "dequeue", "remove"))},
            {**self.line("system"), "subtype": "turn_duration", "durationMs": self.random.randrange(90_000), "isMeta": False},
            {**self.line("system"), "subtype": "stop_hook_summary", "hookCount": 1, "hookInfos": [{"command": "memlog-hook Stop"}],
             "hookErrors": [], "preventedContinuation": False, "stopReason": "", "hasOutput": True, "level": "suggestion",
             "toolUseID": self.uuid()},
            {**self.line("system"), "subtype": "compact_boundary", "content": "Conversation compacted", "isMeta": False,
             "level": "info", "logicalParentUuid": self.uuid(), "compactMetadata": {"trigger": "auto", "preTokens": 168_000}},
            {"type": "summary", "leafUuid": self.uuid()},
            {"type": "last-prompt"}, {"type": "pr-link", "prNumber": 12, "prUrl": "https://github.com/example/project/pull/12"},
        ))  # fmt: skip
        return self.pack("meta", "PostToolUse", {"line": dict(rest)})


FILES = ("/src/index.ts", "/README.md", "/internal/store/store.go", "/tests/test_main.py", "/cmd/main.go")
PROJECTS = ("/home/user/project", "/Users/user/work/project", "/Users/user/src/project/cli", "/srv/project")


def samples() -> list[Any]:
    """What the dictionary is trained on, the same bytes at every call."""
    envelopes = Envelopes(Random(SEED), passages())
    return [envelopes.blob() for _ in range(SAMPLES)]


def train() -> bytes:
    """The dictionary; the same bytes under the same zstd."""
    trained = zstandard.train_dictionary(
        DICTIONARY_BYTES, samples(), k=SEGMENT, d=MATCH, level=3, dict_id=NUMBER
    )
    return trained.as_bytes()


def main() -> int:
    """Write the dictionary, or say whether the shipped one is what this script makes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    trained = train()
    print(f"{len(trained)} bytes, sha256 {sha256(trained).hexdigest()}, zstd {zstandard.ZSTD_VERSION}")
    if arguments.check:
        return int(arguments.output.read_bytes() != trained)
    arguments.output.write_bytes(trained)
    return 0


if __name__ == "__main__":
    sys.exit(main())
