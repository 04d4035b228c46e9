"""The long story: an alarm that is an hour late, and a decision that a compaction drops."""

from data.sessions.tidewatch import ALARMS, FAILURE, LOCKED, STORE, SUMMARY, TEST
from data.sessions.transcript import CWD, Transcript


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
