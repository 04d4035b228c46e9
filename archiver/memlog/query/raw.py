"""Whether FTS5 reads an expression, and where it stops if it does not. Loaded for --raw only."""

from memlog.archive.connection import Error
from memlog.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

CHECK_SQL = "SELECT 1 FROM record_fts WHERE record_fts MATCH :match LIMIT 1"


def check(con: "Connection", text: str) -> None:
    """Nothing, or QueryError with the place FTS5 stopped at."""
    if "\0" in text:  # what is put behind it would not be read
        column = text.index("\0") + 1
        raise QueryError(f"the NUL at column {column} ends the expression", asked=text, column=column)
    try:
        con.execute(CHECK_SQL, {"match": text}).fetchone()
    except (Error, UnicodeEncodeError) as exc:
        message, column = _located(con, text, str(exc))
        raise QueryError(message, asked=text, column=column) from exc


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
    return f"{message.removeprefix('fts5: ')} at column {column} of {text!r}", column
