"""Words of many languages: found by a search as often as by looking through every text.

`python -m bench.i18n FILE…`: each file is a text; its name's part before the last ending is its language
(`README.zh.md`). A paragraph is a record. Words: what white space and signs part; of Chinese, Japanese and
Thai, where nothing does, runs of one to four characters.
"""

import argparse
import tempfile
import time
from pathlib import Path
from random import Random
from unicodedata import combining

from bench.filled import ingested
from bench.report import Row, table
from memlog.archive.connection import Connection, open_reader
from memlog.archive.prepare import RANGES
from memlog.paths import Home
from memlog.query.search import find
from memlog.record import Record

WORDS = 200
START_NS = 1_772_000_000 * 10**9


def paragraphs(path: Path) -> list[Record]:
    """Its paragraphs, a record each."""
    texts = [text for text in path.read_text(encoding="utf-8").split("\n\n") if text.strip()]
    return [
        Record(
            agent="text", session=path.stem, source_id=str(n), block=0, kind="message", mac=b"", text=text,
            ts_ns=START_NS + n * 10**9,
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


def words_of(text: str, draw: Random) -> list[str]:
    """Different words of a text, at random."""
    found: set[str] = set()
    for word in "".join(c if c.isalnum() or combining(c) else " " for c in text).split():
        runs = "".join(c if is_spaced(c) else "\0" for c in word).split("\0")
        spaced = [run for run in runs if run]
        if not spaced:
            found.add(word)
        for run in spaced:
            for _ in range(3):
                size = draw.randint(1, min(4, len(run)))
                at = draw.randrange(len(run) - size + 1)
                if run[at].isalnum():  # not a mark over a letter that was left out
                    found.add(run[at : at + size])
    return draw.sample(sorted(found), min(WORDS, len(found)))


def is_spaced(c: str) -> bool:
    """Whether no white space parts words of its script."""
    return any(a <= ord(c) <= b for a, b in RANGES)


def scanned(records: list[Record], word: str) -> set[str]:
    """Records that hold the word as a whole, capitals aside."""
    wanted, found = word.casefold(), set()
    whole = not any(map(is_spaced, word))
    for record in records:
        text = record.text.casefold()
        at = text.find(wanted)
        while at >= 0:
            stop = at + len(wanted)
            inside = whole and (_goes_on(text[at - 1 : at]) or _goes_on(text[stop : stop + 1]))
            if not inside:
                found.add(record.source_id)
                break
            at = text.find(wanted, at + 1)
    return found


def _goes_on(c: str) -> bool:
    return bool(c) and (c.isalnum() or combining(c) > 0) and not is_spaced(c)


def searched(con: Connection, word: str) -> set[str]:
    """Records a search finds by it."""
    hits = find(con, f'"{word}"', now_ns=START_NS, limit=10_000, fold=False)
    return {hit.source_id for hit in hits if hit.matched == "all"}


def rows(paths: list[Path]) -> list[Row]:
    """A row for each text: words tried, records the scan found, and the search."""
    out = []
    for path in paths:
        records = paragraphs(path)
        draw = Random(3)
        words = words_of("\n".join(record.text for record in records), draw)
        scan = search = missed = 0
        with tempfile.TemporaryDirectory() as folder:
            home = Home(folder + "/home")
            ingested(home, records)
            con = open_reader(home.archive)
            for word in words:
                held, got = scanned(records, word), searched(con, word)
                scan += len(held)
                search += len(held & got)
                missed += not held <= got
            con.close()
        language = path.name.split(".")[-2]
        said = f"{search} of {scan} records; {missed} of {len(words)} words miss one"
        out.append(Row(f"{language}: {len(words)} words", said, "all"))
    return out


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m bench.i18n", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    started = time.monotonic()
    print(table(rows(parser.parse_args().files)))
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
