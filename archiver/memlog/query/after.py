"""What an agent still had after a compaction: its summary, and what the host put beside it."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from memlog.archive.connection import Connection
from memlog.query.epochs import EpochRow
from memlog.query.facts.fact import KINDS, Fact, Said
from memlog.query.facts.shell import head
from memlog.query.facts.stream import records
from memlog.query.preserved import preserved

VERBATIM, BY_NAME, PARAPHRASED = "verbatim", "name", "paraphrased"
DONE = "done"  # of a plan's item: finished before the compaction, so its loss is none
UNSEEN = "unseen"  # how a fact was kept in a summary of which nothing was captured
TRANSCRIPT, TOLD, CONTEXT, NONE = "transcript", "PostCompact", "context", "none"
_WORDLESS = frozenset(("codex",))  # whose summary is encrypted: a new context has what it repeats

# index: event_session
TOLD_SQL = """
SELECT data FROM event WHERE session = :session AND agent = :agent AND event = 'PostCompact'
  AND ts_ns BETWEEN :after AND :before ORDER BY abs(ts_ns - :opened) LIMIT 1
"""
# Messages of the user a new context repeats are the latest that came before it. index: record_session
REPEATED_SQL = """
SELECT r.id FROM record r
WHERE r.session_id = :session AND r.kind = 'message' AND r.role = 'user' AND r.part = 0
  AND r.ts_ns <= :before AND r.id <> :compaction ORDER BY r.ts_ns DESC, r.id DESC LIMIT :limit
"""
_PROSE = frozenset(("instruction", "correction", "decision", "todo", "error"))
_SPAN_NS = 15 * 60 * 10**9  # a PostCompact comes within this of the boundary
_SHARE = 0.6  # of a sentence's words that make another its paraphrase
_WORD = re.compile(r"[^\W_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE = re.compile(r"[.!?;:]\s|[。！？；\n]")
_COMMON = frozenset((
    "the", "and", "for", "with", "that", "this", "from", "have", "has", "was", "were", "are", "been",
    "will", "would", "should", "could", "can", "not", "but", "you", "your", "our", "let", "its", "now",
    "then", "than", "into", "out", "about", "also", "just", "all", "any", "use", "using", "when",
    "where", "what", "which", "who", "how", "why", "there", "here", "der", "die", "das", "und", "ist",
    "nicht", "mit", "für", "ein", "eine", "que", "não", "com", "para", "uma", "um", "os", "as",
))  # fmt: skip
# Before and behind a letter they are part of a name: of `prepare-commit-msg`, `paths.go`, `mise run test:ci`.
_BESIDE = {"file": "-.", "branch": "-.", "url": "-.", "command": "-.:"}
_HASH = re.compile(r"[0-9a-f]{7,40}")
# Where an error was, which a list of files has without it; what failed is the rest.
_PLACE = re.compile(r"[\w@~-]*[./][\w./@-]*\w(?::\d+)*")
_NAME_LEAST = 4  # characters of a file's name that can be told from a word


@dataclass(frozen=True, slots=True)
class After:
    """The summary, the rest of the new context, and what of both could not be seen.

    repeated: ids of records the new context holds whole. source: where the summary was found; context: its
    agent leaves none in words, none: of this one nothing was captured.
    """

    summary: str
    context: str
    repeated: frozenset[int]
    source: str
    unseen: tuple[str, ...]


def after(con: Connection, session_id: int, ended: EpochRow, opened: EpochRow) -> After:
    """What the agent had at the beginning of the epoch that followed, before it said a word."""
    summary: list[str] = []
    context: list[str] = []
    repeated: list[int] = []
    unseen: list[str] = []
    wordless = False
    for said in records(con, session_id, opened.epoch):
        if said.kind == "summary" and not said.aside:
            summary.append(said.text)
        elif said.kind == "compaction":
            wordless = ended.agent in _WORDLESS
            repeated += _repeated(con, session_id, said)
            left, missing = preserved(con, session_id, said.id)
            repeated += left
            unseen += [missing] if missing else []
        elif said.aside:
            continue
        elif said.role == "assistant" or said.kind == "tool_use":
            break
        elif said.kind == "attachment" or said.injected or said.role in ("developer", "system"):
            context.append(said.text)
    source = TRANSCRIPT
    if not any(summary):
        told = _told(con, ended, opened)
        source = TOLD if told else CONTEXT if wordless else NONE
        summary = [told] if told else []
    if source == CONTEXT:
        unseen.append(
            "its agent leaves no summary in words: kept is what stands in the context that followed"
        )
    elif source == NONE:
        unseen.append("no summary of this compaction was captured: what it kept is unknown")
    if opened.boundary.startswith("~event."):
        unseen.append(
            "no boundary line was captured: a hook told of it, and what came after may count as before"
        )
    return After("\n".join(summary), "\n".join(context), frozenset(repeated), source, tuple(unseen))


def _repeated(con: Connection, session_id: int, said: Said) -> list[int]:
    if not said.repeated:
        return []
    values = {"session": session_id, "before": said.ts_ns, "compaction": said.id, "limit": said.repeated}
    return [row[0] for row in con.execute(REPEATED_SQL, values)]


def _told(con: Connection, ended: EpochRow, opened: EpochRow) -> str:
    """The summary a PostCompact hook was given."""
    values = {
        "session": ended.session, "agent": ended.agent, "opened": opened.opened_ns,
        "after": opened.opened_ns - _SPAN_NS, "before": opened.opened_ns + _SPAN_NS,
    }  # fmt: skip
    for (data,) in con.execute(TOLD_SQL, values):
        found = json.loads(data).get("compact_summary")
        return found if isinstance(found, str) else ""
    return ""


class Kept:
    """Answers whether a text still holds a fact, and how."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = " ".join(text.split())
        self._lower = self._folded.lower()
        self._where: dict[str, set[int]] = {}
        for number, sentence in enumerate(_SENTENCE.split(text)):
            for word in words(sentence):
                self._where.setdefault(word, set()).add(number)

    def how(self, fact: Fact, forms: Collection[str] = ()) -> str | None:
        """verbatim, name, paraphrased, or None where it is lost. forms: other spellings of a file."""
        if not self.text:
            return None
        if fact.kind == "file":
            found = self._file(fact.value)
            return VERBATIM if found and any(map(self._has_word, forms)) else found
        if fact.kind == "command":
            return self._command(fact)
        value = " ".join(fact.value.split())
        if fact.kind in _PROSE:
            stands = _stands(value.lower(), self._lower)
        else:
            stands = _stands(value, self._folded, _BESIDE.get(fact.kind, "")) or self._begins_hash(value)
        if stands:
            return VERBATIM
        if fact.kind in ("commit", "test", "error"):
            name = _told_apart(fact)
            if name and self._has_word(name):
                return BY_NAME
        said = _PLACE.sub(" ", value) if fact.kind == "error" else value
        return PARAPHRASED if fact.kind in _PROSE and self._says(said) else None

    def names(self, fact: Fact) -> bool:
        """Whether a file or command is named in it: what a weight asks."""
        if fact.kind == "file":
            return self._file(fact.value) is not None
        return fact.kind == "command" and head(fact.key)[:40] in self._folded

    def _file(self, path: str) -> str | None:
        if self._is_path(path):
            return VERBATIM
        name = path.rstrip("/").rsplit("/", 1)[-1]
        return BY_NAME if len(name) >= _NAME_LEAST and self._is_path(name) else None

    def _command(self, fact: Fact) -> str | None:
        if _stands(" ".join(fact.value.split()), self._folded, _BESIDE["command"]):
            return VERBATIM
        short = head(fact.key)
        return BY_NAME if " " in short and _stands(short, self._folded, _BESIDE["command"]) else None

    def _is_path(self, name: str) -> bool:
        return _stands(name, self._folded, _BESIDE["file"])

    def _has_word(self, name: str) -> bool:
        return _stands(name, self._folded)

    def _begins_hash(self, value: str) -> bool:
        """Whether a longer hash begins with this one."""
        return (
            _HASH.fullmatch(value) is not None
            and re.search(rf"\b{value}[0-9a-f]+\b", self._folded) is not None
        )

    def _says(self, value: str) -> bool:
        """Whether one of its sentences, or two that follow each other, have most of the words."""
        wanted = set(words(value))
        if len(wanted) < 2:
            return False
        counts: dict[int, int] = {}
        for word in wanted:
            for number in self._where.get(word, ()):
                counts[number] = counts.get(number, 0) + 1
        return any(count >= max(2, _SHARE * len(wanted)) for count in counts.values())


