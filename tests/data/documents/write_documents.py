"""Writes the documents beside it, each at several points of its growth; all of it is our own invention.

Run `python tests/data/documents/write_documents.py` after changing the story; the same story gives the same bytes.
"""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = "/home/ines/code/tidewatch"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" + "QmFz" * 20
LEAKED = "gh" + "p_" + "a1B2" * 9


# Gemini CLI: tool calls are added to the last message, results to those, tokens at last.


def gemini() -> list[dict[str, Any]]:
    def stamp(second: int) -> str:
        return f"2026-02-03T10:00:{second:02}.000Z"

    def call(name: str, second: int, args: dict[str, Any], output: str, **more: Any) -> dict[str, Any]:
        number = f"{name}-{second}"
        answer = {"functionResponse": {"id": number, "name": name, "response": {"output": output}}}
        return {
            "id": number, "name": name, "args": args, "result": [answer], "status": "success",
            "timestamp": stamp(second), "displayName": name.title(), "description": f"Runs {name}.", **more,
        }  # fmt: skip

    tokens = {"input": 900, "output": 40, "cached": 0, "thoughts": 12, "tool": 0, "total": 952}
    model = {"model": "gemini-2.5-flash"}
    read = call(
        "read_file",
        6,
        {"file_path": "gauge.py"},
        "HIGH = 3.2  # metres\n",
        resultDisplay="HIGH = 3.2  # metres\n",
    )
    shell = call(
        "run_shell_command",
        30,
        {"command": "make check", "description": "Check it."},
        "Output: 1 failed",
        status="error",
    )
    messages: list[dict[str, Any]] = [
        {"id": "m-1", "timestamp": stamp(1), "type": "user", "content": "Why does the gauge read too high?"},
        {
            "id": "m-2", "timestamp": stamp(4), "type": "gemini", "content": "I will read the gauge.",
            "thoughts": [{"subject": "Where to look", "description": "The constant may be in feet.", "timestamp": stamp(3)}],
            "tokens": tokens, **model, "toolCalls": [read],
        },
        {"id": "m-3", "timestamp": stamp(9), "type": "info", "content": "A new version is there: 0.30.0"},
        {
            "id": "m-4", "timestamp": stamp(12), "type": "user",
            "content": [{"text": "Here is the display."}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}],
        },
        {
            "id": "m-5", "timestamp": stamp(20), "type": "info",
            "content": "IMPORTANT: This conversation approached the input token limit for gemini-2.5-flash. A compressed context "
            "will be sent for future messages (compressed from: 190000 to 12345 tokens).",
        },
        {"id": "m-6", "timestamp": stamp(28), "type": "gemini", "content": "", "thoughts": [], "tokens": tokens, **model, "toolCalls": [shell]},
        {"id": "m-7", "timestamp": stamp(33), "type": "error", "content": f"quota exceeded for {LEAKED}"},
    ]  # fmt: skip
    whole = {
        "sessionId": "4f1d6a52-0b6e-4c7f-9d0a-3b8f2f6f9a10", "projectHash": hashlib.sha256(ROOT.encode()).hexdigest(),
        "startTime": stamp(0), "lastUpdated": stamp(33), "messages": messages, "summary": "A gauge that reads too high",
    }  # fmt: skip
    first = copy.deepcopy(whole)
    first["messages"] = first["messages"][:2]
    del first["messages"][1]["toolCalls"], first["summary"]
    second = copy.deepcopy(whole)
    second["messages"] = second["messages"][:6]
    del second["messages"][5]["toolCalls"][0]["result"], second["messages"][5]["tokens"]
    second["messages"][5]["toolCalls"][0]["status"] = "executing"
    del second["summary"]
    return [first | {"lastUpdated": stamp(5)}, second | {"lastUpdated": stamp(29)}, whole]


def gemini_lines(whole: dict[str, Any]) -> str:
    """The same session as newer versions append it: a message again, whenever it has changed."""
    head = {key: whole[key] for key in ("sessionId", "projectHash", "startTime", "lastUpdated")}
    lines: list[dict[str, Any]] = [head]
    for message in whole["messages"]:
        if message["type"] == "gemini":
            early = {k: v for k, v in message.items() if k not in ("tokens", "toolCalls")}
            lines += [early, {**early, "tokens": message["tokens"]}]
        lines.append(message)
    lines.append({"$set": {"summary": whole["summary"], "lastUpdated": whole["lastUpdated"]}})
    return "".join(json.dumps(line) + "\n" for line in lines)


