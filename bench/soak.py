"""`python -m bench.soak [--minutes N]`: four agents write at once while a witness, searches and Datasette run.

Not part of `python -m bench`, as it takes as long as it is told. Every text the agents wrote must be
archived once; no search and no page may fail; the witness's memory is printed over time.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import Row, machine, table
from memlog.archive.connection import open_reader
from memlog.paths import Home
from memlog.query.search import find

AGENTS = ("claude-code", "codex", "copilot-cli", "gemini-cli")
TURNS, SAID, PAUSE_S = 40, 8, 0.4  # turns of a session, texts of a turn, pause between turns
MARK = re.compile(r"soak-[a-z-]+-\d+")
FILLER = "the flight recorder keeps what the agent knew before its window was compacted " * 4
BIN = Path(sys.executable).parent


def main() -> int:
    """Print a table; 1 where something was lost, doubled, or a reader failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--as", dest="role", choices=AGENTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        print(json.dumps(Agent(given.role, given.folder).work(given.minutes * 60)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found, is_sound = run(Path(folder), given.minutes)
    print(f"{given.minutes:g} minutes; {machine()}\n\n{table(found)}")
    return 0 if is_sound else 1


class Agent:
    """One host: writes transcripts as it does and calls its hook after every turn."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder / name
        self.folder.mkdir()
        self.said = self.hooks = self.failed = 0
        self.messages: list[dict[str, Any]] = []
        self._begin()

    def _begin(self) -> None:
        self.session, self.parent, self.messages = str(uuid.uuid4()), None, []
        ending = "session-1.json" if self.name == "gemini-cli" else f"rollout-{self.session}.jsonl"
        self.path = self.folder / self.session / ending
        self.path.parent.mkdir()
        if self.name == "codex":
            self._line(
                {"timestamp": _now(), "type": "session_meta", "payload": {"id": self.session, "cwd": "/w"}}
            )
        if self.name == "copilot-cli":
            self._line({"type": "session.start", "id": str(uuid.uuid4()), "timestamp": _now(), "parentId": None,
                        "data": {"sessionId": self.session, "context": {"cwd": "/w"}}})  # fmt: skip

    def work(self, seconds: float) -> dict[str, int]:
        """Texts written, hooks called, hooks that did not exit with 0."""
        end, turn = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            turn += 1
            for _ in range(SAID):
                self.said += 1
                getattr(self, "_" + self.name.replace("-", "_"))(f"soak-{self.name}-{self.said} {FILLER}")
            self._hook("Stop")
            if turn % TURNS == TURNS // 2 and self.name == "claude-code":
                self._compact()
            if turn % TURNS == 0:
                self._hook("SessionEnd")
                self._begin()
            time.sleep(PAUSE_S)
        self._hook("SessionEnd")
        return {"said": self.said, "hooks": self.hooks, "failed": self.failed}

    def _hook(self, event: str, **more: str) -> None:
        told = {"session_id": self.session, "transcript_path": str(self.path), "cwd": "/w", **more}
        command = [str(BIN / "memlog-hook"), "--agent", self.name, event]
        done = subprocess.run(
            command,
            input=json.dumps({**told, "hook_event_name": event}).encode(),
            capture_output=True,
            check=False,
        )
        self.hooks += 1
        if done.returncode or done.stdout:
            self.failed += 1
            print(f"{event}: exit {done.returncode}: {done.stdout + done.stderr!r}", file=sys.stderr)

    def _line(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _claude_code(self, text: str) -> None:
        role, own = ("user", "assistant")[self.said % 2], str(uuid.uuid4())
        self._line({"type": role, "uuid": own, "parentUuid": self.parent, "sessionId": self.session, "cwd": "/w",
                    "timestamp": _now(), "message": {"role": role, "content": [{"type": "text", "text": text}]}})  # fmt: skip
        self.parent = own

    def _compact(self) -> None:
        self._hook("PreCompact", trigger="auto")
        self._line({"type": "system", "subtype": "compact_boundary", "uuid": str(uuid.uuid4()), "parentUuid": None,
                    "logicalParentUuid": self.parent, "sessionId": self.session, "timestamp": _now(),
                    "compactMetadata": {"trigger": "auto", "preTokens": 150_000}})  # fmt: skip
        self._hook("SessionStart", source="compact")

    def _codex(self, text: str) -> None:
        role, kind = (("user", "input_text"), ("assistant", "output_text"))[self.said % 2]
        payload = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        self._line({"timestamp": _now(), "type": "response_item", "payload": payload})

    def _copilot_cli(self, text: str) -> None:
        kind, own = ("user.message", "assistant.message")[self.said % 2], str(uuid.uuid4())
        self._line(
            {"type": kind, "data": {"content": text}, "id": own, "timestamp": _now(), "parentId": self.parent}
        )
        self.parent = own

    def _gemini_cli(self, text: str) -> None:
        kind = ("user", "gemini")[self.said % 2]
        message = {"id": str(uuid.uuid4()), "timestamp": _now(), "type": kind, "content": text}
        self.messages.append({**message, "tokens": {"total": 9}} if kind == "gemini" else message)
        document = {"sessionId": self.session, "projectHash": "0" * 64, "startTime": self.messages[0]["timestamp"],
                    "lastUpdated": _now(), "messages": self.messages}  # fmt: skip
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(document))
        draft.replace(self.path)


def run(folder: Path, minutes: float) -> tuple[list[Row], bool]:
    """All of it at once, then the account."""
    home = Home(str(folder / "home"))
    Path(home.root).mkdir(mode=0o700)
    os.environ["MEMLOG_HOME"] = home.root
    os.environ["MEMLOG_RING"] = "shm"
    with ExitStack() as children:
        witness = _child(children, "memlog", "witness", "run")
        _until(lambda: os.path.exists(home.archive))
        site = _child(children, "memlog", "serve", "--port", "0")
        address = _address(site)
        here = ("python", "-m", "bench.soak", "--minutes", str(minutes), "--folder", str(folder))
        agents = [_child(children, *here, "--as", name) for name in AGENTS]
        resident: list[int] = []
        searches: Counter[str] = Counter()
        troubles: list[str] = []
        while any(agent.poll() is None for agent in agents):
            for what, call in (("search", lambda: _search(home)), ("page", lambda: _page(address))):
                try:
                    call()
                    searches[what] += 1
                except Exception as exc:  # counted and told: that readers meet none is what this shows
                    troubles.append(f"{what}: {type(exc).__name__}: {exc}")
            resident.append(_resident_kb(witness.pid))
            time.sleep(0.25)
        told = [json.loads(agent.stdout.read()) for agent in agents if agent.stdout]
        witness.send_signal(signal.SIGTERM)
        stopped = witness.wait(60)
    drained = subprocess.run(
        [BIN / "memlog", "witness", "drain"], capture_output=True, check=False
    ).returncode
    said = sum(each["said"] for each in told)
    con = open_reader(home.archive)
    marks = Counter(mark for (text,) in con.execute("SELECT text FROM v_record WHERE kind = 'message'")
                    for mark in MARK.findall(text)[:1])  # fmt: skip
    lost = con.execute("SELECT coalesce(sum(lost), 0) FROM v_gap WHERE healed = 0").fetchone()[0]
    epochs = con.execute("SELECT count(*) FROM v_epoch").fetchone()[0]
    con.close()
    doubled = sum(n - 1 for n in marks.values())
    # Its page cache fills first: what grows after that would grow for ever.
    tenths = [
        _mean(resident[len(resident) * n // 10 : len(resident) * (n + 1) // 10]) / 1024 for n in range(10)
    ]
    failed = sum(each["failed"] for each in told)
    rows = [
        Row("texts written by four agents", f"{said:,}", "reported"),
        Row("… archived once", f"{len(marks):,}", "all"),
        Row("… archived twice; lost in open gaps", f"{doubled}, {lost}", "0, 0"),
        Row("hooks called; of them not silent or not 0", f"{sum(e['hooks'] for e in told):,}, {failed}", "0"),
        Row("epochs", f"{epochs:,}", "reported"),
        Row("searches and pages answered; failed", f"{searches['search']:,} + {searches['page']:,}; {len(troubles)}", "0"),
        Row("witness: resident memory in each tenth of the time, MB", " ".join(f"{each:.0f}" for each in tenths), "flat"),
        Row("… the last tenth over the middle two", f"{tenths[-1] / _mean(tenths[4:6]):.2f}", "≤ 1.1"),
    ]  # fmt: skip
    for trouble in troubles[:5]:
        print(trouble, file=sys.stderr)
    sound = said == len(marks) and not (doubled or lost or failed or troubles or stopped or drained)
    return rows, sound


def _child(children: ExitStack, program: str, *words: str) -> "subprocess.Popen[str]":
    """A process that is gone when the stack is."""
    child = subprocess.Popen(
        [BIN / program, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    children.callback(child.wait)
    children.callback(child.kill)
    return child


def _search(home: Home) -> None:
    con = open_reader(home.archive)
    try:
        list(find(con, "recorder compacted", now_ns=time.time_ns(), limit=20))
    finally:
        con.close()


def _page(address: str) -> None:
    with urllib.request.urlopen(f"{address}/archive/-/search?q=recorder", timeout=30) as answer:
        answer.read()


def _address(site: "subprocess.Popen[str]") -> str:
    assert site.stdout is not None
    for line in site.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise RuntimeError("memlog serve named no address")


def _resident_kb(pid: int) -> int:
    words = Path(f"/proc/{pid}/status").read_text().split()
    return int(words[words.index("VmRSS:") + 1])


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the witness made no archive in 30 s")
        time.sleep(0.05)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


if __name__ == "__main__":
    sys.exit(main())
