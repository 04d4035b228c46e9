"""A transcript, written line by line in the shape Claude Code writes it."""

import json
import random
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

CWD = "/home/ines/code/tidewatch"


class Transcript:
    """Lines of one Claude Code session, in the shape the host writes them."""

    def __init__(
        self, seed: int, start: str, *, cwd: str = CWD, branch: str = "main", agent: str = ""
    ) -> None:
        self.random = random.Random(seed)
        self.now = datetime.fromisoformat(start).astimezone(UTC)
        self.session, self.cwd, self.branch, self.agent = self.uuid(), cwd, branch, agent
        self.parent: str | None = None
        self.lines: list[dict[str, Any]] = []

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def word(self, prefix: str) -> str:
        return prefix + "".join(
            self.random.choices("ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", k=22)
        )

    def stamp(self) -> str:
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def wait(self, low: float, high: float) -> None:
        self.now += timedelta(milliseconds=int(self.random.uniform(low, high) * 1000))

    def add(self, kind: str, *, link: bool = True, **fields: Any) -> dict[str, Any]:
        line: dict[str, Any] = {
            "parentUuid": self.parent, "isSidechain": bool(self.agent), "userType": "external", "cwd": self.cwd,
            "sessionId": self.session, "version": "2.1.39", "gitBranch": self.branch, "type": kind,
        }  # fmt: skip
        if self.agent:
            line["agentId"] = self.agent
        line |= fields | {"uuid": self.uuid(), "timestamp": self.stamp()}
        if link:
            self.parent = line["uuid"]
        self.lines.append(line)
        return line

    def snapshot(self, *paths: str) -> None:
        """The host's note of which files it could put back."""
        files = {
            p: {"backupFileName": f"{abs(hash_of(p)):x}@v1", "version": 1, "backupTime": self.stamp()}
            for p in paths
        }
        message = self.uuid()
        inner = {"messageId": message, "trackedFileBackups": files, "timestamp": self.stamp()}
        self.lines.append(
            {
                "type": "file-history-snapshot",
                "messageId": message,
                "snapshot": inner,
                "isSnapshotUpdate": bool(files),
            }
        )

    def user(self, text: str, **fields: Any) -> None:
        self.wait(20, 90)
        self.add("user", message={"role": "user", "content": text}, permissionMode="default", **fields)

    def assistant(self, block: dict[str, Any], **fields: Any) -> None:
        self.wait(2, 9)
        usage = {
            "input_tokens": self.random.randint(3, 12), "cache_creation_input_tokens": self.random.randint(200, 2_400),
            "cache_read_input_tokens": 14_000 + 1_100 * len(self.lines), "output_tokens": self.random.randint(20, 900),
        }  # fmt: skip
        message = {
            "model": "claude-opus-4-6", "id": self.word("msg_01"), "type": "message", "role": "assistant",
            "content": [block], "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        self.add("assistant", message=message, requestId=self.word("req_011"), **fields)

    def think(self, text: str) -> None:
        self.assistant({"type": "thinking", "thinking": text, "signature": self.word("EsQ") + self.word("")})

    def say(self, text: str) -> None:
        self.assistant({"type": "text", "text": text})

    def call(self, name: str, given: dict[str, Any]) -> str:
        tool = self.word("toolu_01")
        self.assistant({"type": "tool_use", "id": tool, "name": name, "input": given})
        return tool

    def answer(self, tool: str, text: Any, rich: Any, *, error: bool = False) -> None:
        self.wait(0.2, 6)
        block: dict[str, Any] = {"tool_use_id": tool, "type": "tool_result", "content": text}
        if error:
            block["is_error"] = True
        asked_by = self.parent
        self.add(
            "user",
            message={"role": "user", "content": [block]},
            toolUseResult=rich,
            sourceToolAssistantUUID=asked_by,
        )

    def bash(self, command: str, out: str, *, error: bool = False, why: str = "", progress: int = 0) -> None:
        tool = self.call("Bash", {"command": command, "description": why or command.split()[0]})
        for second in range(progress):
            self.wait(1, 1.2)
            data = {
                "type": "bash_progress", "output": out[:60], "fullOutput": out[:60],
                "elapsedTimeSeconds": second + 2, "totalLines": out[:60].count("\n"),
            }  # fmt: skip
            self.add(
                "progress",
                data=data,
                toolUseID=f"bash-progress-{second}",
                parentToolUseID=tool,
                slug="calm-tide",
            )
        rich = (
            f"Error: {out}"
            if error
            else {"stdout": out, "stderr": "", "interrupted": False, "isImage": False}
        )
        self.answer(tool, out, rich, error=error)

    def read(self, path: str, text: str) -> None:
        full = f"{self.cwd}/{path}"
        tool = self.call("Read", {"file_path": full})
        numbered = "\n".join(f"{n:6}→{line}" for n, line in enumerate(text.splitlines(), 1))
        count = len(text.splitlines())
        rich = {
            "type": "text",
            "file": {
                "filePath": full,
                "content": text,
                "numLines": count,
                "startLine": 1,
                "totalLines": count,
            },
        }
        self.answer(tool, numbered, rich)

    def grep(self, pattern: str, found: list[str]) -> None:
        tool = self.call("Grep", {"pattern": pattern, "output_mode": "content", "-n": True})
        text = "\n".join(found) or "No matches found"
        rich = {"mode": "content", "numFiles": 0, "filenames": [], "content": text, "numLines": len(found)}
        self.answer(tool, text, rich)

    def edit(self, path: str, old: str, new: str, *, original: str = "", refused: str = "") -> None:
        full = f"{self.cwd}/{path}"
        tool = self.call(
            "Edit", {"file_path": full, "old_string": old, "new_string": new, "replace_all": False}
        )
        if refused:
            text = f"<tool_use_error>{refused}</tool_use_error>"
            self.answer(tool, text, f"Error: {refused}", error=True)
            return
        patch = [{"oldStart": 1, "oldLines": old.count("\n") + 1, "newStart": 1, "newLines": new.count("\n") + 1,
                  "lines": [*("-" + x for x in old.splitlines()), *("+" + x for x in new.splitlines())]}]  # fmt: skip
        rich = {
            "filePath": full, "oldString": old, "newString": new, "originalFile": original or old,
            "structuredPatch": patch, "userModified": False, "replaceAll": False,
        }  # fmt: skip
        self.answer(tool, f"The file {full} has been updated.", rich)

    def write(self, path: str, text: str) -> None:
        full = f"{self.cwd}/{path}"
        tool = self.call("Write", {"file_path": full, "content": text})
        rich = {
            "type": "create",
            "filePath": full,
            "content": text,
            "structuredPatch": [],
            "originalFile": None,
        }
        self.answer(tool, f"File created successfully at: {full}", rich)

    def todos(self, *items: tuple[str, str]) -> None:
        rows = [{"content": text, "status": status, "activeForm": text} for text, status in items]
        tool = self.call("TodoWrite", {"todos": rows})
        said = "Todos have been modified successfully. Please proceed with the current tasks if applicable"
        self.answer(tool, said, {"oldTodos": [], "newTodos": rows})

    def system(self, subtype: str, **fields: Any) -> None:
        self.wait(0.01, 0.4)
        self.add("system", subtype=subtype, isMeta=False, **fields)

    def turn_end(self) -> None:
        self.system("turn_duration", durationMs=self.random.randint(20_000, 240_000))

    def compact(self, summary: str, *, trigger: str, before: int, after: int) -> None:
        """The boundary line and the summary that stands for what was above it."""
        self.wait(20, 40)
        above, self.parent = self.parent, None
        told = {"trigger": trigger, "preTokens": before, "postTokens": after, "durationMs": 31_480}
        self.system(
            "compact_boundary", content="Conversation compacted", level="info", logicalParentUuid=above,
            compactMetadata=told,
        )  # fmt: skip
        text = (
            "This session is being continued from a previous conversation that ran out of context. "
            "The summary below covers the earlier portion of the conversation.\n\n" + summary
        )
        self.add(
            "user",
            message={"role": "user", "content": text},
            isCompactSummary=True,
            isVisibleInTranscriptOnly=True,
        )

    def attach(self, attachment: dict[str, Any]) -> None:
        self.add("attachment", attachment=attachment)

    def text(self) -> str:
        lines = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in self.lines)
        # Half an emoji, which hosts that cut strings by UTF-16 units write, stands as an escape.
        return "".join(
            re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", line) + "\n" for line in lines
        )


def hash_of(text: str) -> int:
    """A number of the text that is the same in every process."""
    return uuid.uuid5(uuid.NAMESPACE_URL, text).int >> 64
