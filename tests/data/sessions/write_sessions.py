"""Writes the transcripts beside it and the package's sample session; all of it is our own invention.

Run `python tests/data/sessions/write_sessions.py` after changing the story; the same story gives the same bytes.
"""

import json
import random
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parents[2] / "archiver" / "memlog" / "sample" / "session.jsonl"
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


ALARMS = '''"""Low-water alarms of one station."""

from datetime import datetime, timedelta

from tidewatch.gauge import Gauge
from tidewatch.store import Store

LEAD = timedelta(minutes=40)


def next_alarm(store: Store, gauge: Gauge, now: datetime) -> datetime | None:
    """When to warn the harbour master: LEAD before the next low water under the limit."""
    for low in store.predictions(gauge.station, after=now):
        if low.level_cm <= gauge.limit_cm:
            return datetime.fromtimestamp(low.at) - LEAD
    return None


def due(alarm: datetime, now: datetime) -> bool:
    return now.replace(tzinfo=None) >= alarm
'''

STORE = '''"""Predictions and readings, in SQLite."""

import sqlite3

RETRIES = 1


class Store:
    def __init__(self, path: str) -> None:
        self.con = sqlite3.connect(path, timeout=0.1)

    def predictions(self, station: str, after):
        sql = "SELECT at, level_cm FROM prediction WHERE station = ? AND at > ? ORDER BY at"
        return self.con.execute(sql, (station, after.timestamp()))

    def add_reading(self, station: str, at: int, level_cm: int) -> None:
        with self.con:
            self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))
'''

TEST = """from datetime import UTC, datetime

from tidewatch.alarms import next_alarm


def test_the_alarm_keeps_its_distance_over_the_clock_change(husum_store, husum):
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    low = husum_store.next_low("husum", now)
    assert low.at - next_alarm(husum_store, husum, now).timestamp() == 40 * 60
"""

FAILURE = """============================= test session starts ==============================
collected 1 item

tests/test_alarms.py F                                                   [100%]

=================================== FAILURES ===================================
__________ test_the_alarm_keeps_its_distance_over_the_clock_change _____________

>       assert low.at - next_alarm(husum_store, husum, now).timestamp() == 40 * 60
E       assert -1200 == 2400
E        +  where -1200 = 1774752300 - 1774753500.0

tests/test_alarms.py:9: AssertionError
=========================== short test summary info ============================
FAILED tests/test_alarms.py::test_the_alarm_keeps_its_distance_over_the_clock_change
============================== 1 failed in 0.31s ==============================="""

LOCKED = """Traceback (most recent call last):
  File "/home/ines/code/tidewatch/tidewatch/poll.py", line 41, in poll
    store.add_reading(gauge.station, at, level_cm)
  File "/home/ines/code/tidewatch/tidewatch/store.py", line 18, in add_reading
    self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))
sqlite3.OperationalError: database is locked"""

SUMMARY = """Summary:
1. Primary request and intent:
   Ines reported that since Sunday the low-water alarm of station Husum fires an hour late. She asked for the cause, a test, and a fix; then for a second problem, readings lost with "database is locked".

2. Key technical concepts:
   - naive datetimes against aware ones over a daylight saving change
   - SQLite busy timeout and retries

3. Files and code:
   - tidewatch/alarms.py: next_alarm now returns an aware UTC datetime; due compares aware values
   - tests/test_alarms.py: a test over the clock change of 2026-03-29
   - tidewatch/store.py: not changed yet

4. Problem solving:
   The alarm was naive local time while `now` was UTC with its zone dropped.

5. Pending tasks:
   - retry writes in store.py when the database is locked
   - release 0.9.2

6. Current work:
   About to change Store.add_reading so that a locked database does not lose a reading."""


