"""Known items: lines of an archive's own records, searched for as they stand and half remembered.

`python -m bench.known_items HOME [--items 600] [--seed 11]`. Records are drawn uniformly, then a line of four
or more words, then three to six of its words in a row; half remembered: two of them dropped (one is
always left), the rest shuffled. Found: the record, or a hit that it is folded into, is among the first five.
Beside it stands what any order could find (bench/known_bound.py).
"""

import argparse
import time
from random import Random
from typing import NamedTuple

from bench.known_bound import LEAST_WORDS, Bound
from bench.measure import p95
from bench.report import Row, table
from memlog.archive.connection import Connection, open_reader
from memlog.paths import Home
from memlog.query import fold as folding
from memlog.query.search import find

FIRST, REPEATED = 5, 5
IDS_SQL = "SELECT id FROM record WHERE part = 0 ORDER BY id"
TEXT_SQL = "SELECT text FROM v_record WHERE id = :id"
SESSIONS_SQL = "SELECT id, session_id FROM record WHERE part = 0"


class Item(NamedTuple):
    """What is looked for, and both ways to ask for it."""

    id: int
    exact: str
    remembered: str
    left: int  # words of the second


def drawn(con: Connection, items: int, seed: int) -> list[Item]:
    """That many items; only lines of fewer words are passed over."""
    draw = Random(seed)
    ids = [row[0] for row in con.execute(IDS_SQL)]
    found: list[Item] = []
    while len(found) < items:
        id_ = draw.choice(ids)
        text = con.execute(TEXT_SQL, {"id": id_}).fetchone()[0] or ""
        lines = [line.split() for line in text.splitlines() if len(line.split()) >= LEAST_WORDS]
        if not lines:
            continue
        line = draw.choice(lines)
        count = min(draw.randint(3, 6), len(line))
        at = draw.randrange(len(line) - count + 1)
        exact = line[at : at + count]
        rest = list(exact)
        for _ in range(2):
            if len(rest) > 1:
                rest.pop(draw.randrange(len(rest)))
        draw.shuffle(rest)
        found.append(Item(id_, " ".join(exact), " ".join(rest), len(rest)))
    return found


def is_found(con: Connection, item: Item, asked: str, *, fold: bool = True) -> bool:
    """Whether it is among the first."""
    hits = find(con, asked, now_ns=time.time_ns(), limit=FIRST, fold=fold)
    return any(item.id == hit.id or item.id in hit.same for hit in hits)


def without_places(con: Connection, items: list[Item]) -> float:
    """The share of half-remembered items that is found where hits near each other in a session are no row."""
    stretches, folding.STRETCHES = folding.STRETCHES, ()
    try:
        return sum(is_found(con, item, item.remembered) for item in items) / len(items)
    finally:
        folding.STRETCHES = stretches


def bounds(con: Connection, items: list[Item]) -> list[Row]:
    """What any order could find of them, by what a row may be."""
    sessions = dict(con.execute(SESSIONS_SQL).fetchall())
    texts = {id_: con.execute(TEXT_SQL, {"id": id_}).fetchone()[0] or "" for id_ in sessions}
    bound = Bound(con, texts, sessions)
    by_words: dict[str, dict[int, list[float]]] = {}
    for item in items:
        for what, one in bound.of(item.remembered).items():
            by_words.setdefault(what, {}).setdefault(item.left, []).append(one)
    return [
        Row(
            f"… … in the five likeliest {what}",
            f"{sum(map(sum, every.values())) / len(items):.1%}; with 1, 2 … words left: "
            + ", ".join(f"{sum(one) / len(one):.0%}" for _, one in sorted(every.items())),
            "any order",
        )
        for what, every in by_words.items()
    ]


def is_repeated(con: Connection, item: Item) -> bool:
    """Whether its words stand in more different texts than are looked at."""
    texts: set[str] = set()
    for hit in find(
        con, '"' + item.exact.replace('"', " ") + '"', now_ns=time.time_ns(), limit=500, fold=False
    ):
        if hit.matched == "all":
            texts.add(" ".join(hit.text.split()))
    return len(texts) > REPEATED


def rows(con: Connection, items: int, seed: int) -> list[Row]:
    """Shares that are found, and what a search cost."""
    found = drawn(con, items, seed)
    took: list[float] = []
    exact = remembered = 0
    by_words: dict[int, list[bool]] = {}
    again_of: dict[int, bool] = {}
    for n, item in enumerate(found):
        before = time.process_time()
        exact += is_found(con, item, item.exact)
        took.append((time.process_time() - before) * 1e3)
        again = again_of[n] = is_found(con, item, item.remembered)
        remembered += again
        by_words.setdefault(item.left, []).append(again)
    alone = sum(is_found(con, item, item.exact, fold=False) for item in found)
    repeated = {n for n, item in enumerate(found) if is_repeated(con, item)}
    others = [again for n, again in again_of.items() if n not in repeated]
    shares = [
        Row(f"{items} items, as they stand", f"{exact / items:.1%}", "≥ 95 %"),
        Row("… half remembered", f"{remembered / items:.1%}", "≥ 85 %"),
    ]
    shares += [
        Row(f"… … with {n} word{'s'[: n > 1]} left ({len(one)})", f"{sum(one) / len(one):.1%}", "reported")
        for n, one in sorted(by_words.items())
    ]
    return [
        *shares,
        Row("… … without folds by place", f"{without_places(con, found):.1%}", "reported"),
        *bounds(con, found),
        Row("… as they stand, without folds", f"{alone / items:.1%}", "reported"),
        Row("… that stand in more than five different texts", f"{len(repeated) / items:.1%}", "reported"),
        Row("… half remembered, of those that do not", f"{sum(others) / max(len(others), 1):.1%}", "reported"),
        Row("a search, p50 / p95", f"{sorted(took)[items // 2]:.1f} / {p95(sorted(took)):.1f} ms CPU", "reported"),
    ]  # fmt: skip


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.known_items", description=__doc__)
    parser.add_argument("home", help="of an archive with real sessions")
    parser.add_argument("--items", type=int, default=600)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    con = open_reader(Home(arguments.home).archive)
    print(table(rows(con, arguments.items, arguments.seed)))
    con.close()


if __name__ == "__main__":
    main()
