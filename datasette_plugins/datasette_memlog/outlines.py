"""The session a page is about, and what was made of it while it is being read."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.utils.asgi import NotFound

from memlog.errors import MemlogError, NotFoundError
from memlog.query import outline
from memlog.query import sessions as named
from memlog.query.outline import Outline
from memlog.query.sessions import SessionRow

KEPT = 12  # outlines, facts and losses of the sessions that are being read

T = TypeVar("T")
_shelves: WeakKeyDictionary[Any, OrderedDict[tuple[Any, ...], tuple[str, Any]]] = WeakKeyDictionary()


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
    key = ("outline", db.name, session.agent, session.session, every)
    return kept(datasette, con, session, key, lambda: outline.outline(con, session, every=every))


def is_kept(datasette: Any, con: Any, session: SessionRow, key: tuple[Any, ...]) -> bool:
    """It was made of this session as it is now."""
    found = _shelves.setdefault(datasette, OrderedDict()).get(key)
    return found is not None and found[0] == outline.version(con, session)


def kept(datasette: Any, con: Any, session: SessionRow, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What was made of this session before; made again only where the session has changed."""
    shelf = _shelves.setdefault(datasette, OrderedDict())
    version = outline.version(con, session)
    found = shelf.pop(key, None)
    if found is None or found[0] != version:
        found = version, make()
    shelf[key] = found
    while len(shelf) > KEPT:
        shelf.popitem(last=False)
    made: T = found[1]
    return made
