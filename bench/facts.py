"""Precision and recall of the fact extractor: bench/facts.py --home DIR [--set NAME] [LABELS.json ...] | --lines HALF | --texts FILE

Labels are offsets and digests, never texts (tests/data/labels): a record is found again by the SHA-256 of its
text in an archive that holds it. A fact is right where a label of its kind covers most of the shorter of both.
`--lines dev|held` scores our own chat lines instead, by language. `--texts FILE` scores a file of a labeller's, a JSON
object a line: role (user, assistant, thinking, tool), part (call, result), tool (name, input), lang, text, and labels
with kind, start and end in characters.
"""

import argparse
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memlog.archive.connection import Connection, open_reader
from memlog.paths import Home
from memlog.query.facts import extract
from memlog.query.facts.calls import SHELLS
from memlog.query.facts.fact import Fact, Said
from memlog.query.facts.stream import records

LABELS = Path(__file__).parents[1] / "tests" / "data" / "labels"
TEXTS = "languages.json"
WANTED = {
    "file": (0.98, 0.98), "command": (0.98, 0.98), "error": (0.90, 0.85), "test": (0.90, 0.85),
    "instruction": (0.80, 0.70), "correction": (0.80, 0.70), "decision": (0.80, 0.70),
}  # fmt: skip
# A call as a terminal or a page shows it: `Bash(make it)`, a fence, an object.
_SHOWN = re.compile(
    r"\W*[\w-]+\((.+?)\)?\s*|\s*```\w*\n(.+?)\n?```\s*|\s*\{\s*\"command\": \"(.+)\"\s*\}\s*", re.S
)
Span = tuple[str, int, int]


def main() -> int:
    """Prints a line per split and kind; 1 where no labelled record was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels", nargs="*", type=Path)
    parser.add_argument("--home", help="A home whose archive holds the labelled sessions.")
    parser.add_argument("--lines", choices=("dev", "held"), help="Our own lines in six languages, this half.")
    parser.add_argument("--texts", type=Path, help="Records with their texts and labels, by language.")
    parser.add_argument("--set", metavar="NAME", help="Only this set.")
    parser.add_argument(
        "--show", metavar="SPLIT", help="What was wrong in this split, with texts of the archive."
    )
    parser.add_argument("--kind", help="Only of this kind.")
    args = parser.parse_args()
    if args.lines or args.texts:
        wanted, found = _lines(args.lines) if args.lines else _texts(args.texts)
        _report(wanted, found)
        if args.show:
            _show(wanted, found, args.show, args.kind)
        return 0
    if args.home is None:
        parser.error("--home, --lines or --texts is needed")
    files = args.labels or [f for f in sorted(LABELS.glob("*.json")) if f.name != TEXTS]
    drawn = [r for file in files for r in json.loads(file.read_text())]
    wanted = {(r["kind"], r["sha256"]): r for r in drawn if args.set in (None, r["split"])}
    con = open_reader(Home(args.home).archive)
    found = _extracted(con, wanted)
    if not found:
        print("the archive holds none of the labelled records", file=sys.stderr)
        return 1
    _report(wanted, found)
    if args.show:
        _show(wanted, found, args.show, args.kind)
    return 0


def _extracted(con: Connection, wanted: dict[Any, Any]) -> dict[Any, tuple[str, list[Fact]]]:
    """Text and facts of every labelled record, each extracted within its session."""
    found: dict[Any, tuple[str, list[Fact]]] = {}
    for (session_id,) in con.execute("SELECT id FROM session ORDER BY id").fetchall():
        waiting: dict[str, Fact] = {}
        keys: dict[int, Any] = {}
        facts: dict[int, list[Fact]] = defaultdict(list)
        for said in records(con, session_id):
            key = (said.kind, hashlib.sha256(said.text.encode("utf-8", "surrogatepass")).hexdigest())
            if key in wanted and key not in found:
                keys[said.id] = key
                found[key] = (said.text, facts[said.id])
            for fact in extract.step(said, waiting):
                facts[fact.record].append(fact)
        for fact in waiting.values():
            facts[fact.record].append(fact)
    return found


def _lines(half: str) -> tuple[dict[Any, Any], dict[Any, tuple[str, list[Fact]]]]:
    """Our own lines of one half as labelled records, and what is found in each."""
    wanted: dict[Any, Any] = {}
    found: dict[Any, tuple[str, list[Fact]]] = {}
    for number, line in enumerate(json.loads((LABELS / TEXTS).read_text())):
        if line["split"] == half:
            wanted[number] = {"split": line["language"], "facts": line["facts"]}
            found[number] = (line["text"], list(extract.of_records([_as_said(line)])))
    return wanted, found


def _texts(file: Path) -> tuple[dict[Any, Any], dict[Any, tuple[str, list[Fact]]]]:
    """A labeller's records, and what is found in each; of an answer the call it answers is known."""
    wanted: dict[Any, Any] = {}
    found: dict[Any, tuple[str, list[Fact]]] = {}
    for number, line in enumerate(file.read_text().splitlines()):
        record = json.loads(line)
        text = record["text"]
        labels = [
            [one["kind"], len(text[: one["start"]].encode()), len(text[: one["end"]].encode())]
            for one in record["labels"]
        ]
        wanted[number] = {"split": record.get("lang", "?"), "facts": labels}
        facts = extract.of_records(_as_records(record))
        found[number] = (text, [fact for fact in facts if fact.record == 1])
    return wanted, found


