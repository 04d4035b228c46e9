"""The `key:value` filters of a question, as a selection."""

from memlog.errors import MemlogError, NotFoundError
from memlog.query import dates, words
from memlog.query.expression import ANY, FILTER, NOT, WORDS, Node
from memlog.query.selection import EVENT, NAMED_KINDS, Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memlog.archive.connection import Connection

ERROR = "error"
LISTS = ("kind", "role", "tool")
_REASON = 200  # characters of what an error says, where it names what was typed


def filtered(con: "Connection", question: words.Question, selection: Selection, now_ns: int) -> Selection:
    """The selection with the question's filters; a value its key cannot take becomes words.

    One that a minus stands before leaves nothing out then. What a flag says, too, is either of both.
    Changes the question: what became words is among its terms, and its notes say why.
    """
    kept = []
    for key, said, typed in question.filters:
        value = _known_of(con, question, key, said)
        try:
            if key == words.EITHER:
                node = _Tree(con, question, now_ns).taken(question.unions[int(value)], negative=False)
                selection = selection.replace(either=(*(selection.either or ()), node))
            else:
                selection = selection.replace(**_taken(con, key, value, now_ns, selection))
        except (MemlogError, ValueError) as exc:
            if key[0] != "-":
                question.note(f"{words.short(typed)} is searched for as words: {_reason(exc)}")
                question.add(words.Term(typed))
                continue
            _note_idle(question, typed, exc)
        kept.append((key, value, typed))
    question.filters = kept
    if question.empty and question.every is None:
        question.note_empty(" ".join(question.empty))
        if not kept and not question.exclude:
            selection = selection.replace(ids=())
    return selection.replace(says=question.versions or None)


def _known_of(con: "Connection", question: words.Question, key: str, value: str) -> str:
    """Of several names with commas those the archive has, where it has any."""
    if key.removeprefix("-") not in ("session", "agent") or "," not in value:
        return value
    there = []
    for one in value.split(","):
        try:
            _named(con, key, one, Selection())
            there.append(one)
        except (MemlogError, ValueError) as exc:
            question.note(f"{key}:{words.short(one)} is left out: {_reason(exc)}")
    return ",".join(there) or value


def _reason(exc: Exception) -> str:
    return words.short(str(exc).partition("; understood")[0], _REASON)


def _note_idle(question: words.Question, typed: str, exc: Exception) -> None:
    question.idle.append(f"{words.short(typed)} leaves nothing out: {_reason(exc)}")
    question.note(question.idle[-1])


class _Tree:
    """The filters of a tree, looked up."""

    __slots__ = ("con", "now_ns", "question")

    def __init__(self, con: "Connection", question: words.Question, now_ns: int) -> None:
        self.con, self.question, self.now_ns = con, question, now_ns

    def taken(self, node: Node, negative: bool) -> Node:
        """The tree with values as the archive has them; one that cannot be: words, after a minus nothing."""
        if node.op == WORDS:
            return node
        if node.op != FILTER:
            negative ^= node.op == NOT
            return Node(
                node.op, tuple(self.taken(part, negative) for part in node.parts), node.typed, node.at
            )
        key, value = node.parts
        try:
            value = _known_of(self.con, self.question, key, value)
            return Node(FILTER, (key, self._value(key, value)), node.typed, node.at)
        except (MemlogError, ValueError) as exc:
            if negative:
                _note_idle(self.question, f"{node.typed} at column {node.at}", exc)
                return Node(ANY, ())
            said = f"{node.typed} at column {node.at} is searched for as words: {_reason(exc)}"
            self.question.note(said)
            return Node(WORDS, (words.Term(node.typed).match,), node.typed, node.at)

    def _value(self, key: str, value: str) -> str:
        _taken(self.con, key, value, self.now_ns, Selection())
        if key == "session":
            return ",".join(_session(self.con, name) for name in value.split(","))
        if key == "kind" and EVENT in value.split(","):
            raise ValueError("an event is no record: kind:event stands alone")
        return _path(value) if key == "path" else value


