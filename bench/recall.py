"""Recall of evidence: questions people asked about long conversations, and the turns that answer them.

`python -m bench.recall FILE` reads LoCoMo's JSON (gzip or not): each conversation becomes
an archive of its own, its questions are typed as they stand. Nothing of such a file is part of memlog.
"""

import argparse
import gzip
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.filled import ingested
from bench.report import Row, table
from memlog.archive.connection import Connection, open_reader
from memlog.paths import Home
from memlog.query.search import find
from memlog.record import Record

DEPTH = 50
ADVERSARIAL = 5  # questions that have no answer
TURN = re.compile(r"D(\d+):0*(\d+)")


def turns(conversation: dict[str, Any], name: str) -> Iterator[Record]:
    """Each turn of a conversation as a record: who said what, and when."""
    numbers = sorted(int(n) for key in conversation for n in re.findall(r"^session_(\d+)$", key))
    for number in numbers:
        said = conversation.get(f"session_{number}_date_time", "")
        start = datetime.strptime(said, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
        for n, turn in enumerate(conversation[f"session_{number}"], 1):
            text = turn.get("text", "") + (
                f" [shares {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            )
            yield Record(
                agent="locomo", session=f"{name}-s{number}", source_id=turn["dia_id"], block=0, kind="message",
                ts_ns=int((start + timedelta(seconds=n)).timestamp()) * 10**9, mac=b"",
                text=f"{turn['speaker']}: {text} ({said})",
            )  # fmt: skip


def asked(questions: list[dict[str, Any]], known: set[str]) -> list[tuple[str, set[str]]]:
    """Questions and the turns that answer them, where there are any."""
    found = []
    for question in questions:
        if question["category"] == ADVERSARIAL:
            continue
        gold = {f"D{int(a)}:{int(b)}" for one in question.get("evidence") or () for a, b in TURN.findall(one)}
        if gold & known:
            found.append((question["question"], gold & known))
    return found


def scored(con: Connection, questions: list[tuple[str, set[str]]]) -> Counter[str]:
    """Sums over the questions: share of the evidence among the first 5 and 10, 1 / rank of the first."""
    total: Counter[str] = Counter()
    for question, gold in questions:
        got = [hit.source_id for hit in find(con, question, now_ns=time.time_ns(), limit=DEPTH)]
        total["n"] += 1
        for k in (1, 5, 10):
            total[f"R@{k}"] += len(gold.intersection(got[:k])) / len(gold)  # type: ignore[assignment]
        total["MRR"] += next((1 / n for n, one in enumerate(got, 1) if one in gold), 0)  # type: ignore[assignment]
    return total


def rows(path: Path) -> list[Row]:
    """A row for each conversation, and one for all."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        data = json.load(file)
    found, every = [], Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for one in data:
            name = one["sample_id"]
            home = Home(f"{folder}/{name}")
            records = list(turns(one["conversation"], name))
            ingested(home, records)
            con = open_reader(home.archive)
            total = scored(con, asked(one["qa"], {record.source_id for record in records}))
            con.close()
            every += total
            found.append(_row(name, total, "reported"))
    found.append(_row("all", every, "R@5 ≥ 0.64, R@10 ≥ 0.73, MRR ≥ 0.52"))
    return found


def _row(name: str, total: Counter[str], reach: str) -> Row:
    said = ", ".join(f"{key} {total[key] / total['n']:.3f}" for key in ("R@1", "R@5", "R@10", "MRR"))
    return Row(f"{name}: {total['n']} questions", said, reach)


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.recall", description=__doc__)
    parser.add_argument("file", type=Path)
    print(table(rows(parser.parse_args().file)))


if __name__ == "__main__":
    main()