def _as_records(record: dict[str, Any]) -> Iterator[Said]:
    """A labeller's record, behind the call it answers."""
    text, called = record["text"], record.get("tool") or {}
    name, given = called.get("name"), called.get("input")
    shown = _SHOWN.fullmatch(text) if record.get("part") == "call" else None
    if record.get("part") == "call" and re.match(r"[A-Za-z]\w*: ", text):
        given = None  # the text has the arguments themselves, and `input` may be a summary of them
    if isinstance(given, str):
        given = next(filter(None, shown.groups())) if shown else given
        given = {"command": given} if (name or "").lower() in SHELLS else {"file_path": given}
    given = given if isinstance(given, dict) else None
    if record["role"] != "tool":
        kind = "thinking" if record["role"] == "thinking" else "message"
        role = "user" if record["role"] == "user" else "assistant"
        yield Said(1, "s", "claude-code", 0, 0, kind, role, None, text, False, "")
    elif record.get("part") == "call":
        yield Said(1, "s", "claude-code", 0, 0, "tool_use", "assistant", name, text, False, "", given, "c")
    else:
        asked = "\n".join(f"{key}: {value}" for key, value in (given or {}).items())
        failed = text.lstrip().startswith("Error:")  # as a terminal shows what the host calls an error
        yield Said(0, "s", "claude-code", 0, 0, "tool_use", "assistant", name, asked, False, "", given, "c")
        yield Said(1, "s", "claude-code", 0, 0, "tool_result", "tool", name, text, failed, "", None, "c")


def _as_said(line: dict[str, Any]) -> Said:
    role = {"user": "user", "agent": "assistant", "tool": "tool"}[line["by"]]
    tool = "Bash" if role == "tool" else None
    kind = "message" if tool is None else "tool_result"
    return Said(0, "s", "claude-code", 0, 0, kind, role, tool, line["text"], False, "")


def _report(wanted: dict[Any, Any], found: dict[Any, tuple[str, list[Fact]]]) -> None:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for key, record in wanted.items():
        if key not in found:
            continue
        labels: list[Span] = [tuple(f) for f in record["facts"]]
        said: list[Span] = [(f.kind, f.start, f.end) for f in found[key][1]]
        for kind in WANTED:
            mine, theirs = [s for s in said if s[0] == kind], [s for s in labels if s[0] == kind]
            for split in (record["split"], "all"):
                counts[split, kind]["said"] += len(mine)
                counts[split, kind]["right"] += sum(any(_same(s, t) for t in theirs) for s in mine)
                counts[split, kind]["labels"] += len(theirs)
                counts[split, kind]["found"] += sum(any(_same(s, t) for s in mine) for t in theirs)
    missing = sum(key not in found for key in wanted)
    print(f"{len(found)} labelled records, {missing} not in this archive")
    print(f"{'split':6} {'kind':12} {'labels':>6} {'said':>6} {'precision':>9} {'recall':>7}  wanted")
    for (split, kind), c in sorted(counts.items()):
        precision = c["right"] / c["said"] if c["said"] else float("nan")
        recall = c["found"] / c["labels"] if c["labels"] else float("nan")
        print(
            f"{split:6} {kind:12} {c['labels']:6} {c['said']:6} {precision:9.3f} {recall:7.3f}  "
            f"{WANTED[kind][0]:.2f}/{WANTED[kind][1]:.2f}"
        )


def _same(a: Span, b: Span) -> bool:
    """Whether two spans overlap in half of the shorter one."""
    overlap = min(a[2], b[2]) - max(a[1], b[1])
    return a[0] == b[0] and overlap > 0 and 2 * overlap >= min(a[2] - a[1], b[2] - b[1])


def _show(wanted: dict[Any, Any], found: dict[Any, Any], split: str, only: str | None) -> None:
    for key, (text, facts) in found.items():
        if wanted[key]["split"] != split and split != "all":
            continue
        raw = text.encode("utf-8", "surrogatepass")
        labels: list[Span] = [tuple(f) for f in wanted[key]["facts"]]
        said: list[Span] = [(f.kind, f.start, f.end) for f in facts]
        for sign, ours, theirs in (("+", said, labels), ("-", labels, said)):
            for one in ours:
                if (
                    one[0] in WANTED
                    and (only is None or one[0] == only)
                    and not any(_same(one, t) for t in theirs)
                ):
                    print(sign, one[0], repr(raw[one[1] : one[2]].decode("utf-8", "replace"))[:260])


if __name__ == "__main__":
    sys.exit(main())
