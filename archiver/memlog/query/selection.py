"""Which records are meant: by whom, when, where, of what kind.

Shared by search, exports and every listing; where.py makes SQL of it. A search loads it: no re, no
dataclasses.
"""

from memlog.contracts import KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from memlog.query.expression import Node

    Many = str | Iterable[str] | None

LAST_ID = (1 << 63) - 1
EVENT = "event"
NAMED_KINDS = (*KINDS, EVENT)  # what a search finds besides records: text that only a hook delivered


class Selection:
    """Which records are meant: every field that is not None must hold.

    session: id, a prefix of at least 4 characters, `last`, or `@2` for the one before. project: whole
    path or its last components. kind, role, tool: one or several, any of which; not_*: none of which.
    path: files or folders, all of which its text names; not_path: none of which. error: whether it is a
    failure. since_ns <= ts_ns < until_ns. before: (ts_ns, id) of a record, what precedes it in order of time.
    epochs: any of several.
    either: trees of filters and words, all of which hold. says: versions its text has as they are spelled.
    """

    __slots__ = (
        "agent", "before", "either", "epoch", "epochs", "error", "ids", "kind", "not_agent", "not_epoch",
        "not_kind", "not_path", "not_project", "not_role", "not_session", "not_tool", "path", "project",
        "role", "says", "session", "since_ns", "tool", "until_ns",
    )  # fmt: skip

    def __init__(
        self,
        *,
        session: str | None = None,
        project: str | None = None,
        agent: str | None = None,
        kind: "Many" = None,
        role: "Many" = None,
        tool: "Many" = None,
        epoch: int | None = None,
        since_ns: int | None = None,
        until_ns: int | None = None,
        ids: "Iterable[int] | None" = None,
        path: "Many" = None,
        error: bool | None = None,
        not_session: "Many" = None,
        not_project: "Many" = None,
        not_agent: "Many" = None,
        not_kind: "Many" = None,
        not_role: "Many" = None,
        not_tool: "Many" = None,
        not_path: "Many" = None,
        before: "tuple[int, int] | None" = None,
        either: "Iterable[Node] | None" = None,
        epochs: "Iterable[int] | None" = None,
        not_epoch: "Iterable[int] | None" = None,
        says: "Iterable[str] | None" = None,
    ) -> None:
        self.session = session
        self.project = bindable(project.rstrip("/") or "/") if project is not None else None
        self.agent = None if agent is None else bindable(agent)
        self.kind = many(kind)
        self.role = many(role)
        self.tool = many(tool)
        self.epoch = epoch
        self.since_ns = since_ns
        self.until_ns = until_ns
        self.ids = None if ids is None else tuple(ids)
        self.path = _paths(path)
        self.not_path = _paths(not_path)
        self.error = error
        self.not_session = many(not_session)
        self.not_project = many(not_project)
        self.not_agent = many(not_agent)
        self.not_kind = many(not_kind)
        self.not_role = many(not_role)
        self.not_tool = many(not_tool)
        self.before = before
        self.either = tuple(either) or None if either is not None else None
        self.says = tuple(says) or None if says is not None else None
        self.epochs = None if epochs is None else tuple(epochs)
        self.not_epoch = None if not_epoch is None else tuple(not_epoch)

    @property
    def takes_events(self) -> bool:
        """Whether text that only a hook delivered may be among what is meant."""
        records_only = (self.ids, self.path, self.error, self.either, self.epochs, self.not_epoch)
        if any(said is not None for said in records_only):
            return False
        return (self.kind is None or EVENT in self.kind) and EVENT not in (self.not_kind or ())

    def __repr__(self) -> str:
        said = ((name, getattr(self, name)) for name in self.__slots__)
        return (
            "Selection(" + ", ".join(f"{name}={value!r}" for name, value in said if value is not None) + ")"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selection) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def replace(self, **fields: object) -> "Selection":
        """The same selection with some fields changed."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return Selection(**(said | fields))


def many(value: "Many") -> tuple[str, ...] | None:
    """One word, several, or several in one separated by commas."""
    if value is None:
        return None
    items = (value,) if isinstance(value, str) else tuple(value)
    return tuple(dict.fromkeys(part for item in items for part in item.split(",") if part)) or None


def _paths(value: "Many") -> tuple[str, ...] | None:
    return None if value is None else (value,) if isinstance(value, str) else tuple(value)


def array(items: "Iterable[str]") -> str:
    """A JSON array of finished values."""
    return "[" + ",".join(items) + "]"


def quoted(text: str) -> str:
    """A JSON text."""
    from _json import encode_basestring

    json_text: str = encode_basestring(bindable(text))
    return json_text


def bindable(text: str) -> str:
    """The text without lone surrogates: bytes of a command line that are not UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
