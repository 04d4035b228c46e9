"""What a search found, as a person reads it."""

from typing import Any

from memlog.cli import terminal
from memlog.cli.brief import sessions
from memlog.cli.width import OFF, ON, columns, cut, wrapped
from memlog.query.hit import Hit, Hits
from memlog.query.snippet import CLOSE, OPEN


def page(hits: Hits) -> str:
    """The hits as a person reads them."""
    on = terminal.colours()
    names = sessions([hit.session for hit in hits])
    return "\n".join(_entry(hit, name, on) for hit, name in zip(hits, names, strict=True))


def _entry(hit: Hit, session: str, on: bool) -> str:
    width = terminal.size()[0]
    tool = hit.kind in ("tool_use", "tool_result")
    who = [hit.kind if hit.role is None or tool else f"{hit.role} {hit.kind}", hit.tool or ""]
    stamp = f"{hit.ts[:10]} {hit.ts[11:19]}Z"
    told = cut(terminal.safe_line(" ".join(filter(None, who))), 30)
    where, number = terminal.safe_line(f"{session} epoch {hit.epoch}"), f"#{hit.id}"
    room = width - sum(map(columns, (stamp, told, where, number))) - 7
    project = cut(terminal.safe_line((hit.project or "").rstrip("/").rpartition("/")[2]), max(room, 6))
    head = "  ".join(
        terminal.painted(text, colour, on)
        for text, colour in (
            (stamp, terminal.BOLD),
            (told, terminal.KIND),
            (f"{where} {project}".rstrip(), terminal.NAME),
            (number, terminal.DIM),
        )
    )
    lines = [head]
    lines += [_neighbour(row, on, width) for row in hit.context if row["place"] == "before"]
    lines += _snippet(hit, on, width)
    lines += [_neighbour(row, on, width) for row in hit.context if row["place"] == "after"]
    return "\n".join(lines) + "\n"


def _snippet(hit: Hit, on: bool, width: int) -> list[str]:
    """What was found, on as many lines as it takes."""
    begin, end = (ON, OFF) if on else (OPEN, CLOSE)
    text = "".join(
        f"{begin}{terminal.safe_line(text)}{end}" if match else terminal.safe_line(text)
        for text, match in hit.pieces
    )
    return [
        line.replace(ON, f"\x1b[{terminal.MATCH}m").replace(OFF, "\x1b[0m")
        for line in wrapped(text, width, "    ")
    ]


def _neighbour(row: dict[str, Any], on: bool, width: int) -> str:
    said = " ".join(filter(None, (row["role"], row["kind"], row["tool"])))
    text = " ".join(row["text"][:400].split())
    line = terminal.safe_line(f"{said}: {text}")
    return "  | " + terminal.painted(cut(line, max(width - 4, 20)), terminal.DIM, on)
