"""Writes the transcripts beside it and the package's sample session; all of it is our own invention.

Run `PYTHONPATH=tests python -m data.sessions.write_sessions` after changing a story; the same story gives the same bytes.
"""

from pathlib import Path

from data.sessions.late_alarm import coding_session
from data.sessions.transcript import Transcript

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[2] / "archiver" / "memlog" / "sample" / "session.jsonl"


def plain_session() -> Transcript:
    """A short session without a compaction."""
    t = Transcript(4711, "2026-04-02T16:05:00+00:00")
    t.snapshot()
    t.user("Which stations have no limit set?")
    t.grep(
        "limit_cm: null", ["stations/list.yaml:14:  limit_cm: null", "stations/list.yaml:31:  limit_cm: null"]
    )
    t.say("Two: Büsum and Wittdün. Both have `limit_cm: null` in stations/list.yaml.")
    t.user("[Request interrupted by user]")
    t.user("Set both to 120.")
    t.edit("stations/list.yaml", "limit_cm: null", "limit_cm: 120")
    t.say("Both are 120 cm now.")
    t.turn_end()
    return t


def unicode_session() -> Transcript:
    """Chinese, Japanese, Arabic, emoji, a NUL escape and combining marks; long and short lines."""
    t = Transcript(88, "2026-05-11T03:20:00+00:00", cwd="/home/ines/code/潮汐")
    t.user("请检查潮汐警报为什么晚了一个小时。数据库被锁定的时候读数会丢失。")
    t.say("警报使用了本地时间,而比较时使用的是协调世界时。我会先写一个测试。")
    t.user("テストを実行してください。警報は四十分前に鳴るはずです。")
    t.bash("pytest -q", "失敗: 警報が二十分遅れています ⏰🌊", error=True)
    t.say("夏時間の切り替えが原因でした。修正しました。👩🏽‍💻 naïve café (décomposé)")
    t.user("شكرا، كل شيء يعمل الآن")
    t.bash(
        "printf 'a\\0b'",
        "a\u0000b \u202eright-to-left override\u202c zero\u200bwidth half an emoji \ud83d",
        why="Odd bytes",
    )
    t.say("🌊" * 40 + " 终")
    return t


def with_subagent(root: Path) -> None:
    """A session folder as the host lays it out: subagent file, its meta file, a tool result spilled beside it."""
    t = Transcript(9001, "2026-06-01T10:00:00+00:00")
    spilled = "".join(f"reading {n:05d} husum {180 + n % 90} cm\n" for n in range(1_500))
    t.user("Let a subagent look for every caller of next_alarm, then print the last readings.")
    tool = t.call(
        "Task",
        {
            "description": "Find callers",
            "prompt": "Find every caller of next_alarm.",
            "subagent_type": "Explore",
        },
    )
    agent = Transcript(9002, t.stamp(), agent="a7c31f0")
    agent.session = t.session
    agent.add("user", message={"role": "user", "content": "Find every caller of next_alarm."})
    agent.grep("next_alarm\\(", ["tidewatch/poll.py:52:    alarm = next_alarm(store, gauge, now)"])
    agent.say("One caller: poll.py line 52, inside the watch loop.")
    progress = {"type": "agent_progress", "prompt": "Find every caller of next_alarm.", "agentId": "a7c31f0",
                "message": {"type": "assistant", "message": agent.lines[-1]["message"]}}  # fmt: skip
    t.add("progress", data=progress, toolUseID="agent-progress-1", parentToolUseID=tool)
    t.answer(
        tool,
        [{"type": "text", "text": "One caller: poll.py line 52, inside the watch loop."}],
        {
            "status": "completed",
            "agentId": "a7c31f0",
            "totalDurationMs": 14_020,
            "totalTokens": 5_210,
            "totalToolUseCount": 1,
        },
    )
    tool = t.call("Bash", {"command": "tidewatch readings --last 1500", "description": "Last readings"})
    place = f"{t.session}/tool-results/{tool}.txt"
    shown = spilled[:400]
    size = f"{len(spilled) / 1024:.1f}KB"
    t.answer(
        tool,
        f"<persisted-output>\nOutput too large ({size}). Full output saved to: "
        f"/home/ines/.claude/projects/-home-ines-code-tidewatch/{place}\n\nPreview (first 2KB):\n{shown}\n...\n</persisted-output>",
        {
            "stdout": shown,
            "stderr": "",
            "interrupted": False,
            "isImage": False,
            "persistedOutputPath": place,
            "persistedOutputSize": len(spilled),
        },
    )
    t.say("1,500 readings, all between 180 and 269 cm.")
    save(root / f"{t.session}.jsonl", t.text())
    save(root / t.session / "subagents" / "agent-a7c31f0.jsonl", agent.text())
    save(
        root / t.session / "subagents" / "agent-a7c31f0.meta.json",
        '{"agentType":"Explore","description":"Find callers"}\n',
    )
    save(root / place, spilled)


def save(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def write_all(root: Path) -> None:
    """Every fixture below root."""
    coding, plain = coding_session().text(), plain_session().text()
    save(root / "compacted.jsonl", coding)
    save(root / "plain.jsonl", plain)
    save(root / "unicode.jsonl", unicode_session().text())
    # Cut in the middle of a two-byte character, as a write cut short leaves it.
    torn = plain.encode()
    save(root / "torn.jsonl", torn[: torn.index("ü".encode()) + 1])
    # The same session before and after the host rewrote one line and cut the tail.
    lines = plain.splitlines(keepends=True)
    save(root / "rewritten-before.jsonl", plain)
    rewritten = lines[4].replace("Two: Büsum and Wittdün", "Only Büsum")
    save(root / "rewritten-after.jsonl", "".join([*lines[:4], rewritten, *lines[5:-2]]))
    # Lines that are no JSON object, a duplicate key, an empty line, a line without ids.
    odd = ["not json at all\n", '["a","list"]\n', '{"type":"user","type":"user","message":{"role":"user","content":"twice"}}\n',
           "\n", '{"type":"mystery","payload":{"depth":[[[[]]]]}}\n', '{"type":"mystery","payload":{"depth":[[[[]]]]}}\n']  # fmt: skip
    save(root / "odd.jsonl", "".join(lines[:4]) + "".join(odd) + "".join(lines[4:]))
    with_subagent(root / "subagents")


if __name__ == "__main__":
    write_all(HERE)
    save(SAMPLE, coding_session().text())
