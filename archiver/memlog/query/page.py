"""Where a page of hits ends and the next begins, so that none comes twice while records arrive.

In order of time that is the last record shown. Best first there is no such place, scores change with
every record: there it is all that was shown or stood for, and the next page is the best of the rest.
"""

from binascii import Error, a2b_base64, b2a_base64

from memlog.errors import NotFoundError, QueryError
from memlog.query.hit import Hit
from memlog.query.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

SHOWN = "p"  # begins the token that names all that was shown
MOST = 20_000  # records a place names; answer.py ends before
META = "meta"
_AGAIN = "the search again, without --after"
_EVENT = 1 << 62  # added to the number of an event, which shares its numbers with records

# index: the record's primary key
PLACE_SQL = "SELECT ts_ns, id, kind FROM record WHERE id = :id"
ANY_SQL = "SELECT 1 FROM json_each(:ids) j CROSS JOIN record r ON r.id = j.value LIMIT 1"


def end(hits: list[Hit], seen: "frozenset[int | str]", newest: bool) -> str | None:
    """Where this page ends; `seen` was shown before it."""
    if newest and not any(hit.matched != "all" for hit in hits):
        last = hits[-1].id
        return None if isinstance(last, str) else str(last)
    shown = {_number(i) for i in seen}
    for hit in hits:
        shown.update(map(_number, (hit.id, *hit.same)))
    return SHOWN + _packed(sorted(shown))


def begin(
    con: "Connection", selection: Selection, after: str, newest: bool
) -> "tuple[Selection, frozenset[int | str]]":
    """The selection of the next page, and what it leaves out.

    after: what a page ended with; or the ids of all rows shown and of `same`, with commas; or, newest first,
    of the last.
    Raises: QueryError for what no page ended with, NotFoundError where no such record is there.
    """
    if after.startswith(SHOWN):
        return selection, frozenset(map(_id, _unpacked(after)))
    ids = after.split(",")
    if not all(i.isascii() and i.removeprefix("e").isdigit() and len(i) < 20 for i in ids):
        raise QueryError(f"{after[:40]!r} is not where a page ended", hint=_AGAIN)
    if not newest or len(ids) > 1 or not ids[0].isdigit():
        numbers = [min(int(i), _EVENT) for i in ids if i[0] != "e"]
        if numbers and con.execute(ANY_SQL, {"ids": str(numbers)}).fetchone() is None:
            raise NotFoundError(f"there is no record {ids[0]} to go on after", hint=_AGAIN)
        return selection, frozenset((*numbers, *(i for i in ids if i[0] == "e")))
    row = con.execute(PLACE_SQL, {"id": min(int(after), _EVENT)}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no record {after} to go on after", hint=_AGAIN)
    selection = selection.replace(before=row[:2])
    if row[2] != META and selection.kind is None:
        # bookkeeping is shown where there is nothing else, which was not so
        selection = selection.replace(not_kind=(*(selection.not_kind or ()), META))
    return selection, frozenset()


def _number(i: int | str) -> int:
    return i if isinstance(i, int) else _EVENT + int(i[1:])


def _id(number: int) -> int | str:
    return f"e{number - _EVENT}" if number >= _EVENT else number


def _packed(numbers: list[int]) -> str:
    """Rising numbers as text for a command line or an address: differences, seven bits a byte."""
    raw, last = bytearray(), 0
    for number in numbers:
        rest, last = number - last, number
        while rest > 127:
            raw.append(rest & 127 | 128)
            rest >>= 7
        raw.append(rest)
    return b2a_base64(bytes(raw), newline=False).decode().translate(_SAFE).rstrip("=")


def _unpacked(token: str) -> list[int]:
    text = token[len(SHOWN) :].translate(_UNSAFE)
    try:
        raw = a2b_base64(text + "=" * (-len(text) % 4))
    except (Error, ValueError) as exc:
        raise QueryError(f"{token[:40]!r} is not where a page ended", hint=_AGAIN) from exc
    numbers, last, rest, shift = [], 0, 0, 0
    for byte in raw[: MOST * 10]:
        rest |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            last += rest
            numbers.append(last)
            rest = shift = 0
    return numbers


_SAFE = str.maketrans("+/", "-_")
_UNSAFE = str.maketrans("-_", "+/")
