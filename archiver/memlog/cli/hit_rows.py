"""Hits in the forms that a pipe does not get by itself: a page, a table, a file."""

from memlog.cli import terminal
from memlog.cli.search import Request, print_as
from memlog.query.hit import Hits

WIDE = 120  # columns of a terminal from which a table has room for all that it may show
NARROW_COLUMNS = ["id", "ts", "kind", "snippet"]
TABLE_COLUMNS = ["id", "ts", "session", "kind", "role", "tool", "snippet"]


def into_file(rows: str | None, hits: Hits, request: Request) -> None:
    """Write the file that the request names. rows: the format; None: what its ending says."""
    from memlog.cli.destination import Destination, style_of

    output = request.flags["output"]
    style = style_of(output)
    with Destination(output):
        print_as(rows or ("page" if style == "table" else style), hits, request)


def show(rows: str, hits: Hits, request: Request) -> None:
    """Print a page, or columns as `memlog query sql` prints them."""
    if rows == "page":
        from memlog.cli.hits import page

        terminal.write(page(hits))
        return
    from memlog.cli import output

    output.emit(
        (hit.as_dict() for hit in hits), output.RowFormat(rows), request.flags.get("fmt"),
        NARROW_COLUMNS if terminal.is_terminal() and terminal.size()[0] < WIDE else TABLE_COLUMNS,
        headed="no-headers" not in request.flags,
    )  # fmt: skip
