"""CPU of a whole `memlog query search` process, and of what it must pay before it is ours.

`python -m bench.start [--records N …] [--archive DIR]`; an archive that was kept is not filled again.
"""

import argparse
import os
import sys
from pathlib import Path
from statistics import median

from bench.filled import home_of
from bench.measure import bare_s, process_s
from bench.report import Row, machine, table
from bench.search import triples, vocabulary
from memlog.archive.connection import open_reader
from memlog.paths import Home

QUIET = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": ""}  # empty counts as unset
WORDS, TIMES = 3, 15  # of each kind so many words, each so often; of these the least, of the words the median


def rows(records: int = 10_000, kept: Path | None = None) -> list[Row]:
    """Searches for rare and common words, as JSON, over a bare interpreter."""
    with home_of(records, kept) as home:
        return measured(home, records)


def measured(home: Home, records: int) -> list[Row]:
    """The same over an archive that is there."""
    bin_dir = os.path.dirname(sys.executable)
    script = os.path.join(bin_dir, "memlog")
    memlog = [script] if os.path.exists(script) else [sys.executable, "-m", "memlog.cli.start"]
    con = open_reader(home.archive)
    rare, mid, common = vocabulary(con)
    con.close()
    env = {**QUIET, "MEMLOG_HOME": home.root}

    def of(program: list[str], *said: str, times: int = TIMES) -> float:
        return process_s([*program, "query", *said], env=env, times=times)

    def search(*said: str, program: list[str] = memlog) -> float:
        return of(program, "search", "--json", *said)

    asked = {
        "memlog query search": [["--", word] for word in mid],
        "… for a rare word": [["--", word] for word in rare],
        "… for a common word": [["--", word] for word in common],
        "… with --newest": [["--newest", "--", word] for word in common],
        "… for three common words": [["--", words] for words in triples(common)],
        "… for what no record has all words of": [["--", f"{words} zzzzz"] for words in triples(mid)],
    }
    search("--", mid[0])  # compiles the modules, once
    bare = bare_s(2 * TIMES)
    spent = {what: median(search(*said) for said in some[:WORDS]) for what, some in asked.items()}
    found = [
        Row(f"{records:,} records: {what} over python -I -S -c pass (CPU)", f"{s / bare:.2f}×", "≤ 3.5×")
        for what, s in spent.items()
    ]
    whole = spent["memlog query search"]
    module = search("--", mid[0], program=[sys.executable, "-m", "memlog.cli.start"])
    empty = process_s([sys.executable, "-c", "pass"], env=env, times=TIMES)
    binding = process_s([sys.executable, "-c", "import pysqlite3"], env=env, times=TIMES)
    click = of(memlog, "sessions", "--json", times=5)
    return [
        *found,
        Row("… of the first: bare interpreter", f"{1e3 * bare:.1f} of {1e3 * whole:.1f} ms", "reported"),
        Row("… as python -m memlog.cli.start, without pip's script", f"{module / bare:.2f}×", "reported"),
        Row("python -c pass, with its site-packages", f"{empty / bare:.2f}×", "reported"),
        Row("python -c 'import pysqlite3'", f"{binding / bare:.2f}×", "reported"),
        Row("memlog query sessions, through click", f"{click / bare:.2f}×", "reported"),
    ]


def main() -> None:
    """Print the rows for each size."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000])
    parser.add_argument("--archive", type=Path, help="keep the archives here, and use those that are there")
    arguments = parser.parse_args()
    found = [row for records in arguments.records for row in rows(records, arguments.archive)]
    print(f"{machine()}\n\n{table(found)}")


if __name__ == "__main__":
    main()
