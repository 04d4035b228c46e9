"""Whether FTS5 reads an expression, and where it stops if it does not. Loaded for --raw only."""

from memlog.archive.connection import Error
from memlog.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

_HINT = (
    "without --raw any words do; the language of --raw: https://sqlite.org/fts5.html#full_text_query_syntax"
)
_SHOWN = 60  # characters of an expression a message repeats

CHECK_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 1"


def check(con: "Connection", text: str) -> None:
    """Nothing, or QueryError with the place FTS5 stopped at."""
    if "\0" in text:  # what is put behind it would not be read
        column = text.index("\0") + 1
        raise QueryError(f"the NUL at column {column} ends the expression", asked=text, column=column)
    foreign = next((n for n, c in enumerate(text, 1) if "\ud800" <= c <= "\udfff"), 0)
    if foreign:
        raise QueryError(
            f"what stands at column {foreign} is no UTF-8", asked=text, column=foreign, hint=_HINT
        )
    try:
        con.execute(CHECK_SQL, {"match": text}).fetchone()
    except Error as exc:
        message, column = _located(con, text, str(exc))
        raise QueryError(message, asked=text, column=column, hint=_HINT) from exc


def _located(con: "Connection", text: str, message: str) -> tuple[str, int]:
    """FTS5's message with the column of what it stopped at: it names the token, not the place."""
    token = message.partition('near "')[2].removesuffix('"')
    column = len(text) + 1
    if "unterminated" in message:
        column = text.rfind('"') + 1
    elif "no such column: " in message:
        column = text.find(message.partition("no such column: ")[2]) + 1
    elif token:
        # the parser stops at the first token it cannot take: the text up to there fails alike
        at = text.find(token)
        while at >= 0:
            try:
                con.execute(CHECK_SQL, {"match": text[: at + len(token)]}).fetchone()
            except Error as exc:
                if str(exc) == message:
                    column = at + 1
                    break
            at = text.find(token, at + 1)
    said = message.removeprefix("fts5: ")
    if said.endswith('near ""'):
        said = "something is missing"
    whole = f" of {text!r}" if len(text) <= _SHOWN else ""
    return f"{said} at column {column}{whole}", column
