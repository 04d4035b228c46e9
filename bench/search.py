"""Searches in process over made-up records, and whole processes beside those of other programs.

`python -m bench.search [--records N …] [--archive DIR] [--alone]`; an archive that was kept is not filled
again. A million: python -m bench.search --records 10000 100000 1000000 --archive /tmp/bench.
"""

import argparse
from collections import Counter
from pathlib import Path
from random import Random

from bench import rivals
from bench.filled import home_of
from bench.measure import cpu_s, p95
from bench.report import Row, machine, table
from memlog.archive.body import text_of
from memlog.archive.connection import Connection, open_reader
from memlog.paths import Home
from memlog.query import facets
from memlog.query.search import Hits, find
from memlog.query.selection import Selection

SAMPLE, QUERIES, ROUNDS = 4_000, 40, 3
COMMON, MID = 0.10, (0.001, 0.005)  # share of records a word is in
IDS_SQL = "SELECT id FROM record"
SESSION_SQL = "SELECT session FROM session ORDER BY records DESC LIMIT 1"
DAYS_SQL = "SELECT min(started_ns), max(ended_ns) FROM session"
BODY_SQL = "SELECT body, packing, text_bytes FROM record WHERE id = :id"
HITS_SQL = "SELECT count(*) FROM (SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 11)"


def rows(records: int = 10_000, kept: Path | None = None, alone: bool = False) -> list[Row]:
    """p95 of a search over an archive of so many records, and what widens or narrows it; alone: no other program."""
    with home_of(records, kept) as home:
        found = measured(home, records)
        return found if alone else found + beside(home, records, Path(home.root) / "rivals")


def beside(home: Home, records: int, folder: Path) -> list[Row]:
    """The rows of other programs that look for a word in a few of a thousand records."""
    con = open_reader(home.archive)
    word = vocabulary(con)[1][0]
    con.close()
    return rivals.rows(home, records, word, folder)


