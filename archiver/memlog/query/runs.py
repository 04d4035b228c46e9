"""A timeline compressed to what matters: calls that are alike are one step, failures and gaps stay."""

from collections.abc import Iterable
from dataclasses import replace

from memlog.query.timeline import Step

_SAID = ("reply", "thought", "attachment")
_NAMED = 3  # of a run: how many calls are named
_CHANGES = frozenset(
    ("edit", "write", "multiedit", "notebookedit", "apply_patch", "replace", "write_file", "create")
)


def brief(steps: Iterable[Step]) -> list[Step]:
    """The steps without replies between calls, and runs of one tool's calls that went well as one step.

    The last reply before a prompt, a compaction or the end stays: it says what came of the work. A run keeps
    time and id of its first call.
    """
    found: list[Step] = []
    reply: Step | None = None
    for step in steps:
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


def _runs(steps: list[Step]) -> list[list[Step]]:
    runs: list[list[Step]] = []
    for step in steps:
        if runs and _alike(runs[-1][-1], step):
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _alike(a: Step, b: Step) -> bool:
    """Whether two calls can stand in one line: of one tool, neither failed; of changes, to one file."""
    same = (a.session, a.epoch, a.what, a.tool) == (b.session, b.epoch, b.what, b.tool)
    if not same or a.what != "tool" or a.outcome not in (None, "ok") or b.outcome not in (None, "ok"):
        return False
    return (a.tool or "").lower() not in _CHANGES or a.text == b.text


def _one(run: list[Step]) -> Step:
    if len(run) == 1:
        return run[0]
    texts = list(dict.fromkeys(step.text for step in run))
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    text = f"{len(run)} × " + ", ".join(_short(text) for text in texts[:_NAMED]) + more
    return replace(run[0], text=text)


def _short(text: str) -> str:
    """The end of a path, the beginning of anything else."""
    if text.startswith("/") and " " not in text:
        return text.rsplit("/", 1)[-1] or text
    return text if len(text) <= 40 else text[:39] + "…"