def _taken(con: "Connection", key: str, value: str, now_ns: int, selection: Selection) -> "dict[str, object]":
    """The fields of a selection a filter changes.

    Raises: MemlogError, ValueError: why its key cannot take the value.
    """
    if key in ("since", "until"):
        return {f"{key}_ns": getattr(dates, key)(value, now_ns)}
    if key in ("epoch", "-epoch"):
        return _epochs(key, value.split(","), selection)
    if key in ("is", "-is"):
        if value.lower() not in (ERROR, "errors"):
            raise ValueError("what a record can be asked to be is error")
        return {"error": key == "is"}
    if key in ("path", "-path"):
        field = "path" if key == "path" else "not_path"
        return {field: (*(getattr(selection, field) or ()), _path(value))}
    return _named(con, key, value, selection)


def _epochs(key: str, values: list[str], selection: Selection) -> "dict[str, object]":
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in values):
        raise ValueError("an epoch is a number")
    numbers = tuple(dict.fromkeys(map(int, values)))
    if key == "-epoch":
        return {"not_epoch": (*(selection.not_epoch or ()), *numbers)}
    if selection.epoch is not None and selection.epoch not in numbers:
        numbers = (selection.epoch, *numbers)
    numbers = tuple(dict.fromkeys((*(selection.epochs or ()), *numbers)))
    return {"epoch": numbers[0]} if len(numbers) == 1 else {"epoch": None, "epochs": numbers}


def _path(value: str) -> str:
    from memlog.query.paths import path_match

    path_match(value)
    return value


def _named(con: "Connection", key: str, value: str, selection: Selection) -> "dict[str, object]":
    """Fields for a name, or several with commas; a project is one, a comma may be its own."""
    from memlog.query.names import in_epoch, known

    name = key.removeprefix("-")
    values = [value] if name == "project" else [one for one in value.split(",") if one]
    if not values:
        raise ValueError(f"no {name} is named")
    if name == "session":
        if name == key and len(values) == 1:
            value, epoch = in_epoch(con, value)
            values = [value]
            if epoch is not None:
                return {key: _session(con, value), "epoch": epoch}
        values = [_session(con, one) for one in values]
        if name != key and any(in_epoch(con, one)[1] is not None for one in values):
            nodes = tuple(Node(NOT, (Node(FILTER, (name, one)),)) for one in values)
            return {"either": (*(selection.either or ()), *nodes)}
    elif name == "kind" and not set(values) <= set(NAMED_KINDS):
        raise ValueError(f"kinds are {', '.join(NAMED_KINDS)}")
    for one in values:
        if not known(con, name, one):
            raise ValueError(f"no session has this {name}")
    if name != key:
        field = f"not_{name}"
        return {field: (*(getattr(selection, field) or ()), *values)}
    if name in LISTS:
        return {key: (*(getattr(selection, key) or ()), *values)}
    return _either(con, key, values, selection)


def _either(con: "Connection", key: str, values: list[str], selection: Selection) -> "dict[str, object]":
    """One name; several as a tree. One that a flag names, too, is that one."""
    flag = getattr(selection, key)
    if flag is not None and key == "session":
        flag = _session(con, flag)
    if flag in values:
        return {}
    values = [flag, *values] if flag is not None else values
    if len(values) == 1:
        return {key: values[0]}
    node = Node(ANY, tuple(Node(FILTER, (key, one)) for one in values))
    return {key: None, "either": (*(selection.either or ()), node)}


def either(said: "dict[str, list[Any]]") -> "dict[str, object]":
    """Fields of a selection that ask for any of several values of each of these keys."""
    fields: dict[str, Any] = {}
    for key, values in said.items():
        several = tuple(dict.fromkeys(values))
        if len(several) == 1:
            fields[key] = several[0]
        elif key == "epoch":
            fields["epochs"] = several
        else:
            node = Node(ANY, tuple(Node(FILTER, (key, one)) for one in several))
            fields["either"] = (*fields.get("either", ()), node)
    return fields


def _session(con: "Connection", value: str) -> str:
    """The whole id, and the epoch behind it where one is named."""
    from memlog.query.names import in_epoch, session_name

    value, epoch = in_epoch(con, value)
    try:
        name = session_name(con, value)
    except NotFoundError:
        from memlog.query import event

        name = event.name_of(con, value)
    return name if epoch is None else f"{name}@{epoch}"