def measured(home: Home, records: int) -> list[Row]:
    """The rows over an archive that is there."""
    con = open_reader(home.archive)
    rare, mid, common = vocabulary(con)
    session = con.execute(SESSION_SQL).fetchone()[0]
    of_session, of_project = Selection(session=session), Selection(project="cinder")
    days = con.execute(DAYS_SQL).fetchone()
    of_days = Selection(since_ns=days[0] + (days[1] - days[0]) * 8 // 10, until_ns=days[1])
    times = {
        "rare word": timed(con, rare),
        "word in a few of a thousand, ranked": timed(con, mid),
        "common word, ranked": timed(con, common),
        "common word, newest first": timed(con, common, newest=True),
        "three common words, ranked": timed(con, triples(common)),
        "common word in one session, ranked": timed(con, common, of_session),
        "common word in one project, ranked": timed(con, common, of_project),
        "common word in the last fifth of the time, ranked": timed(con, common, of_days),
        "common word, failures only, ranked": timed(con, common, Selection(error=True)),
        "phrase of three words, ranked": timed(con, phrases(con)),
        "question none has all words of": timed(con, [f"{words} zzzzz" for words in triples(mid)]),
        **{what: timed(con, asked) for what, asked in written(common).items()},
    }
    reach = {"rare word": "≤ 1 ms", "common word, ranked": "≤ 40 ms", "common word, newest first": "≤ 0.5 ms"}
    found = [
        Row(f"search, {records:,} records: {what}, p50 / p95", f"{p50:.2f} / {top:.2f} ms", f"{reach[what]} at 1 M" if what in reach else "reported")
        for what, (p50, top) in times.items()
    ]  # fmt: skip
    ranked, newest = times["common word, ranked"][0], times["common word, newest first"][0]
    text = timed(con, common, newest=True, show=True)
    found.append(
        Row(
            "… newest first with 20 texts and snippets, p50 / p95",
            f"{text[0]:.2f} / {text[1]:.2f} ms",
            "reported",
        )
    )
    found.append(Row("… common word, ranked over newest first", f"{ranked / newest:.1f}×", "reported"))
    by_tool = counted(con, common)
    found.append(
        Row("… common word, --facet tool, p50 / p95", f"{by_tool[0]:.0f} / {by_tool[1]:.0f} ms", "reported")
    )
    con.close()
    return found


def written(common: list[str]) -> dict[str, list[str]]:
    """Questions that are more than words."""
    pairs = list(zip(common, common[1:], strict=False))
    return {
        "`word -word`": [f"{one} -{other}" for one, other in pairs],
        "`word OR word`": [f"{one} OR {other}" for one, other in pairs],
        "`(word tool:Bash) OR is:error`": [f"({word} tool:Bash) OR is:error" for word in common],
        "version: `1.2.3`, `2.0.1` …": ["1.2.3", "2.0.1", "7.8.9", "0.14.2", "3.11.4"],
        "version that goes on: `3.11.*` …": ["3.11.*", "1.2.*", "20.04.*"],
        "`Strasse`, `Haus` … (in no record)": ["Strasse", "Haus", "Fuss", "schoene"],
        "`file.go:907` … (line of no record)": ["file.go:907", "main.go:12", "main.py:88"],
        "`path:` of a file": ["path:main.py", "path:README.md", "path:x", "path:src/main.rs"],
        "`path:*.py`, `path:src/**/*.rs` …": ["path:*.py", "path:src/**/*.rs", "path:test_*"],
        "common word and `path:`": [f"{word} path:main.py" for word in common],
        "`is:error`": ["is:error", "-is:error"],
    }


def vocabulary(con: Connection) -> tuple[list[str], list[str], list[str]]:
    """Words that are in at most ten records, in a few of a thousand, and in more than a tenth."""
    draw = Random(5)
    ids = [row[0] for row in con.execute(IDS_SQL)]
    sample = draw.sample(ids, min(SAMPLE, len(ids)))
    seen: Counter[str] = Counter()
    for record_id in sample:
        text = text_of(*con.execute(BODY_SQL, {"id": record_id}).fetchone())
        seen.update({word for word in text.lower().split() if word.isalnum() and len(word) > 2})
    n = len(sample)
    words = sorted(seen)
    draw.shuffle(words)
    once = [word for word in words if seen[word] == 1 and len(word) > 6][: QUERIES * 20]
    rare = [word for word in once if con.execute(HITS_SQL, {"match": f'"{word}"'}).fetchone()[0] <= 10]
    mid = [word for word in words if MID[0] * n <= seen[word] <= MID[1] * n]
    common = [word for word in words if seen[word] > COMMON * n]
    return rare[:QUERIES], mid[:QUERIES], common[:QUERIES]


def triples(words: list[str]) -> list[str]:
    """Three of the words at a time."""
    draw = Random(6)
    return [" ".join(draw.sample(words, 3)) for _ in range(QUERIES)]


def phrases(con: Connection) -> list[str]:
    """Three words that follow each other in some record, quoted."""
    draw = Random(7)
    ids = [row[0] for row in con.execute(IDS_SQL)]
    found = []
    for record_id in draw.sample(ids, min(QUERIES * 3, len(ids))):
        said = text_of(*con.execute(BODY_SQL, {"id": record_id}).fetchone()).split()
        at = draw.randrange(max(len(said) - 3, 1))
        if all(word.isalpha() for word in said[at : at + 3]) and len(said) > at + 2:
            found.append('"' + " ".join(said[at : at + 3]) + '"')
    return found[:QUERIES]


def counted(con: Connection, words: list[str]) -> tuple[float, float]:
    """p50 and p95 of counting what has a word, by tool."""
    best = sorted(
        min(cpu_s(lambda: facets.facets(con, word, keys=("tool",), now_ns=0)) for _ in range(ROUNDS)) * 1e3  # noqa: B023
        for word in words[: QUERIES // 4]
    )
    return best[len(best) // 2], p95(best)


def timed(
    con: Connection,
    queries: list[str],
    selection: Selection | None = None,
    *,
    newest: bool = False,
    show: bool = False,
) -> tuple[float, float]:
    """p50 and p95 in CPU milliseconds; of each query the best of ROUNDS, its pages in memory."""

    def ask(query: str) -> Hits:
        hits = find(con, query, selection, now_ns=0, newest=newest)
        if show:
            for hit in hits:
                hit.as_dict()
        return hits

    best = sorted(min(cpu_s(lambda: ask(query)) for _ in range(ROUNDS + 1)) * 1e3 for query in queries)  # noqa: B023
    return best[len(best) // 2], p95(best)


def main() -> None:
    """Print the rows for each size."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument(
        "--records", type=int, nargs="+", default=[10_000, 100_000], help="a million takes five minutes"
    )
    parser.add_argument("--alone", action="store_true", help="without the other programs")
    parser.add_argument("--archive", type=Path, help="keep the archives here, and use those that are there")
    arguments = parser.parse_args()
    found = [row for n in arguments.records for row in rows(n, arguments.archive, arguments.alone)]
    print(f"{machine()}\n\n{table(found)}")


if __name__ == "__main__":
    main()
