"""CPU of a whole `memlog query search` process, and of what it must pay before it is ours."""

import os
import sys
import tempfile

from bench.filled import fill
from bench.measure import bare_s, process_s
from bench.report import Row, table
from bench.search import vocabulary
from memlog.archive.connection import open_reader
from memlog.paths import Home

QUIET = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": ""}  # empty counts as unset


def rows(records: int = 10_000) -> list[Row]:
    """A search for a word in a few of a thousand records, as JSON, over a bare interpreter."""
    bin_dir = os.path.dirname(sys.executable)
    script = os.path.join(bin_dir, "memlog")
    memlog = [script] if os.path.exists(script) else [sys.executable, "-m", "memlog.cli.start"]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder + "/home")
        fill(home, records)
        con = open_reader(home.archive)
        word = vocabulary(con)[1][0]
        con.close()
        env = {**QUIET, "MEMLOG_HOME": home.root}
        search = [*memlog, "query", "search", "--json", "--limit", "20", "--", word]
        process_s(search, env=env, times=2)  # compiles the modules, once
        bare = bare_s(25)
        empty = process_s([sys.executable, "-c", "pass"], env=env, times=25)
        binding = process_s([sys.executable, "-c", "import pysqlite3"], env=env, times=25)
        whole = process_s(search, env=env, times=25)
        newest = process_s([*search[:3], "--newest", *search[3:]], env=env, times=25)
        module = process_s(
            [sys.executable, "-m", "memlog.cli.start", *search[len(memlog) :]], env=env, times=25
        )
        click = process_s([*memlog, "query", "sessions", "--json"], env=env, times=10)
    return [
        Row("memlog query search over python -I -S -c pass (CPU)", f"{whole / bare:.2f}×", "≤ 3.5×"),
        Row("… of it: bare interpreter", f"{1e3 * bare:.1f} of {1e3 * whole:.1f} ms", "reported"),
        Row("… with --newest", f"{newest / bare:.2f}×", "≤ 3.5×"),
        Row("… as python -m memlog.cli.start, without pip's script", f"{module / bare:.2f}×", "reported"),
        Row("python -c pass, with its site-packages", f"{empty / bare:.2f}×", "reported"),
        Row("python -c 'import pysqlite3'", f"{binding / bare:.2f}×", "reported"),
        Row("memlog query sessions, through click", f"{click / bare:.2f}×", "reported"),
    ]


def main() -> None:
    """Print the rows alone."""
    print(table(rows()))


if __name__ == "__main__":
    main()
