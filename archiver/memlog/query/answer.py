"""What every face shows of a search: a page of hits, where the next begins, and what to try instead.

The command line and Datasette ask this one function, so that they answer alike. A plain search loads
it: what only some searches need is imported where it is needed.
"""

from memlog.query.search import find
from memlog.query.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection
    from memlog.query.hit import Hits

WORDS, RAW, LITERAL, REGEX = "words", "raw", "literal", "regex"
MODES = (WORDS, RAW, LITERAL, REGEX)
DEFAULT_LIMIT = 20
MOST_PAGED = 10_000  # records a page's place can name: an argument of a command takes 128 kB

# index: the session's primary key
TITLES_SQL = "SELECT id, title FROM session WHERE id IN (SELECT value FROM json_each(:ids))"


def answer(
    con: "Connection",
    text: str,
    selection: Selection | None = None,
    *,
    now_ns: int,
    limit: int = DEFAULT_LIMIT,
    newest: bool = False,
    context: int = 0,
    mode: str = WORDS,
    exhaustive: bool = False,
    explain: bool = False,
    after: str | None = None,
    seconds: float | None = None,
    fold: bool = True,
) -> "Hits":
    """One page of records that answer, best first; without words the newest of the selection.

    mode: how the text is read: `words` (query/words.py), `raw` (FTS5's own language), `literal` or
    `regex` (as characters; newest first). after: where the page before ended, its `hits.after`; no
    record comes twice or is left out, whatever is archived meanwhile. seconds: for what must be read
    because no index knows it. fold: ranked hits that say the same, or crowd a stretch of a session, are one.
    Raises: NotFoundError (no such session), QueryError with the column where there is one.
    """
    selection = selection or Selection()
    seen: frozenset[int | str] = frozenset()
    by_time = newest or mode in (LITERAL, REGEX)
    if after is not None:
        from memlog.query import page

        selection, seen = page.begin(con, selection, after, by_time)
    if mode in (LITERAL, REGEX):
        hits = _characters(
            con, text, selection, seen, now_ns=now_ns, limit=limit + 1, pattern=mode == REGEX, seconds=seconds
        )
    else:
        hits = find(
            con, text, selection, now_ns=now_ns, limit=limit + 1, newest=newest, raw=mode == RAW,
            exhaustive=exhaustive, explain=explain, fold=fold, seen=seen, seconds=seconds,
        )  # fmt: skip
    _cut(hits, limit, seen, by_time)
    complete(con, hits, context)
    if mode == WORDS and text.strip() and not any(hit.matched == "all" for hit in hits):
        from memlog.query import suggest

        hits.near = suggest.near(con, text)
    return hits


def _characters(
    con: "Connection", text: str, selection: Selection, seen: "frozenset[int | str]", *, now_ns: int,
    limit: int, pattern: bool, seconds: float | None,
) -> "Hits":  # fmt: skip
    from memlog.query.characters import find_characters

    hits = find_characters(
        con, text, selection, pattern=pattern, seconds=seconds, now_ns=now_ns, limit=limit + len(seen)
    )
    hits[:] = [hit for hit in hits if hit.id not in seen]
    if not hits:
        from memlog.query.names import unknown

        hits.notes += unknown(con, selection)
    return hits


def _cut(hits: "Hits", limit: int, seen: "frozenset[int | str]", by_time: bool) -> None:
    """Leave one page of the hits, and say where it ends if more follow."""
    if len(hits) > limit or (hits.more and hits):
        del hits[limit:]
        hits.ended = seen, by_time
        if len(seen) + sum(hit.count for hit in hits) > MOST_PAGED and not by_time:
            hits.ended = None
            hits.notes.append(
                f"pages end here, after {MOST_PAGED:,} records; a filter or more words find less"
            )


def complete(con: "Connection", hits: "Hits", context: int) -> None:
    """Give hits the title of their session, and what stands around them."""
    hits.relaxed = any(hit.matched != "all" for hit in hits)
    ids = {hit.session_id for hit in hits}
    titles = dict(con.execute(TITLES_SQL, {"ids": str(list(ids))})) if ids else {}
    for hit in hits:
        hit.title = titles.get(hit.session_id)
    if context > 0:
        from memlog.query.hit import context_of

        for hit in hits:
            hit.context = context_of(con, hit, context)
