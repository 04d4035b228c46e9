"""What compactions lose, measured over a folder of transcripts: `python -m bench.compaction_loss FOLDER [-o FILE]`.

FOLDER holds a folder per agent, named as `memlog import` names it (claude-code/, codex/ …). Prints Markdown: figures
only, no text of a transcript.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from memlog.archive.connection import Connection, open_reader
from memlog.paths import Home
from memlog.query.after import NONE
from memlog.query.facts.fact import KINDS
from memlog.query.lost import Loss
from memlog.query.selection import Selection
from memlog.query.trend import all_losses

AGENTS = ("claude-code", "codex", "copilot-cli", "gemini-cli", "opencode", "swe-agent")
PAGE = """# What a compaction loses

Measured with `python -m bench.compaction_loss FOLDER` over {sessions} sessions that were compacted {compactions} times:
{agents}. The page is what that command prints. It holds figures only.

## All of them
Facts the agent had in its context when a compaction came, and how many of them its new context still held: word for
word, by name (a file's name without its folder, a command without its pipe), in other words, or not at all. *Came back*
counts lost facts that were asked for again in the epoch after; that a test or an error prints its line again is none.

{table}

A median summary has {summary:,} characters and stands for {records:,} records. {empty}{blind}

## By agent
{by_agent}

## From compaction to compaction
The share that was kept differs a lot: the median and the middle half of {compactions} compactions.

{spread}

## Method
Each transcript was imported into an archive of its own home. For every compaction the facts of the epoch it ended were
extracted (docs/facts.md) from what the agent itself said, did and was told: subagents' records are left out, and so
are earlier summaries. Then each fact was looked for in the summary, and in what the host put beside it before the agent
spoke again. `memlog query lost` gives the same, fact by fact.

- *Word for word*: the value stands in it by itself, not within a longer name, white space folded; sentences in any
  case. *By name*: a file's name of at least four characters; a command's program and operands; a test's name, a hash's
  first seven digits.
- *In other words*: only for instructions, corrections, decisions, plans and errors: a sentence that has 60 % of their
  words that carry meaning; of an error, of those beside the file it was in.
- An item of a plan that was finished before the compaction is no loss and is not counted. A command came back where
  what it runs was run again, whatever filters it and whatever runs beside it.
- Codex keeps no summary in words. Its new context repeats the user's latest messages, which count as kept.

## Limits
- A paraphrase with other words is counted as lost, and a sentence that shares words by chance as kept: read the row for
  decisions as an estimate. Paths and commands are exact.
- Lost from the context is not lost for good: files can be read again, and a host may attach some by itself. *Came back*
  counts what was, within the same session.
- The sessions are of few projects and few people, most of them of one agent. Others have published that 77 % of
  decisions and 0.2 % of commands are kept; how they decided what a decision is, and what counts as kept, is not known
  here.
"""


def main() -> int:
    """Prints the page, or writes it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(folder + "/home")
        for agent in AGENTS:
            if (args.folder / agent).is_dir():
                command = [sys.executable, "-m", "memlog.cli.start", "--home", home.root, "import", agent]
                subprocess.run([*command, str(args.folder / agent)], check=False, capture_output=True)
        con = open_reader(home.archive)
        text = page(con)
        con.close()
    if args.output:
        args.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def page(con: Connection) -> str:
    """The page over an archive."""
    every = list(all_losses(con, Selection()))
    found = [one for one in every if one.source != NONE]  # what nobody captured is not lost
    sessions = len({one.session for one in found})
    agents = Counter(one.agent for one in found)
    said = [one for one in found if one.summary_chars]
    none = len(found) - len(said)
    return PAGE.format(
        sessions=sessions, compactions=len(found),
        agents=", ".join(f"{n} of {agent}" for agent, n in agents.most_common()),
        table=_table(found), by_agent="\n\n".join(_of_agent(found, agent) for agent in agents),
        spread=_spread(found), summary=round(statistics.median(one.summary_chars for one in said)),
        records=round(statistics.median(one.records for one in said)),
        empty=f"{none} of the compactions left no summary in words." if none else "",
        blind=f" {len(every) - len(found)} more are left out: no summary was captured." if len(every) > len(found) else "",
    )  # fmt: skip


def _of_agent(found: list[Loss], agent: str) -> str:
    own = [one for one in found if one.agent == agent]
    return f"**{agent}**, {len(own)} compactions\n\n{_table(own)}"


def _table(found: list[Loss]) -> str:
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        for kind in one.kinds:
            for name in ("facts", "verbatim", "name", "paraphrased", "lost", "came_back"):
                total[kind.kind][name] += getattr(kind, name)
    lines = [
        "| kind | facts | word for word | by name | in other words | lost | kept | came back |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in KINDS:
        c = total[kind]
        if c["facts"]:
            lines.append(
                f"| {kind} | {c['facts']:,} | {c['verbatim']:,} | {c['name']:,} | {c['paraphrased']:,} | {c['lost']:,} "
                f"| {1 - c['lost'] / c['facts']:.1%} | {c['came_back']:,} |"
            )
    return "\n".join(lines)


def _spread(found: list[Loss]) -> str:
    shares: dict[str, list[float]] = defaultdict(list)
    for one in found:
        for kind in one.kinds:
            if kind.ratio is not None:
                shares[kind.kind].append(kind.ratio)
    lines = ["| kind | compactions with any | median kept | middle half |", "|---|---:|---:|---:|"]
    for kind in KINDS:
        if len(shares[kind]) > 3:
            low, middle, high = statistics.quantiles(shares[kind], n=4)
            lines.append(f"| {kind} | {len(shares[kind])} | {middle:.0%} | {low:.0%}–{high:.0%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
