"""The session a page is about, and its outline while it is being read."""

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from datasette.utils.asgi import NotFound

from memlog.errors import MemlogError, NotFoundError
from memlog.query import outline
from memlog.query import sessions as named
from memlog.query.outline import Outline
from memlog.query.sessions import SessionRow

KEPT = 6  # outlines, of the sessions that are being read

_outlines: WeakKeyDictionary[Any, OrderedDict[tuple[Any, ...], Outline]] = WeakKeyDictionary()


def session_of(con: Any, name: str) -> SessionRow:
    """The session in this folder; else the one a person means: an id, a prefix of it, `last`."""
    try:
        known = outline.named(con, name)
        return named.session(con, known[1], known[0]) if known else named.session(con, name)
    except NotFoundError as exc:
        raise NotFound(str(exc)) from exc
    except MemlogError as exc:  # a prefix of several
        raise NotFound(str(exc)) from exc


def outline_of(datasette: Any, db: Any, con: Any, session: SessionRow, every: bool) -> Outline:
    """The session's outline, read again only where the session has changed."""
    kept = _outlines.setdefault(datasette, OrderedDict())
    key = (db.name, session.agent, session.session, every)
    found = kept.get(key)
    if found is None or found.version != outline.version(con, session):
        found = outline.outline(con, session, every=every)
    kept[key] = found
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return found
