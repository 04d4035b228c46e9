"""What a search found, as a person reads it."""

from typing import TYPE_CHECKING, Any

from memlog.cli import terminal
from memlog.cli.brief import last_part, minute, sessions
from memlog.cli.width import OFF, ON, columns, cut, wrapped
from memlog.query.hit import Hit, Hits
from memlog.query.snippet import CLOSE, OPEN

if TYPE_CHECKING:
    from memlog.query.grouped import SessionHits


def page(hits: Hits) -> str:
    """The hits as a person reads them."""
    on = terminal.colours()
    names = sessions([hit.session for hit in hits])
    return "\n".join(_entry(hit, name, on) for hit, name in zip(hits, names, strict=True))


def session_page(found: "list[SessionHits]") -> str:
    """Sessions that answer, as a person reads them."""
    on, width = terminal.colours(), terminal.size()[0]
    names = sessions([one.session for one in found])
    return "\n".join(_session(one, name, on, width) for one, name in zip(found, names, strict=True))


def _session(one: "SessionHits", name: str, on: bool, width: int) -> str:
    title = terminal.safe_line(one.title or name)
    many = f"{one.found:,} of {one.records:,} records" if one.records else f"{one.found:,} found"
    told = f"{minute(one.started)} to {minute(one.ended)}  {name}  {last_part(one.project or '')}".rstrip()
    lines = [
        terminal.painted(cut(title, width - columns(many) - 2), terminal.BOLD, on)
        + "  " + terminal.painted(many, terminal.KIND, on),
        terminal.painted(cut(terminal.safe_line(told), width), terminal.NAME, on),
    ]  # fmt: skip
    for hit in one.best:
        who = f"{hit.ts[11:16]}Z {_who(hit)}  #{hit.id}"
        lines.append("  " + terminal.painted(terminal.safe_line(who), terminal.DIM, on))
        lines += _snippet(hit, on, width)
    return "\n".join(lines) + "\n"


def _who(hit: Hit) -> str:
    tool = hit.kind in ("tool_use", "tool_result")
    said = [hit.kind if hit.role is None or tool else f"{hit.role} {hit.kind}", hit.tool or ""]
    failed = "failed" if hit.error else ""
    return cut(terminal.safe_line(" ".join(filter(None, (*said, failed)))), 36)


def _entry(hit: Hit, session: str, on: bool) -> str:
    width = terminal.size()[0]
    many = f"×{hit.count - hit.here}" if hit.count - hit.here > 1 else ""
    here = f"{hit.here} more here" if hit.here else ""
    head = "  ".join(
        terminal.painted(text, colour, on)
        for text, colour in (
            (f"{hit.ts[:10]} {hit.ts[11:19]}Z", terminal.BOLD),
            (_who(hit), terminal.KIND),
            (many, terminal.BOLD),
            (here, terminal.DIM),
            (f"#{hit.id}", terminal.DIM),
        )
        if text
    )
    lines = [head, terminal.painted(_place(hit, session, width), terminal.NAME, on)]
    lines += [_neighbour(row, on, width) for row in hit.context if row["place"] == "before"]
    lines += _snippet(hit, on, width)
    lines += [_neighbour(row, on, width) for row in hit.context if row["place"] == "after"]
    if hit.parts_of_score:
        parts = ", ".join(f"{name} {value:.3g}" for name, value in hit.parts_of_score.items())
        lines += wrapped(f"score {hit.score or 0:.3g}: {parts}", width, "    ")
    return "\n".join(lines) + "\n"


def _place(hit: Hit, session: str, width: int) -> str:
    """Which session it is of: its id, the epoch, the project's folder and, where there is room, its title."""
    named = filter(None, (f"{session} epoch {hit.epoch}", last_part(hit.project or ""), hit.title))
    return "  " + cut(terminal.safe_line("  ".join(named)), width - 2)


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
