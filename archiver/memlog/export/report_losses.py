"""Of a report: what compactions took, what did not arrive, how the recorder was, what is left out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from memlog.export.report import Part, Table, cell, plain, table
from memlog.query.checks import number
from memlog.query.verdict import ASKED, Count, verdict

if TYPE_CHECKING:
    from memlog.archive.connection import Connection

_COMPACTIONS, _LOST = 40, 15
_NO_SUMMARY = {"context": "no summary in words", "none": "a summary that was not captured"}

COMPACTIONS_SQL = """
SELECT session, agent, epoch, ended, trigger, tokens_before, tokens_after, records, source, summary_chars,
  unseen FROM compaction ORDER BY ended_ns, session LIMIT :limit
"""
LOSS_SQL = """
SELECT kind, facts, verbatim, by_name, paraphrased, lost, came_back, unknown FROM loss
WHERE session = :session AND agent = :agent AND epoch = :epoch ORDER BY rowid
"""
# index: kept_epoch
LOST_SQL = """
SELECT kind, value, weight, came_back, again, uses, said_by, record FROM kept
WHERE session = :session AND agent = :agent AND epoch = :epoch AND kept IS NULL
ORDER BY weight DESC, rowid LIMIT :limit
"""
GAPS_SQL = (
    "SELECT noticed, ring_id, after_seq, before_seq, lost, recovered, healed, reason FROM gap LIMIT :limit"
)
HOLES_SQL = "SELECT noticed, path, start, stop, healed FROM hole LIMIT :limit"
HEALTH_SQL = "SELECT name, state, detail, remedy FROM health LIMIT :limit"
REDACTION_SQL = "SELECT stage, kind, count FROM redaction LIMIT :limit"
OMITTED_SQL = "SELECT count(*) FROM record WHERE omitted IS NOT NULL AND omitted NOT IN ('', '[]')"


def compactions(out: "Connection") -> Iterator[Part]:
    """Each compaction: how much of each kind was kept, and what is likeliest to be missed."""
    rows = out.execute(COMPACTIONS_SQL, {"limit": _COMPACTIONS}).fetchall()
    if not rows:
        yield Part(says=("No compaction ended an epoch of these records.",))
    for session, agent, epoch, ended, trigger, before, after, records, source, chars, unseen in rows:
        where = {"session": session, "agent": agent, "epoch": epoch}
        tokens = f" at {before:,} tokens" if before else ""
        tokens += f", {after:,} after it" if after else ""
        summary = _NO_SUMMARY.get(source, f"a summary of {chars:,} characters ({source})")
        counts = [(row[0], row[1], row[5], row[7]) for row in out.execute(LOSS_SQL, where)]
        says = [
            f"{plain(ended)}: {plain(trigger) or 'a'} compaction{tokens}."
            f" {number(records, 'record')} became {summary}.",
            _sentence(verdict(Count(*count) for count in counts)),
        ]
        if unseen:
            says.append(f"Not seen: {plain(unseen)}.")
        title = f"{plain(session)}, epoch {epoch}"
        yield Part(title, tuple(says), _ratios(out, where))
        if source != "none":
            yield Part(says=("Likeliest to be missed of what was lost:",), table=_lost(out, where))


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."


def _ratios(out: "Connection", where: dict[str, Any]) -> Table:
    columns = ("kind", "kept", "facts", "verbatim", "by name", "paraphrased", "lost", "came back for")
    rows = []
    for kind, facts, verbatim, name, paraphrased, lost, back, unknown in out.execute(LOSS_SQL, where):
        share = str(round(100 * (facts - lost) / facts)) if facts and not unknown else ""
        gone = "?" if unknown else plain(lost)
        came = plain(back) if kind in ASKED else ""
        rows.append((kind, share, *map(plain, (facts, verbatim, name, paraphrased)), gone, came))
    return Table(columns, rows, numbers=columns[2:], bar="kept")


def _lost(out: "Connection", where: dict[str, Any]) -> Table:
    rows = out.execute(LOST_SQL, {**where, "limit": _LOST}).fetchall()
    cells: list[tuple[str, ...]] = [
        (f"{weight:.2f}", kind, cell(value), plain(back), str(again or ""), plain(uses), by, str(record))
        for kind, value, weight, back, again, uses, by, record in rows
    ]
    bad = frozenset(n for n, row in enumerate(rows) if row[3])
    columns = ("weight", "kind", "what", "came back", "back in", "uses", "by", "record")
    ask = "SELECT * FROM lost_facts" if len(rows) == _LOST else ""
    return Table(columns, cells, ("what",), ("weight", "came back", "uses", "record"), bad, sql=ask)


def missing(out: "Connection") -> Iterator[Part]:
    """Gaps of rings and holes in transcripts."""
    columns = ("noticed", "ring", "after", "before", "lost", "recovered", "healed", "why")
    gaps = table(out, GAPS_SQL, columns, 200, "gap", codes=("ring",), is_bad=lambda row: not row[6])
    yield Part("Gaps", ("Sequence numbers a ring lost before they were read.",), gaps)
    holes = table(
        out,
        HOLES_SQL,
        ("noticed", "transcript", "from byte", "to byte", "healed"),
        200,
        "hole",
        codes=("transcript",),
        is_bad=lambda row: not row[4],
    )
    yield Part(
        "Holes", ("Bytes of a transcript that were captured and did not all arrive as records.",), holes
    )


def health(out: "Connection") -> Part:
    """What a status said of the recorder."""
    found = table(
        out, HEALTH_SQL, ("what", "state", "how it is", "next"), 100, is_bad=lambda row: row[1] != "ok"
    )
    return Part(says=("As it was when this was made.",), table=found)


def redacted(out: "Connection") -> Part:
    """What was taken out, when, and what was never stored."""
    (omitted,) = out.execute(OMITTED_SQL).fetchone()
    says = [
        "recorded: credentials, taken out before anything was stored; a marker [redacted:rule] stands there.",
        "shared: paths, users, hosts and addresses, for this bundle; <path-1> is one path throughout.",
    ]
    if omitted:
        says.append(f"Of {number(omitted, 'record')} something was never stored (record.omitted says what).")
    found = table(out, REDACTION_SQL, ("when", "kind", "markers"), 100, numbers=("markers",))
    return Part(says=tuple(says), table=found)
