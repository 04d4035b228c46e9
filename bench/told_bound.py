"""What telling sentences by learned weights reaches: bench/told_bound.py --home DIR [--texts FILE ...]

A logistic regression over words, pairs of words and where a sentence stands, of agents also over the named cues
(query/facts/evidence.py), learns from all labelled sets but one and is asked of that one. The cut is the best one of the
other sets. Beside it: how much is found where the cut is the best of the set itself at a precision of 0.80, which no
program can know, and what the extractor gives, which was made with these sets in view. A set is `u`, what of the
archive is older, or a labeller's file (the form of bench/facts.py --texts) by its name.
"""

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import exp
from pathlib import Path
from typing import NamedTuple

from bench.facts import LABELS, TEXTS, Span, _as_records, _same
from memlog.archive.connection import open_reader
from memlog.paths import Home
from memlog.query.facts import evidence, extract, headings, pasted, sentences
from memlog.query.facts.fact import Said
from memlog.query.facts.gate import words_of
from memlog.query.facts.stream import records

KINDS = {"instruction": "user", "correction": "user", "decision": "assistant"}
PRECISION = 0.80
ROUNDS, RATE, HELD = 8, 0.1, 10.0
_LATEST = "u"  # of the archive's sets the one nobody had worked with
_DECISIONS_ONLY = frozenset("fghjkm")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_CODE = re.compile(r"`[^`]*`|https?://\S+|(?:[\w.-]+)?(?:/[\w.-]+)+/?|\w+_\w+|\w+\(\)")
_TOKEN = re.compile(
    r"\ue000|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W\d_]+(?:'[^\W\d_]+)?|[?!:;,.？！：，。—]|\d+"
)
_ITEM = re.compile(r"[ \t]*(?:[-*+•–] +|\d{1,2}[.)] +)")
Row = tuple[int, Span, list[str]]  # record, where the sentence stands (of no kind), what it has


class Labelled(NamedTuple):
    """A record of a set with its labels, and what the extractor says of it."""

    name: str
    said: Said
    labels: list[Span]
    found: list[Span]


class Judged(NamedTuple):
    """A score between 0 and 1 of a sentence of a record."""

    score: float
    record: int
    span: Span


def main() -> int:
    """Prints a line per kind and set; 1 where no labelled record was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", required=True, help="A home whose archive holds the labelled sessions.")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="Records with texts and labels.")
    args = parser.parse_args()
    every = [*_of_archive(args.home), *(one for file in args.texts for one in _of_file(file))]
    if not every:
        print("the archive holds none of the labelled records", file=sys.stderr)
        return 1
    print(f"{len(every)} labelled records")
    print(f"{'kind':12} {'set':6} {'labels':>6} {'learned':>10} {'at 0.80':>8} {'extractor':>10}")
    for kind, role in KINDS.items():
        for line in bound(kind, [one for one in every if one.said.role == role]):
            print(f"{kind:12} {line}", flush=True)
    return 0


def bound(kind: str, every: Sequence[Labelled]) -> Iterator[str]:
    """For each set what is reached where it is left out."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for number, one in enumerate(every):
        rows[one.name] += ((number, span, has) for span, has in sentences_of(one.said))
    judged = {
        name: _judge(kind, every, [r for other in rows if other != name for r in rows[other]], rows[name])
        for name in rows
    }
    for name, own in judged.items():
        others = [one for other in judged if other != name for one in judged[other]]
        learnt = list(_curve(kind, every, others, [n for n, one in enumerate(every) if one.name != name]))
        mine = [n for n, one in enumerate(every) if one.name == name]
        labels = sum(label[0] == kind for n in mine for label in every[n].labels)
        if not labels or not learnt:
            continue
        cut = max(learnt, key=_balance)[2]
        curve = list(_curve(kind, every, own, mine))
        reached = [at for at in curve if at[2] >= cut][-1:] or [(float("nan"), 0.0, 0.0)]
        best = max((recall for precision, recall, _ in curve if precision >= PRECISION), default=0.0)
        yield (
            f"{name:6} {labels:6} {reached[0][0]:5.2f}/{reached[0][1]:.2f} {best:8.2f} "
            f"{_extractors(kind, [every[n] for n in mine]):>10}"
        )


