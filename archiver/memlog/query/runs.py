"""A timeline compressed to what matters: calls that are alike are one step, failures and gaps stay."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from memlog.archive.connection import Connection
from memlog.query.facts.calls import SHELLS
from memlog.query.facts.shell import programs
from memlog.query.selection import Selection
from memlog.query.timeline import DOUBLED, LINE_END, Step, moment, timeline

_NEAR = 50  # records: a call's answer stands within as many
_MOST_READ = 20_000  # records on one side: what is read for as many lines as are wanted
_SAID = ("reply", "thought", "attachment", "note")
_NAMED = 3  # of a run: how many calls are named
_CHANGES = frozenset(
    ("edit", "write", "multiedit", "notebookedit", "apply_patch", "replace", "write_file", "create")
)


def stretch(
    con: Connection, selection: Selection, *, now_ns: int, around: str | None = None, limit: int = 100,
    before: int | None = None, after: int | None = None,
) -> list[Step]:  # fmt: skip
    """The latest lines of a brief timeline, or those around a record or a time; which has its own line.

    limit, before, after: lines, not records: where fifty calls are one line, more of them are read.
    Raises: NotFoundError, QueryError.
    """
    if around is None:
        return _enough(limit, lambda n: timeline(con, selection, now_ns=now_ns, limit=n))[-limit:]
    at, id_, _ = moment(con, selection, around, now_ns)

    def near(before: int, after: int) -> tuple[list[Step], list[Step], list[Step]]:
        steps = timeline(con, selection, now_ns=now_ns, around=around, before=before, after=after)
        found = [n for n, step in enumerate(steps) if id_ is not None and id_ in (step.id, step.answer)]
        first = found[0] if found else next((n for n, s in enumerate(steps) if s.ts_ns >= at), len(steps))
        last = first + len(found[:1])
        return steps[:first], steps[first:last], steps[last:]

    half = max(limit // 2, 1)
    back, on = half if before is None else before, half if after is None else after
    older = _enough(back, lambda n: near(n, _NEAR)[0])
    newer = _enough(on, lambda n: near(_NEAR, n)[2])
    return [*older[max(len(older) - back, 0) :], *near(_NEAR, _NEAR)[1], *newer[:on]]


def _enough(wanted: int, read: Callable[[int], list[Step]]) -> list[Step]:
    """The lines of as many records as give two more than the wanted number, or of all there are.

    Two more: the outermost may be the answer of a call that was not read, the next a part of a run.
    """
    records, steps = max(4 * wanted, _NEAR), list[Step]()
    while True:
        known, steps = len(steps), read(records)
        found = brief(steps)
        if len(found) > wanted + 1 or len(steps) == known or records >= _MOST_READ:
            return found
        records *= 4


def brief(steps: Iterable[Step]) -> list[Step]:
    """The steps without replies between calls, and runs of one tool's calls that went well as one step.

    The last reply before a prompt, a compaction or the end stays: it says what came of the work. A run keeps
    time and id of its first call.
    """
    found: list[Step] = []
    reply: Step | None = None
    for step in _undoubled(list(steps)):
        if step.what in _SAID:
            reply = step if step.what == "reply" else reply
            continue
        if step.what != "tool" and reply is not None:
            found.append(reply)
        reply = None
        found.append(step)
    if reply is not None:
        found.append(reply)
    return [_one(run) for run in _runs(found)]


def _undoubled(steps: list[Step]) -> list[Step]:
    """The steps without the hooks that say what a record of them says: a prompt, or that a turn has ended."""
    prompts = {(step.session, step.text) for step in steps if step.what == "prompt"}
    bare = Counter(step.session for step in steps if step.what == "hook" and step.text == DOUBLED)
    bare.subtract(step.session for step in steps if step.what == "prompt")
    ended = {step.session for step in steps if step.what in ("reply", "tool")}

    def doubles(step: Step) -> bool:
        event, _, said = step.text.partition(" ")
        if event == DOUBLED:  # in a bundle a hook is told without its prompt
            return (step.session, said) in prompts if said else bare[step.session] <= 0
        return event == "Stop" and step.session in ended

    return [step for step in steps if step.what != "hook" or not doubles(step)]


def _runs(steps: list[Step]) -> list[list[Step]]:
    runs: list[list[Step]] = []
    for step in steps:
        if runs and _alike(runs[-1][-1], step):
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _alike(a: Step, b: Step) -> bool:
    """Whether two calls can stand in one line: of one tool, neither failed; of changes, to one file.

    Of commands, those that run the same programs to do the same: a push never hides behind a test.
    """
    same = (a.session, a.epoch, a.what, a.tool) == (b.session, b.epoch, b.what, b.tool)
    if same and a.what == "damage":
        return True
    if not same or a.what != "tool" or a.outcome not in (None, "ok") or b.outcome not in (None, "ok"):
        return False
    if a.text == b.text:
        return True
    tool = (a.tool or "").lower()
    if tool in SHELLS:
        return programs(a.text.replace(LINE_END, "\n")) == programs(b.text.replace(LINE_END, "\n"))
    return tool not in _CHANGES


def _one(run: list[Step]) -> Step:
    if len(run) == 1:
        return run[0]
    if run[0].what == "damage":
        lines = (step.text.split(" ", 1)[0] for step in run)
        return replace(run[0], text=f"{sum(int(n) if n.isdigit() else 1 for n in lines)} damaged lines")
    texts = list(dict.fromkeys(step.text for step in run))
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    text = f"{len(run)} × " + ", ".join(_short(text) for text in texts[:_NAMED]) + more
    return replace(run[0], text=text)


def _short(text: str) -> str:
    """The end of a path, the beginning of anything else."""
    if text.startswith("/") and " " not in text:
        return text.rsplit("/", 1)[-1] or text
    return text if len(text) <= 40 else text[:39] + "…"