def coding_session() -> Transcript:
    """An hour of work on one project, with a compaction that drops two decisions."""
    t = Transcript(20260330, "2026-03-30T07:12:04+00:00", branch="fix/late-alarm")
    t.snapshot()
    hook = {"type": "hook_progress", "hookEvent": "SessionStart", "hookName": "SessionStart:startup",
            "command": "scripts/greet.sh"}  # fmt: skip
    t.add("progress", data=hook, toolUseID="hook-1", parentToolUseID="hook-1")
    t.user(
        "Since Sunday the low-water alarm for Husum fires an hour late. Can you find out why? Start with "
        "tidewatch/alarms.py. Please leave schema.sql alone: the station firmware reads that file byte by byte."
    )
    t.think(
        "The clocks went forward on Sunday 29 March 2026, so an hour late smells of daylight saving: a naive "
        "datetime somewhere. I read alarms.py first and look for fromtimestamp without a zone."
    )
    t.say(
        "An hour since Sunday points at the clock change of 29 March. I look at how the alarm computes its time."
    )
    t.read("tidewatch/alarms.py", ALARMS)
    t.grep(
        "fromtimestamp|utcnow|tzinfo",
        [
            "tidewatch/alarms.py:15:            return datetime.fromtimestamp(low.at) - LEAD",
            "tidewatch/alarms.py:20:    return now.replace(tzinfo=None) >= alarm",
            "tidewatch/poll.py:33:        at = int(datetime.now(UTC).timestamp())",
        ],
    )
    t.think(
        "fromtimestamp gives naive local time, 02:00 more than UTC now that summer time holds; due() drops the zone "
        "of an aware UTC value and compares the two. Before Sunday the difference was one hour and LEAD of 40 minutes "
        "had been tuned around it, which is why nobody noticed."
    )
    t.bash(
        "git log --oneline -5 -- tidewatch/alarms.py",
        "8c1f0aa Warn 40 minutes ahead\n2b7d9e4 Add alarms",
        why="History of the file",
    )
    t.todos(
        ("Write a test over the clock change", "in_progress"),
        ("Make alarms aware of zones", "pending"),
        ("Look at lost readings", "pending"),
    )
    t.write("tests/test_alarms.py", TEST)
    t.snapshot("tests/test_alarms.py")
    t.bash(
        "python -m pytest tests/test_alarms.py -q",
        "ModuleNotFoundError: No module named 'tzdata'",
        error=True,
        why="Run the new test",
        progress=2,
    )
    t.bash(
        "python -m pip install tzdata==2026.1",
        "Successfully installed tzdata-2026.1",
        why="Install zone data",
        progress=3,
    )
    t.bash(
        "python -m pytest tests/test_alarms.py -q", FAILURE, error=True, why="Run the new test", progress=2
    )
    t.say(
        "The test shows it: the alarm lies 20 minutes *after* low water where it should lie 40 minutes before. "
        "`next_alarm` returns naive local time and `due` compares it with UTC whose zone was dropped."
    )
    t.edit(
        "tidewatch/alarms.py",
        "            return datetime.fromtimestamp(low.at) - LEAD",
        "            return datetime.fromtimestamp(low.at, tz=UTC) - LEAD",
        refused="String to replace not found in file. File has been modified since it was read.",
    )
    t.read("tidewatch/alarms.py", ALARMS)
    t.edit(
        "tidewatch/alarms.py",
        "datetime.fromtimestamp(low.at) - LEAD",
        "datetime.fromtimestamp(low.at, tz=UTC) - LEAD",
        original=ALARMS,
    )
    t.edit("tidewatch/alarms.py", "now.replace(tzinfo=None) >= alarm", "now >= alarm")
    t.edit(
        "tidewatch/alarms.py",
        "from datetime import datetime, timedelta",
        "from datetime import UTC, datetime, timedelta",
    )
    t.snapshot("tidewatch/alarms.py", "tests/test_alarms.py")
    t.bash("python -m pytest -q", "23 passed in 1.84s", why="Run all tests", progress=2)
    t.say("All 23 tests pass. Times are UTC inside now; only the message to the harbour master is local.")
    t.turn_end()
    t.user("Good. Does the message itself still say local time? The harbour master does not think in UTC.")
    t.read(
        "tidewatch/message.py",
        'def text(alarm, zone):\n    return f"Low water under limit at {alarm.astimezone(zone):%H:%M}"\n',
    )
    t.bash(
        'python -c "from tidewatch.message import text; ..."',
        "Low water under limit at 04:45",
        why="Print one message",
    )
    t.say("Yes: `message.text` converts with `astimezone(zone)`, and 02:45 UTC prints as 04:45 in Husum.")
    t.turn_end()
    t.user(
        "Second thing: the gauge loses readings. The log has 'database is locked' about twice a night. Decide how to retry, "
        "but no endless loop: at most 4 tries, 0.5 s apart, then write the reading to the overflow file. "
        "The test gauge listens on port 7341 if you need one."
    )
    t.think(
        "4 tries, 0.5 s apart, then overflow file. timeout=0.1 is the busy timeout; the nightly backup holds the lock "
        "for about a second. I check the log for how long it is held."
    )
    t.bash("grep -c 'database is locked' log/poll.log", "61", why="Count lost readings")
    t.bash("tail -7 log/poll.log", LOCKED, why="Last failure")
    t.read("tidewatch/store.py", STORE)
    t.bash(
        "cat .env",
        "TIDE_PORT=7341\nTIDE_DB=postgres://ines:gull-feather-19@db.example.org/tides\nTIDE_ZONE=Europe/Berlin",
        why="Settings of the test gauge",
    )
    t.bash(
        "python -m tidewatch.poll --port 7341 --once",
        "connection refused: nothing listens on 127.0.0.1:7341",
        error=True,
        why="Ask the test gauge",
        progress=2,
    )
    t.user("Start it with `make gauge`, it needs the simulator.")
    t.bash(
        "make gauge",
        "simulator: husum on 127.0.0.1:7341, one reading a second",
        why="Start the simulator",
        progress=2,
    )
    t.bash(
        "python -m tidewatch.poll --port 7341 --once",
        "husum 2026-03-30T07:41:12Z 214 cm",
        why="Ask the test gauge",
    )
    t.think(
        "The backup script runs `VACUUM INTO` at 02:10 and holds a read lock; the writer's 0.1 s timeout gives up. Retry in "
        "add_reading, RETRIES = 4, sleep 0.5. Overflow file: data/overflow.csv, read back at start."
    )
    t.say(
        "Plan, as you asked: `RETRIES = 4`, 0.5 s apart, then append to `data/overflow.csv`, which `poll` reads back "
        "at its next start. I leave `schema.sql` untouched."
    )
    t.system("stop_hook_summary", hookCount=1, hookInfos=[{"command": "scripts/stop.sh"}], hookErrors=[],
             preventedContinuation=False, stopReason="", hasOutput=False, level="suggestion")  # fmt: skip
    t.turn_end()
    t.compact(SUMMARY, trigger="auto", before=155_902, after=9_214)
    t.attach(
        {
            "type": "compact_file_reference",
            "filename": f"{CWD}/tidewatch/alarms.py",
            "displayPath": "tidewatch/alarms.py",
        }
    )
    t.think("The summary says store.py is next. I do not have its text any more, so I read it again.")
    t.read("tidewatch/store.py", STORE)
    t.read("tidewatch/alarms.py", ALARMS.replace("fromtimestamp(low.at)", "fromtimestamp(low.at, tz=UTC)"))
    t.edit(
        "tidewatch/store.py",
        "RETRIES = 1",
        "RETRIES = 10",
        original=STORE,
    )
    t.user("Not 10. I gave you a number before the compaction. Which one was it?")
    t.think("The summary does not hold it. I should not guess; the transcript or the log may.")
    t.grep("RETRIES|tries", ["tidewatch/store.py:5:RETRIES = 10"])
    t.say(
        "The summary I was left with does not hold the number, and I will not guess it. Could you tell me again?"
    )
    t.user("4 tries, 0.5 s apart, then the overflow file. (This is why we need a recorder.)")
    t.edit("tidewatch/store.py", "RETRIES = 10", "RETRIES = 4\nPAUSE_S = 0.5", original=STORE)
    t.edit(
        "tidewatch/store.py",
        '        with self.con:\n            self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))',
        "        for attempt in range(RETRIES):\n            try:\n                with self.con:\n"
        '                    self.con.execute("INSERT INTO reading VALUES (?, ?, ?)", (station, at, level_cm))\n'
        "                return\n            except sqlite3.OperationalError:\n                time.sleep(PAUSE_S)\n"
        "        overflow.append(station, at, level_cm)",
    )
    t.snapshot("tidewatch/store.py", "tidewatch/alarms.py")
    t.bash(
        "python -m pytest -q",
        "NameError: name 'time' is not defined",
        error=True,
        why="Run all tests",
        progress=2,
    )
    t.edit(
        "tidewatch/store.py",
        "import sqlite3",
        "import sqlite3\nimport time\n\nfrom tidewatch import overflow",
    )
    t.write(
        "tidewatch/overflow.py",
        '"""Readings the database would not take, one CSV line each."""\n\nimport csv\n\nPATH = "data/overflow.csv"\n\n\n'
        "def append(station, at, level_cm):\n    with open(PATH, 'a', newline='') as file:\n"
        "        csv.writer(file).writerow((station, at, level_cm))\n",
    )
    t.bash("python -m pytest -q", "26 passed in 3.92s", why="Run all tests", progress=3)
    t.todos(
        ("Write a test over the clock change", "completed"),
        ("Make alarms aware of zones", "completed"),
        ("Look at lost readings", "completed"),
    )
    t.bash(
        "git add -A && git commit -m 'Keep readings while the database is locked'",
        "[fix/late-alarm 5d0e7c2] Keep readings while the database is locked\n 4 files changed, 38 insertions(+), 6 deletions(-)",
        why="Commit",
    )
    t.say(
        "Done: alarms are in UTC inside, writes retry 4 times 0.5 s apart and then go to `data/overflow.csv`, "
        "26 tests pass, `schema.sql` is untouched. Next would be release 0.9.2."
    )
    t.turn_end()
    t.lines.append(
        {
            "type": "summary",
            "summary": "Late low-water alarm and lost readings in tidewatch",
            "leafUuid": t.parent,
        }
    )
    return t


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
