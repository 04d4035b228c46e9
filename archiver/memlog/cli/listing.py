"""Sessions and steps of a timeline, a line each, one screen wide."""

from collections.abc import Sequence

from memlog.cli import brief, terminal
from memlog.cli.table import table
from memlog.query.sessions import SessionRow
from memlog.query.timeline import Step

_WHO_SAYS = {"prompt", "reply", "thought"}  # of a step: who did it is in the word


def sessions(found: Sequence[SessionRow], now_ns: int, *, headers: bool = True) -> str:
    """When each was active last, what it is about, how long it is and how often it was compacted."""
    rows: dict[str, list[object]] = {
        "session": [row.session for row in found],
        "active": [brief.ago(row.ended_ns, now_ns) for row in found],
        "records": [row.records for row in found],
        "compact": [row.compactions or None for row in found],
    }
    if any(row.gaps for row in found):
        rows["lost"] = [row.gaps or None for row in found]
    if len({row.agent for row in found}) > 1:
        rows["agent"] = [row.agent for row in found]
    rows["project"] = [brief.last_part(row.project or "") for row in found]
    rows["title"] = [(row.title or "").lstrip("# ") for row in found]
    width = terminal.size()[0]
    return _page(rows, {"project": width // 7, "agent": 12 if width >= brief.NARROW else 8}, headers)


def steps(found: Sequence[Step], *, headers: bool = True) -> str:
    """What was done and how it ended; the day, the session and the epoch where there are several."""
    days, names = {step.ts[:10] for step in found}, {step.session for step in found}
    rows: dict[str, list[object]] = {
        "time": [step.ts[11:19] + "Z" if len(days) == 1 else brief.minute(step.ts) for step in found],
    }
    if len(names) > 1:
        rows["session"] = [step.session for step in found]
    if len({step.epoch for step in found if step.epoch is not None}) > 1 and len(names) == 1:
        rows["epoch"] = [step.epoch for step in found]
    rows["what"] = [_what(step) for step in found]
    rows["id"] = [step.id for step in found]
    rows["text"] = [_told(step) for step in found]
    head = f"{days.pop()}\n" if headers and len(days) == 1 else ""
    return head + _page(rows, {"what": 20}, headers)


def _what(step: Step) -> str:
    if step.what in _WHO_SAYS:
        return step.what
    return step.tool if step.what == "tool" and step.tool else f"{step.what} {step.tool or ''}".rstrip()


def _told(step: Step) -> str:
    bad = step.outcome if step.outcome not in (None, "ok") else None
    text = step.text
    if text.startswith("/") and " " not in text and text.count("/") > 3:
        text = "…/" + "/".join(text.rsplit("/", 3)[1:])  # the end of a path tells more than its beginning
    return f"!! {bad}  {text}" if bad else text


def _page(rows: dict[str, list[object]], most: dict[str, int], headers: bool) -> str:
    width = terminal.size()[0]
    names = list(rows)
    cells = brief.cells(names, [list(row) for row in zip(*rows.values(), strict=True)], width, most)
    text = table(names, cells, width, headers)
    if not headers:
        return text
    head, _, rest = text.partition("\n")
    return terminal.painted(head, terminal.BOLD, terminal.colours()) + "\n" + rest