# OpenCode: parts are added, a tool goes from pending to completed, counts and titles come last.


def opencode() -> list[dict[str, Any]]:
    session = "ses_01tidewatch0001"

    def part(message: str, kind: str, number: int, **fields: Any) -> dict[str, Any]:
        return {
            "type": kind,
            **fields,
            "id": f"prt_{message[4:]}_{number}",
            "sessionID": session,
            "messageID": message,
        }

    def info(message: str, role: str, created: int, **fields: Any) -> dict[str, Any]:
        times = {"created": created} | ({"completed": created + 900} if role == "assistant" else {})
        more = (
            {"mode": "build", "modelID": "hy3", "providerID": "far", "path": {"cwd": ROOT, "root": ROOT}, "cost": 0.1,
             "tokens": {"input": 5, "output": 6, "reasoning": 0, "cache": {"read": 0, "write": 0}}, "finish": "stop"}
            if role == "assistant" else {"agent": "build", "model": {"providerID": "far", "modelID": "hy3"}}
        )  # fmt: skip
        return {"role": role, "time": times, **more, **fields, "id": message, "sessionID": session}

    start = 1_770_112_800_000
    output = "tide.py\ngauge.py\n"
    ended = {
        "status": "completed", "input": {"command": "ls", "description": "List it"}, "output": output, "title": "ls",
        "metadata": {"output": output, "exit": 0}, "time": {"start": start + 2_100, "end": start + 2_200},
    }  # fmt: skip
    failed = {
        "status": "error", "input": {"filePath": "/none"}, "error": "File not found: /none",
        "time": {"start": start + 2_300, "end": start + 2_301},
    }  # fmt: skip
    diffs = [
        {
            "file": "tide.py",
            "before": "HIGH = 3.2\n",
            "after": "HIGH = 0.975\n",
            "additions": 1,
            "deletions": 1,
        }
    ]
    messages: list[dict[str, Any]] = [
        {"info": info("msg_1", "user", start + 1_000, summary={"title": "Gauge", "diffs": diffs}),
         "parts": [part("msg_1", "text", 1, text="Convert the gauge to metres."),
                   part("msg_1", "file", 2, mime="image/png", filename="display.png", url="data:image/png;base64," + PIXEL)]},
        {"info": info("msg_2", "assistant", start + 2_000, parentID="msg_1"),
         "parts": [part("msg_2", "step-start", 1, snapshot="aac00c93"),
                   part("msg_2", "reasoning", 2, text="The constant is in feet.", time={"start": start + 2_010, "end": start + 2_050}),
                   part("msg_2", "tool", 3, callID="c-1", tool="bash", state=ended),
                   part("msg_2", "tool", 4, callID="c-2", tool="read", state=failed),
                   part("msg_2", "text", 5, text="It is in feet; I convert it.", time={"start": start + 2_400, "end": start + 2_500}),
                   part("msg_2", "patch", 6, hash="bb", files=["tide.py"]),
                   part("msg_2", "step-finish", 7, reason="stop", cost=0.1, tokens={"input": 5, "output": 6})]},
        {"info": info("msg_3", "user", start + 5_000), "parts": [part("msg_3", "compaction", 1, auto=True)]},
        {"info": info("msg_4", "assistant", start + 6_000, parentID="msg_3", mode="compaction", summary=True),
         "parts": [part("msg_4", "text", 1, text="The gauge was in feet and is in metres now.")]},
        {"info": info("msg_5", "user", start + 8_000), "parts": [part("msg_5", "text", 1, text="What was the number before?")]},
    ]  # fmt: skip
    about = {
        "id": session, "slug": "quiet-tide", "projectID": "p1", "directory": ROOT, "title": "Gauge in metres", "version": "1.1.1",
        "time": {"created": start, "updated": start + 9_000}, "cost": 0.2, "summary": {"additions": 1, "deletions": 1, "files": 1},
    }  # fmt: skip
    whole = {"info": about, "messages": messages}
    first = copy.deepcopy(whole)
    first["messages"] = first["messages"][:2]
    del first["messages"][0]["info"]["summary"]
    running = first["messages"][1]
    for late in ("cost", "tokens", "finish"):
        del running["info"][late]
    del running["info"]["time"]["completed"], running["parts"][3:]
    running["parts"][2]["state"] = {
        "status": "running",
        "input": ended["input"],
        "time": {"start": start + 2_100},
    }
    first["info"] |= {
        "title": "New session - 2026-02-03T10:00:00.000Z",
        "time": {"created": start, "updated": start + 2_100},
    }
    second = copy.deepcopy(whole)
    second["messages"] = second["messages"][:3]
    second["info"] |= {"time": {"created": start, "updated": start + 5_000}, "cost": 0.1}
    return [first, second, whole]


