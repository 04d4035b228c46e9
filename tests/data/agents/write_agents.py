"""Writes the Codex and Copilot CLI fixtures: invented sessions in the shape their hosts record.

Run it after changing a line: .venv/bin/python tests/data/agents/write_agents.py
"""

import base64
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CODEX_SESSION = "019a1c2e-7d10-7b52-9f31-0c4ae1d2b3f4"
COPILOT_SESSION = "5b0d6c1e-2f4a-4d77-8a55-9f0e1d2c3b4a"
CWD = "/home/mira/tideclock"
SEALED = base64.b64encode(bytes(range(96))).decode()
INSTRUCTIONS = "# AGENTS.md instructions for /home/mira/tideclock\n\nRun `make tide` before each commit. Names are lower case."
ENVIRONMENT = (
    "<environment_context>\n  <cwd>/home/mira/tideclock</cwd>\n  <shell>bash</shell>\n</environment_context>"
)
PROMPT = "Why does the tide clock show high water an hour late in summer?"
FOUND = "The table is in UTC and the clock adds the zone twice: once in parse_table(), once in the template."
PATCH = "*** Begin Patch\n*** Update File: /home/mira/tideclock/tide.py\n@@\n-    return at + zone\n+    return at\n*** End Patch"
LATER = "And the harbour of Büsum is missing from the list, please add it."


def codex() -> list[dict[str, Any]]:
    """Two turns, a compaction in the second, each message on both channels."""
    lines: list[dict[str, Any]] = []

    def add(kind: str, payload: dict[str, Any]) -> None:
        n = len(lines)
        stamp = f"2026-03-14T09:{n // 60:02}:{n % 60:02}.{n * 7 % 1000:03}Z"
        lines.append({"timestamp": stamp, "type": kind, "payload": payload})

    def item(kind: str, **fields: Any) -> None:
        add("response_item", {"type": kind, **fields})

    def event(kind: str, **fields: Any) -> None:
        add("event_msg", {"type": kind, **fields})

    def asked(text: str) -> None:
        item("message", role="user", content=[{"type": "input_text", "text": text}])
        event("user_message", message=text, images=[], local_images=[], text_elements=[])

    def said(text: str, phase: str = "commentary") -> None:
        event("agent_message", message=text, phase=phase, memory_citation=None)
        item("message", id=f"msg_{len(lines):04}", role="assistant", phase=phase,
             content=[{"type": "output_text", "text": text}])  # fmt: skip

    def turn(n: int) -> None:
        add("turn_context", {"turn_id": f"turn-{n}", "cwd": CWD, "model": "gpt-5.5", "approval_policy": "never",
                             "summary": "auto"})  # fmt: skip

    add("session_meta", {
        "id": CODEX_SESSION, "timestamp": "2026-03-14T08:59:58.000Z", "cwd": CWD, "originator": "codex-tui",
        "cli_version": "0.142.2", "source": "cli", "model_provider": "openai",
        "base_instructions": {"text": "You are Codex, and you mend clocks."}, "git": {"branch": "main"},
    })  # fmt: skip
    event("task_started", turn_id="turn-1", model_context_window=121_600)
    item("message", role="developer", content=[
        {"type": "input_text", "text": "<permissions instructions>\nAsk before you touch the sea wall.\n</permissions instructions>"},
    ])  # fmt: skip
    item("message", role="user", content=[
        {"type": "input_text", "text": INSTRUCTIONS}, {"type": "input_text", "text": ENVIRONMENT},
    ])  # fmt: skip
    turn(1)
    asked(PROMPT)
    event("agent_reasoning", text="**Looking at the table**\n\nIs it local time or UTC?")
    item("reasoning", id="rs_0001", encrypted_content=SEALED,
         summary=[{"type": "summary_text", "text": "**Looking at the table**\n\nIs it local time or UTC?"}])  # fmt: skip
    item("function_call", id="fc_0001", name="exec_command", call_id="call_1",
         arguments=json.dumps({"cmd": "grep -n zone tide.py", "workdir": CWD}))  # fmt: skip
    item("function_call_output", call_id="call_1", output="12:    return at + zone\n40:    {{ at | zone }}\n")
    event("token_count", info={"total_token_usage": {"input_tokens": 4_210}}, rate_limits=None)
    said(FOUND, "final_answer")
    event("task_complete", turn_id="turn-1", last_agent_message=FOUND, duration_ms=8_100)
    event("task_started", turn_id="turn-2", model_context_window=121_600)
    turn(2)
    asked("Mend it in tide.py then, and leave the template alone.")
    item(
        "custom_tool_call",
        id="ctc_0001",
        name="apply_patch",
        call_id="call_2",
        status="completed",
        input=PATCH,
    )
    event("patch_apply_end", call_id="call_2", success=True, stdout="Success. Updated tide.py\n", stderr="",
          changes={f"{CWD}/tide.py": {"type": "update", "unified_diff": "@@ -12 +12 @@\n-    return at + zone\n+    return at\n"}})  # fmt: skip
    item("custom_tool_call_output", call_id="call_2",
         output=json.dumps({"output": "Success. Updated tide.py\n", "metadata": {"exit_code": 0}}))  # fmt: skip
    add("compacted", {
        "message": "", "window_id": 1,
        "replacement_history": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": PROMPT}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": INSTRUCTIONS}]},
            {"type": "compaction", "encrypted_content": SEALED},
        ],
    })  # fmt: skip
    turn(2)
    event("context_compacted")
    said("tide.py returns the time of the table as it is now; the template adds the zone once.")
    asked(LATER)
    event("web_search_end", call_id="ws_1", query="Büsum tide station",
          action={"type": "search", "query": "Büsum tide station"})  # fmt: skip
    item("web_search_call", status="completed", action={"type": "search", "query": "Büsum tide station"})
    item("function_call", name="exec_command", call_id="call_3", arguments="echo Büsum >> harbours")
    item("function_call_output", call_id="call_3",
         output=[{"type": "input_text", "text": "ok"}, {"type": "input_image", "image_url": f"data:image/png;base64,{SEALED}"}])  # fmt: skip
    said("Büsum is on the list.", "final_answer")
    event("turn_aborted", turn_id="turn-2", reason="interrupted")
    return lines


