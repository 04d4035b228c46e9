"""What the index is asked for a path: the words of its parts in a row. Too much: `push_common.go` has those
of `common.go`, so what it finds is looked through (archive/files.py).

A search loads it only where a path is named.
"""

from memlog.archive.prepare import match_phrase, searchable
from memlog.errors import QueryError

SEPARATORS = "*?"


def path_match(path: str) -> str:
    """FTS5 expression for texts that may name a file or folder.

    Raises: QueryError where nothing of it is a word of the index.
    """
    pieces = path.replace("?", "*").split("*")
    phrases = []
    for n, piece in enumerate(pieces):
        if n and piece[:1].isalnum():
            piece = _without_first(piece)
        if searchable(piece):
            goes_on = n < len(pieces) - 1 and piece[-1:].isalnum()
            phrases.append(match_phrase(piece, goes_on))
    if not phrases:
        raise QueryError(
            f"the path {path!r} has no whole word and no beginning of one", hint="as in *.go, test_* or src/*"
        )
    return " AND ".join(dict.fromkeys(phrases))


def _without_first(piece: str) -> str:
    """Without the rest of a word whose beginning is any."""
    at = 0
    while at < len(piece) and piece[at].isalnum():
        at += 1
    return piece[at:]
