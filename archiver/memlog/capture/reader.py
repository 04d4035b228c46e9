"""What a reader of one agent's transcripts offers."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from memlog.capture.agents import Place, State
from memlog.record import Record
from memlog.wire import Frame


class Reader(Protocol):
    """What one agent's lines mean."""

    AGENT: str
    SPILL_MARK: bytes  # stands in a line that may name a file beside the transcript; b"": there are none

    def default_paths(self, home: str, environ: Mapping[str, str]) -> list[str]:
        """Where the host keeps its transcripts by itself, for a home directory and an environment."""
        ...

    def find(self, path: str) -> Iterator[str]:
        """The transcript files under a path. Raises: NotFoundError."""
        ...

    def is_ours(self, value: dict[str, Any]) -> bool:
        """True for a line, or the beginning of a document, that this agent writes and no other does."""
        ...

    def session_of(self, value: dict[str, Any]) -> str | None:
        """The session a line says it belongs to."""
        ...

    def stamp_of(self, value: dict[str, Any]) -> int | None:
        """The time a line says, ns since 1970 UTC."""
        ...

    def source_of(self, value: dict[str, Any]) -> str | None:
        """The id the host gave a line."""
        ...

    def records(self, value: dict[str, Any], place: Place, state: State) -> list[Record]:
        """The records of a line; state is read and carried on."""
        ...

    def damage(self, text: str, place: Place, state: State) -> Record:
        """The record of a line that is no JSON object."""
        ...

    def spilled(self, value: dict[str, Any], records: list[Record], place: Place) -> list[Record]:
        """Records of what the host put into files beside the transcript for this line."""
        ...

    def frame_of(self, value: dict[str, Any]) -> Frame | None:
        """The frame of a line that is a record of ours already."""
        ...


class DocumentReader(Reader, Protocol):
    """What one agent's documents mean: `unfold` makes lines of one, the rest is a Reader's."""

    HEAD: str  # a torn document is nothing before it: a key that hosts write after all that lines stand on

    def unfold(self, document: dict[str, Any], whole: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        """Its lines in a fixed order, numbered by their place: 0 the head, messages from 1, last what is
        said about it all, 0 again. A later stage of a document begins with the same lines.

        whole: False where it is torn after some element.
        """
        ...

    def is_unfinished(self, value: dict[str, Any]) -> bool:
        """True for a message its host is still writing."""
        ...
