"""The `key:value` filters of a question, as a selection."""

from memlog.archive.prepare import searchable
from memlog.errors import MemlogError, NotFoundError
from memlog.query import dates, words
from memlog.query.selection import EVENT, NAMED_KINDS, Selection, in_epoch, known, session_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memlog.archive.connection import Connection

ERROR = "error"


def filtered(con: "Connection", question: words.Question, selection: Selection, now_ns: int) -> Selection:
    """The selection with the question's filters; a value its key cannot take becomes words.

    Changes the question: what became words is among its terms, and its notes say why.
    """
    kept = []
    for key, value, typed in question.filters:
        try:
            if key == words.EITHER:
                union = tuple(_joined(con, *one, now_ns) for one in question.unions[int(value)])
                selection = selection.replace(either=(*(selection.either or ()), union))
                kept.append((key, value, typed))
                continue
            if key == "-path":
                question.exclude.append(_path(value))
                continue
            selection = selection.replace(**_taken(con, key, value, now_ns, selection))
            kept.append((key, value, typed))
        except (MemlogError, ValueError) as exc:
            question.notes.append(
                f"{typed} is searched for as words: {str(exc).partition('; understood')[0]}"
            )
            question.add(words.Term(typed))
    question.filters = kept
    return selection.replace(says=question.versions or None)


def _joined(con: "Connection", key: str, value: str, now_ns: int) -> tuple[str, str]:
    """One of several filters joined by an OR. Raises: as _taken() does."""
    _taken(con, key, value, now_ns, Selection())
    if key == "session" and in_epoch(con, value)[1] is not None:
        raise ValueError("with an epoch a session stands alone")
    if key == "session":
        value = session_name(con, value)
    if key == "kind" and EVENT in value.split(","):
        raise ValueError("an event is no record: kind:event stands alone")
    return key, _path(value).text if key == "path" else value


def _taken(con: "Connection", key: str, value: str, now_ns: int, selection: Selection) -> "dict[str, object]":
    """The fields of a selection a filter changes.

    Raises: MemlogError, ValueError: why its key cannot take the value.
    """
    if key in ("since", "until"):
        return {f"{key}_ns": getattr(dates, key)(value, now_ns)}
    if key == "epoch":
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ValueError("an epoch is a number")
        return {key: int(value)}
    if key in ("is", "-is"):
        if value.lower() not in (ERROR, "errors"):
            raise ValueError("what a record can be asked to be is error")
        return {"error": key == "is"}
    if key == "path":
        return {"path": (*(selection.path or ()), _path(value).text)}
    return _named(con, key, value, selection)


def _path(value: str) -> words.Term:
    if not searchable(value):
        raise ValueError("a path has letters or digits")
    return words.Term(value, quoted=True)


def _named(con: "Connection", key: str, value: str, selection: Selection) -> "dict[str, object]":
    name = key.removeprefix("-")
    if name == "session":
        value, epoch = in_epoch(con, value) if name == key else (value, None)
        value = _session(con, value)
        if epoch is not None:
            return {key: value, "epoch": epoch}
    elif name == "kind" and not set(value.split(",")) <= set(NAMED_KINDS):
        raise ValueError(f"kinds are {', '.join(NAMED_KINDS)}")
    elif not known(con, name, value):
        raise ValueError(f"no session has this {name}")
    if name == key:
        return {key: value}
    field = f"not_{name}"
    return {field: (*(getattr(selection, field) or ()), value)}


def _session(con: "Connection", value: str) -> str:
    try:
        return session_name(con, value)
    except NotFoundError:
        from memlog.query import event

        return event.name_of(con, value)
