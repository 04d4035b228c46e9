"""The zstd dictionary of the archive, trained on text of our own and nothing else.

`python -m bench.train_dictionary` writes archive/dictionary-1.zdict; with --check it
compares. Shipped dictionaries never change: archived bodies need the one they were
packed with. Another text or another library version means another number.
"""

import argparse
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
            ("claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929", "claude-haiku-4-5")
        )
        usage = {
            "input_tokens": self.random.randrange(12), "cache_creation_input_tokens": self.random.randrange(9_000),
            "cache_read_input_tokens": self.random.randrange(160_000),
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": self.random.randrange(9_000),
            },
            "output_tokens": self.random.randrange(900), "service_tier": "standard",
        }  # fmt: skip
        message = {
            "model": model, "id": self.word("msg_01"), "type": "message", "role": "assistant",
            "stop_reason": self.random.choice((None, "end_turn", "tool_use")), "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        return {**self.line("assistant"), "message": message, "requestId": self.word("req_011C")}

    def text(self, pieces: list[str], most: int) -> str:
        return "\n\n".join(self.random.choices(pieces, k=self.random.randint(1, most)))

    def message(self) -> bytes:
        rest = {**self.assistant(), "block": {"type": "text"}}
        return self.pack("message", self.text(self.prose, 3), rest, role="assistant")

    def prompt(self) -> bytes:
        rest = {
            **self.line("user"), "message": {"role": "user"}, "permissionMode": "default", "isMeta": True,
            "thinkingMetadata": {"level": "high", "disabled": False, "triggers": []}, "todos": [],
        }  # fmt: skip
        return self.pack("message", self.text(self.prose, 2), rest, role="user")

    def thinking(self) -> bytes:
        rest = {**self.assistant(), "block": {"type": "thinking", "signature": self.word("E")}}
        return self.pack("thinking", self.text(self.prose, 4), rest, role="assistant")

    def tool_use(self) -> bytes:
        rest = {**self.assistant(), "block": {"type": "tool_use", "id": self.word("toolu_01")}}
        text = self.random.choice(self.inputs)
        if self.random.random() < 0.4:
            text += self.text(self.code, 2).replace("\n", "\\n").replace("\t", "\\t").replace('"', '\\"')
        return self.pack("tool_use", text, rest, role="assistant", tool=self.random.choice(TOOLS))

    def tool_result(self) -> bytes:
        text = self.text(self.shell if self.random.random() < 0.4 else self.code, 4)
        if self.random.random() < 0.4:
            text = "\n".join(
                f"{n:>6}→{row}" for n, row in enumerate(text.split("\n"), self.random.randrange(1, 900))
            )
        result = {
            "stdout": "", "stderr": "", "interrupted": False, "isImage": False, "durationMs": 12, "noOutputExpected": False,
            "filePath": "/home/user/project/src/index.ts", "structuredPatch": [{"oldStart": 10, "oldLines": 6,
            "newStart": 10, "newLines": 8, "lines": []}], "userModified": False, "replaceAll": False,
            "numFiles": 3, "filenames": [], "truncated": False, "totalLines": 120, "startLine": 1, "numLines": 40,
        }  # fmt: skip
        keys = self.random.sample(list(result), 5)
        rest = {
            **self.line("user"), "message": {"role": "user"},
            "block": {"tool_use_id": self.word("toolu_01"), "type": "tool_result", "is_error": False},
            "toolUseResult": {k: result[k] for k in keys}, "sourceToolAssistantUUID": self.uuid(),
        }  # fmt: skip
        return self.pack("tool_result", text, rest, role="user", tool=self.random.choice(TOOLS))

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
        return self.pack("meta", "", dict(rest))


PROJECTS = ("/home/user/project", "/Users/user/work/project", "/Users/user/src/project/cli", "/root/project")


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