def copilot() -> list[dict[str, Any]]:
    """One turn with a tool that works and one that fails, then a compaction."""
    lines: list[dict[str, Any]] = []

    def add(name: str, /, **data: Any) -> None:
        n = len(lines)
        lines.append({
            "type": name, "data": data, "id": f"c0ffee00-0000-4000-8000-{n:012}",
            "timestamp": f"2026-03-15T18:30:{n:02}.{n * 13 % 1000:03}Z",
            "parentId": lines[-1]["id"] if lines else None,
        })  # fmt: skip

    asked = "Which of the three anchors drags in the storm test?"
    run = {"command": "make storm ANCHOR=3", "description": "Run the storm test for the third anchor"}
    add("session.start", sessionId=COPILOT_SESSION, version=1, producer="copilot-agent", copilotVersion="1.0.64",
        startTime="2026-03-15T18:29:59.000Z", context={"cwd": "/home/mira/anchors", "branch": "main"})  # fmt: skip
    add("hook.start", hookInvocationId="h-1", hookType="userPromptSubmitted",
        input={"sessionId": COPILOT_SESSION, "timestamp": 1_773_599_400_000, "cwd": "/home/mira/anchors", "prompt": asked})  # fmt: skip
    add("hook.end", hookInvocationId="h-1", hookType="userPromptSubmitted", success=True)
    add("system.message", role="system", content="You are a terminal assistant for people with boats.")
    add("user.message", content=asked, transformedContent=f"<current_datetime>2026-03-15</current_datetime>\n\n{asked}",
        attachments=[{"type": "file", "path": "/home/mira/anchors/storm.toml", "displayName": "storm.toml"}],
        interactionId="i-1")  # fmt: skip
    add("assistant.turn_start", turnId="0", interactionId="i-1")
    add("assistant.message", messageId="m-1", model="claude-sonnet-4.6", content="", interactionId="i-1", turnId="0",
        reasoningText="The storm test knows; the third anchor is the lightest.", reasoningOpaque=SEALED,
        toolRequests=[{"toolCallId": "t-1", "name": "bash", "arguments": run, "type": "function",
                       "intentionSummary": run["description"]}], outputTokens=90)  # fmt: skip
    add("tool.execution_start", toolCallId="t-1", toolName="bash", arguments=run, turnId="0")
    add("hook.start", hookInvocationId="h-2", hookType="postToolUse",
        input={"sessionId": COPILOT_SESSION, "toolName": "bash", "toolArgs": json.dumps(run),
               "toolResult": {"resultType": "success", "textResultForLlm": "anchor 3: dragged 4.2 m\n<exited with exit code 0>"}})  # fmt: skip
    add("tool.execution_complete", toolCallId="t-1", success=True,
        result={"content": "anchor 3: dragged 4.2 m\n<exited with exit code 0>",
                "detailedContent": "anchor 3: dragged 4.2 m\n<exited with exit code 0>"})  # fmt: skip
    add("assistant.turn_end", turnId="0")
    add("assistant.message", messageId="m-2", model="claude-sonnet-4.6", content="The third: it drags 4.2 m. I check the chain.",
        toolRequests=[{"toolCallId": "t-2", "name": "view", "arguments": {"path": "/home/mira/anchors/chain.txt"}}],
        interactionId="i-1", turnId="1")  # fmt: skip
    add(
        "tool.execution_start",
        toolCallId="t-2",
        toolName="view",
        arguments={"path": "/home/mira/anchors/chain.txt"},
    )
    add("tool.execution_complete", toolCallId="t-2", success=False,
        error={"message": "chain.txt does not exist", "code": "failure"})  # fmt: skip
    add("system.notification", content="<system_notification>\nThe storm test has ended.\n</system_notification>",
        kind={"type": "shell_completed", "exitCode": 0})  # fmt: skip
    add("session.compaction_start")
    add("session.compaction_complete", success=True, preCompactionTokens=91_000, postCompactionTokens=7_000,
        summaryContent="Anchor 3 drags 4.2 m in the storm test; chain.txt is missing.")  # fmt: skip
    add("user.message", content="Then order a heavier one.", attachments=[], interactionId="i-2")
    add("assistant.message", messageId="m-3", model="claude-sonnet-4.6", content="A 16 kg anchor is in the basket.",
        toolRequests=[], interactionId="i-2", turnId="0")  # fmt: skip
    add("session.shutdown", shutdownType="routine", codeChanges={"linesAdded": 0, "filesModified": []})
    return lines


def write(path: str, lines: list[dict[str, Any]]) -> None:
    target = HERE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
    )


if __name__ == "__main__":
    write(f"codex/sessions/2026/03/14/rollout-2026-03-14T08-59-58-{CODEX_SESSION}.jsonl", codex())
    write(f"copilot-cli/session-state/{COPILOT_SESSION}/events.jsonl", copilot())