def sentences_of(said: Said) -> Iterator[tuple[Span, list[str]]]:
    """Where each sentence of a record stands, in bytes, and what it has."""
    text = said.text
    above = headings.leads(text)
    every = list(sentences.sentences(text))
    own = [] if pasted.looks_like_a_log(text) else list(sentences.own(text))
    for number, one in enumerate(every):
        line = text.rfind("\n", 0, one.start) + 1
        lead = above.get(line) if headings.begins_item(text, one) else None
        has = set(_words(one.text)) | set(_place(text, one, number, len(every)))
        has.add(f"of {said.kind}, {len(text) > 150} {len(text) > 900} {len(text) > 4000}")
        if lead is not None:
            has.update(f"under {word}" for word in _tokens(lead))
        if said.role == "assistant":
            has.update(_cues(one.text, lead))
        elif not any(first <= one.start < last for first, last in own):
            has.add("pasted")
        start = len(text[: one.start].encode("utf-8", "surrogatepass"))
        end = start + len(text[one.start : one.end].encode("utf-8", "surrogatepass"))
        yield ("", start, end), sorted(has)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_CODE.sub(" \ue000 ", sentences.flat(text).lower().replace("’", "'")))


def _words(text: str) -> Iterator[str]:
    """Words and pairs of them; of scripts without spaces one to three characters."""
    tokens = ["^", *_tokens(text), "$"]
    for one, after in zip(tokens, tokens[1:], strict=False):
        if _WIDE.fullmatch(one):
            for size in (1, 2, 3):
                yield from (one[at : at + size] for at in range(len(one) - size + 1))
            if after in "$。！？.!?":
                yield from (f"{one[-size:]} $" for size in (1, 2, 3))
        else:
            yield one
            if not _WIDE.fullmatch(after):
                yield f"{one} {after}"


def _place(text: str, one: sentences.Sentence, number: int, count: int) -> Iterator[str]:
    line = text[text.rfind("\n", 0, one.start) + 1 : one.end]
    yield f"length {(len(one.text) > 20) + (len(one.text) > 60) + (len(one.text) > 160)}"
    yield f"of {(count > 1) + (count > 4) + (count > 20)}, at {4 * number // count}"
    yield f"{'item' if _ITEM.match(line) else 'title' if line[:1] == '#' else 'line'}"
    yield f"bold {'**' in line}, code {'`' in one.text}"
    if number == 0:
        yield "the first"


def _cues(text: str, lead: str | None) -> Iterator[str]:
    plain = sentences.flat(text).lower().replace("’", "'")
    masked = re.sub(r"`[^`]*`", "`x`", plain)
    yield from (f"cue {cue.name}" for cue in evidence.CUES if re.search(cue.pattern, masked))
    yield f"points {max(-4, min(10, evidence.points(plain, words_of(plain), lead)))}"


def _judge(kind: str, every: Sequence[Labelled], learns: Sequence[Row], asked: Sequence[Row]) -> list[Judged]:
    """Scores of sentences by weights learned from others; what fewer than three records have counts nothing."""
    seen: Counter[str] = Counter()
    for _, group in _by_record(learns):
        seen.update({name for row in group for name in row[2]})
    known = {name for name, times in seen.items() if times > 2}
    examples = [
        ([name for name in has if name in known], _is(kind, every[number].labels, span))
        for number, span, has in learns
    ]
    weights = learned(examples)
    return [Judged(_sure(weights, has), number, (kind, *span[1:])) for number, span, has in asked]


