"""Whether a command's end can be known: a pipe into `tail` ends well whatever runs before it."""

import re

HIDDEN = "unknown: a pipe's end hides it"

_PIPED = re.compile(
    r"(?<!\|)\|&?\s*(?:\w+=\S+\s+|sudo\s+)*"
    r"(?:tail|head|grep|egrep|rg|tee|cat|sed|awk|sort|uniq|wc|cut|tr|less|more|column|jq|nl|ts)\b"
)
_KEPT = ("pipefail", "PIPESTATUS", "pipestatus")
_WORDS = ("FAIL", "exit", "***", "failed", "npm ERR!", "error: ", "not ok", "failing", "panicked")
_DENIED = re.compile(
    r"^[ \t]*(?:--- FAIL: |FAIL\b|FAILED\b|not ok \d|[1-9]\d* failing\b|test result: FAILED|npm ERR! "
    r"|error: could not compile|thread '.*' panicked|g?make(?:\[\d+\])?: \*\*\* "
    r"|Tests:?[ \t].*\b[1-9]\d* failed"
    r"|(?:=+ )?(?:\d+ \w+, )*[1-9]\d* (?:failed|errors?)\b.* in [\d.]+ ?s)"
    r"|\bexit(?:ed)?(?: with)?(?: (?:code|status))[: ]+[1-9]",
    re.M,
)


def hidden(command: str, text: str) -> bool:
    """Whether a pipe hides how a command ended, and its output says that it failed.

    What only prints files or other people's words says nothing of itself.
    """
    if "|" not in command or not any(word in text for word in _WORDS):
        return False
    if not _PIPED.search(command) or any(word in command for word in _KEPT) or not _DENIED.search(text):
        return False
    from memlog.query.facts import results  # its patterns are many, and most calls end above

    return not results.reads(command)
