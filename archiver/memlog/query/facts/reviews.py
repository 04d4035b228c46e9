"""Findings of reviews a user pasted: what they find is a correction, what they ask for an instruction."""

import re
from collections.abc import Iterator

from memlog.query.facts.calls import Found
from memlog.query.facts.english_wishes import IMPERATIVE
from memlog.query.facts.gate import words_of
from memlog.query.facts.languages import ENGLISH
from memlog.query.facts.sentences import sentences

# What reviewers and their tools write around findings.
REVIEW = re.compile(
    r"\b(?:critical|high|medium|low|minor|major) severity\b|^\W*(?:P[0-3]|nit(?:pick)?|suggestion|potential issue)\b"
    r"|^consider\b|^\d+-\d+: |\bverify each finding|\baround lines? \d+|^(?:on |in )?@?[\w/.-]+\.\w{1,5}(?::| lines? | )\d+"
    r"|\b(?:feedback|review(?:er)?|findings?|comments?)\b[^\n]{0,80}:\s*(?:\n|\S+\.\w{1,5} \()",
    re.I | re.M,
)
_FINDING = re.compile(
    r"\b(?:not|never|missing|misses|fails?|failing|brittle|breaks?|broken|wrong|incorrect(?:ly)?|unused|stale|drops?|dropped"
    r"|lost|leaks?|race|panics?|crash(?:es)?|overwrit\w+|bugs?|redundant|duplicat\w+|unreachable|inconsisten\w+|misleading"
    r"|unsafe|ignor(?:es|ed|ing)|even (?:if|when|though)|no longer|only|silently|treats?|still|may|might|can|could|will"
    r"|hard-?coded|too \w+|outdated|without|bypass\w*|twice|unbounded|swallow\w*|deadlock\w*|untested|uncovered|lacks?|no (?:\w+ )?(?:tests?|checks?|validation|handling|coverage|way)|unnecessar\w+|typos?|cannot|risk\w*|unexpected\w*|error[- ]prone)\b|\w+n['’]t\b",
    re.I,
)
# A heading in front of what a reviewer says: `Recommendation: add ...`.
_LABEL = re.compile(r"^\W*(?:[A-Za-z]+ ){0,3}[A-Za-z]+(?: \([^)]*\))?\*{0,2}: ?\*{0,2}(?=\S)")
_ADVISES = re.compile(r"^(?:don['’]t|do not|never) |\b(?:consider|recommend|suggest)\b")
_LACKS = re.compile(r"(?:there (?:is|are) )?(?:no|missing|lacks?)\b")
_PRAISES = re.compile(
    r"^(?!.*\b(?:but|however|although|though|except)\b).*(?:\b(?:good|great|nice|excellent|solid|clean|clear|proper|correctly|properly)\b"
    r"|\b(?:prevents?|eliminat(?:es|ing)|improv(?:es|ement)|ensures)\b)"
)
_CODE = re.compile(r"^\S+:\d+:\d+: |^\s*(?:[-+@{}<]|//|\* )|[{};]\s*$|\) =>|^\w+\(.*\)$")
# A finding that stands alone: it names code, complains, and speaks of nobody.
_NAMES_CODE = re.compile(
    r"`|\b[a-z]+[A-Z]\w+|\b[A-Z][a-z]+[A-Z]\w+|\w_\w|\w\(\)|\w\.\w{2,4}\b|\b(?:function|method|test|variable|parameter|branch|case|loop|error|condition|comment|calculation|code)s?\b"
)
_COMPLAINS = re.compile(
    r"\b(?:not|never|cannot|missing|lacks?|without|bypass\w*|swallow\w*|crash\w*|unbounded|no (?:\w+ )?(?:tests?|checks?|validation|handling|coverage)|silently|fails?|incorrect(?:ly)?|inconsisten\w+|redundant|duplicat\w+|unused|brittle|breaks?|leaks?|panics?"
    r"|misleading|wrong|stale|no longer|unnecessar\w+|issue|problem|risk\w*|confus\w+|unreachable|lost|invalid|outdated)\b|\w+n['’]t\b",
    re.I,
)
_SPEAKS = re.compile(r"\b(?:i|i['’]\w+|you|your|we|we['’]\w+|my|me|us|our|let['’]s|please)\b|\?", re.I)
_HEADING = re.compile(r"^#{1,4} \S", re.M)
_FINDING_LENGTH = 60
_OF_A_REVIEW = 100  # sentences
_UNSTOPPED = 7  # words of a finding without a full stop; fewer are a title


def of_review(text: str, start: int, end: int) -> Iterator[Found]:
    """Findings of a review somebody pasted, as corrections, and what it asks for, as instructions."""
    for number, sentence in enumerate(sentences(text[start:end])):
        words = sentence.text.split()
        if number >= _OF_A_REVIEW:
            return
        if len(words) < 4 or _CODE.search(sentence.text):
            continue
        at = start + sentence.start, start + sentence.end
        plain = _LABEL.sub("", sentence.text.lower())
        may = ENGLISH.wishes(words_of(plain))
        asks = ENGLISH.request.search(plain, may) or ENGLISH.rule.search(plain, may)
        if (
            _FINDING.search(plain)
            and not (asks and (IMPERATIVE.search(plain) or _ADVISES.search(plain)))
            and not _PRAISES.search(plain)
        ):
            if (
                sentence.text[-1] in ".!"
                or (len(words) >= _UNSTOPPED and _LABEL.match(sentence.text))
                or (sentence.text[-1] == ":" and _LACKS.match(plain))
            ):
                yield Found("correction", sentence.text, None, *at)
        elif asks and (sentence.text[-1] in ".!" or IMPERATIVE.match(plain)):
            yield Found("instruction", sentence.text, "request", *at)


def is_finding(text: str) -> bool:
    """Whether a sentence reads like a finding of a reviewer, wherever it was pasted."""
    return (
        len(text) >= _FINDING_LENGTH
        and text[-1] == "."
        and ": " not in text[:40]
        and text.lstrip("\"'*`(")[:1].isalnum()
        and _COMPLAINS.search(text) is not None
        and _NAMES_CODE.search(text) is not None
        and _SPEAKS.search(text) is None
        and IMPERATIVE.match(text.lower()) is None
    )


def has_headings(text: str) -> bool:
    """Whether a text has Markdown headings, as reviews and plans do that somebody wrote down."""
    return _HEADING.search(text) is not None