def words(text: str) -> list[str]:
    """Words that carry meaning, lower case, without a plural's end; of CJK texts pairs of characters."""
    found = [word.lower() for word in _WORD.findall(text)]
    pairs = [a + b for a, b in zip(found, found[1:], strict=False) if _CJK.match(a) and _CJK.match(b)]
    plain = (word for word in found if not _CJK.match(word) and word not in _COMMON)
    return [word[:-1] if len(word) > 4 and word.endswith("s") else word for word in plain] + pairs


def _stands(name: str, text: str, beside: str = "") -> bool:
    """Whether it stands by itself, not within a longer name. beside: signs that make a name longer, too."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_goes_on(text[max(at - 2, 0) : at][::-1], beside) or _goes_on(text[end : end + 2], beside)):
            return True
        at = text.find(name, at + 1)
    return False


def _goes_on(rest: str, beside: str) -> bool:
    """Whether a name goes on in the characters next to it; the nearest is the first."""
    return _joins(rest[:1]) or (rest[:1] in beside and _joins(rest[1:2]))


def _joins(character: str) -> bool:
    """Whether a name and this are one: Chinese and Japanese write no space between a name and a word."""
    return character == "_" or (character.isalnum() and not _CJK.match(character))


_NAMES = re.compile(r"\bTest\w+|[\w./-]+\.\w{1,5}:\d+|`[^`]+`|'[^']{3,60}'|\"[^\"]{3,60}\"")


def _told_apart(fact: Fact) -> str:
    """The part of a fact that names it: a hash's first digits, a test, a place."""
    if fact.kind == "commit":
        return fact.value[:7]
    match = _NAMES.search(fact.value)
    return match.group().strip("`'\"") if match else ""


def order(kinds: Iterable[str]) -> list[str]:
    """Kinds in the order of a report."""
    wanted = set(kinds)
    return [kind for kind in KINDS if kind in wanted]