# SWE-agent: history and steps grow together; how it ended comes last.


def swe_agent() -> list[dict[str, Any]]:
    folder = "/testbed"
    task = "The gauge reads too high. Fix it."
    history: list[dict[str, Any]] = [
        {"message_type": "system_prompt", "role": "system", "content": "You are a programmer.", "agent": "main"},
        {"message_type": "demonstration", "role": "user", "content": "Here is a demonstration: ls", "agent": "main", "is_demo": True},
        {"message_type": "observation", "role": "user", "content": task, "agent": "main"},
    ]  # fmt: skip
    steps: list[dict[str, Any]] = []
    told = (
        ("Let me look.", "ls -F", "bash", '{"command": "ls -F"}', "tide.py\r\ngauge.py"),
        (
            "Now the number.",
            "edit 1:1\nHIGH = 0.975\nend_of_edit",
            "edit",
            '{"start": 1, "text": "HIGH = 0.975"}',
            "[File: tide.py]",
        ),
        ("Let me look.", "ls -F", "bash", '{"command": "ls -F"}', "tide.py\r\ngauge.py"),
        ("Done.", "submit", "submit", "{}", "diff --git a/tide.py b/tide.py"),
    )
    for n, (thought, action, tool, arguments, seen) in enumerate(told):
        query = [{"role": entry["role"], "content": entry["content"]} for entry in history]
        history.append({
            "message_type": "action", "role": "assistant", "content": thought, "thought": thought, "action": action, "agent": "main",
            "tool_calls": [{"function": {"name": tool, "arguments": arguments}, "type": "function", "id": f"call_{n}"}],
        })  # fmt: skip
        if action != "submit":
            history.append({
                "message_type": "observation", "role": "tool", "content": f"OBSERVATION: {seen}\n(Current directory: {folder})",
                "agent": "main", "tool_call_ids": [f"call_{n}"],
            })  # fmt: skip
        steps.append({
            "action": action, "observation": seen, "response": thought, "thought": thought, "execution_time": 0.25 + n,
            "state": {"open_file": "n/a", "working_dir": folder}, "query": query,
        })  # fmt: skip
    stats = {"instance_cost": 0.4, "tokens_sent": 4_000, "tokens_received": 200, "api_calls": 4}
    whole: dict[str, Any] = {
        "environment": "main", "trajectory": steps, "history": history,
        "info": {"swe_agent_version": "1.1.0", "model_stats": stats, "exit_status": "submitted", "submission": "diff --git a/tide.py"},
        "replay_config": '{"agent": {"name": "main"}}',
    }  # fmt: skip
    first = copy.deepcopy(whole)
    first["trajectory"], first["history"] = steps[:2], copy.deepcopy(history[:7])
    last = first["history"][-1]  # a mark for the model's cache, which moves on
    last["content"] = [{"type": "text", "text": last["content"], "cache_control": {"type": "ephemeral"}}]
    first["info"] = {"swe_agent_version": "1.1.0", "model_stats": {**stats, "api_calls": 2}}
    return [first, whole]


def main() -> None:
    for name, folder, stages, indent in (
        ("session-2026-02-03T10-00-4f1d6a52.json", "gemini-cli", gemini(), 2),
        ("quiet-tide.json", "opencode", opencode(), 2),
        ("tidewatch__gauge-7.traj", "swe-agent", swe_agent(), None),
    ):
        for number, stage in enumerate(stages, 1):
            path = HERE / folder / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(stage, indent=indent, ensure_ascii=False), encoding="utf-8")
    lines = HERE / "gemini-cli" / "lines" / "session-2026-02-03T10-00-4f1d6a52.jsonl"
    lines.parent.mkdir(exist_ok=True)
    lines.write_text(gemini_lines(gemini()[-1]), encoding="utf-8")


if __name__ == "__main__":
    main()