def _by_record(rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    yield from found.items()


def learned(examples: list[tuple[list[str], bool]]) -> dict[str, float]:
    """Weights of a logistic regression that is held close to zero, by steps that grow smaller, in a fixed order."""
    weights: dict[str, float] = defaultdict(float)
    scale, step = 1.0, 0
    order = random.Random(7)
    every = list(examples)
    shrinks = HELD / max(1, len(every))
    for _ in range(ROUNDS):
        order.shuffle(every)
        for has, right in every:
            rate = RATE / (1 + RATE * shrinks * step)
            off = _sure(weights, has, scale) - right
            # all weights shrink with every step, so it is noted once for all of them
            scale *= 1 - rate * shrinks
            step += 1
            for name in (*has, ""):
                weights[name] -= rate * off / scale
    return {name: weight * scale for name, weight in weights.items()}


def _sure(weights: dict[str, float], has: Sequence[str], scale: float = 1.0) -> float:
    total = scale * (weights.get("", 0.0) + sum(weights.get(name, 0.0) for name in has))
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, total))))


def _curve(
    kind: str, every: Sequence[Labelled], judged: Sequence[Judged], records_: Sequence[int]
) -> Iterator[tuple[float, float, float]]:
    """Precision, recall and cut, the surest sentence first."""
    labels = {n: [label for label in every[n].labels if label[0] == kind] for n in records_}
    wanted = sum(map(len, labels.values()))
    met: set[tuple[int, Span]] = set()
    right = 0
    for count, one in enumerate(sorted(judged, key=lambda j: -j.score), 1):
        hit = [label for label in labels[one.record] if _same(one.span, label)]
        right += bool(hit)
        met.update((one.record, label) for label in hit)
        yield right / count, len(met) / max(1, wanted), one.score


def _balance(at: tuple[float, float, float]) -> float:
    return 2 * at[0] * at[1] / (at[0] + at[1]) if at[0] + at[1] else 0.0


def _is(kind: str, labels: Sequence[Span], span: Span) -> bool:
    return any(_same((kind, *span[1:]), label) for label in labels)


def _extractors(kind: str, every: Sequence[Labelled]) -> str:
    said = right = labels = met = 0
    for one in every:
        mine, theirs = ([s for s in spans if s[0] == kind] for spans in (one.found, one.labels))
        said, labels = said + len(mine), labels + len(theirs)
        right += sum(any(_same(s, t) for t in theirs) for s in mine)
        met += sum(any(_same(s, t) for s in mine) for t in theirs)
    return f"{right / said if said else float('nan'):.2f}/{met / labels:.2f}"


def _of_archive(home: str) -> Iterator[Labelled]:
    """Labelled messages and thoughts of an archive; what was labelled with decisions only has no user's."""
    wanted = {
        (r["kind"], r["sha256"]): r
        for file in sorted(LABELS.glob("*.json"))
        if file.name != TEXTS
        for r in json.loads(file.read_text())
    }
    con = open_reader(Home(home).archive)
    for (session,) in con.execute("SELECT id FROM session ORDER BY id").fetchall():
        for said in records(con, session):
            key = (said.kind, hashlib.sha256(said.text.encode("utf-8", "surrogatepass")).hexdigest())
            record = wanted.pop(key, None)
            if record is None or (record["split"] in _DECISIONS_ONLY and said.role == "user"):
                continue
            name = record["split"] if record["split"] == _LATEST else "older"
            yield from _labelled(name, said, [tuple(f) for f in record["facts"]])


def _of_file(file: Path) -> Iterator[Labelled]:
    for line in file.read_text().splitlines():
        record = json.loads(line)
        text = record["text"]
        labels = [
            (one["kind"], len(text[: one["start"]].encode()), len(text[: one["end"]].encode()))
            for one in record["labels"]
        ]
        yield from _labelled(file.stem, next(s for s in _as_records(record) if s.id == 1), labels)


def _labelled(name: str, said: Said, labels: list[Span]) -> Iterator[Labelled]:
    if said.kind not in ("message", "thinking") or (said.role == "user" and _is_hosts(said)):
        return
    found = [(fact.kind, fact.start, fact.end) for fact in extract.step(said, {})]
    yield Labelled(name, said, labels, found)


def _is_hosts(said: Said) -> bool:
    return said.injected or sentences.is_hosts(said.text)


if __name__ == "__main__":
    sys.exit(main())
