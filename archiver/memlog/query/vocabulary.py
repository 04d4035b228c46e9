"""Which words some record has: what is asked of many that nobody says, forms and slips of a word.

Many are asked for at once, and one by one only where some are there: half the price.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.archive.connection import Connection

AT_ONCE = 10

# index: the full-text index itself, ends at the first
THERE_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 1"


def spoken(con: "Connection", matches: "Iterable[str]") -> list[str]:
    """Those of these FTS5 expressions that a text answers, in their order."""
    asked, found = list(matches), []
    for at in range(0, len(asked), AT_ONCE):
        some = asked[at : at + AT_ONCE]
        if is_spoken(con, " OR ".join(some)):
            found += some if len(some) == 1 else [one for one in some if is_spoken(con, one)]
    return found


def is_spoken(con: "Connection", match: str) -> bool:
    """Whether the text of any record answers an FTS5 expression."""
    return con.execute(THERE_SQL, {"match": f"{{text}} : ({match})"}).fetchone() is not None
