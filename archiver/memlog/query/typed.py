"""What a user typed, of a message in the user's name: without what the host put around it or into it."""

import re

from memlog.query.injected import BEGINS, TAGS

META = b"\x66isMeta\xf5"  # the CBOR of "isMeta": true, which no text can hold

_MOST_READ = 20_000  # characters: a timeline shows the first hundred or two
_COMMAND = re.compile(r"<command-name>\s*(/?[^<]*?)\s*</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)(?:</command-args>|\Z)", re.S)
_SHELL = re.compile(r"\s*<bash-input>(.*?)(?:</bash-input>|\Z)", re.S)
_INTERRUPTED = re.compile(r"\s*\[Request interrupted|\s*<turn_aborted>")
# What is a host's altogether, and what it puts between the user's words: a block, its tags included.
_HOSTS = re.compile(rf"\s*(?:{BEGINS})")
_BLOCK = re.compile(rf"<({TAGS})\b[^>]*>.*?(?:</\1>|\Z)", re.S)
_QUERY = re.compile(r"\s*<(user_query|userRequest|task|feedback|user_message)>(.*?)(?:</\1>|\Z)", re.S)
_TAG = re.compile(r"</?[a-z][\w-]*>|\x1b\[[\d;]*m")


def typed(text: str, *, injected: bool = False) -> tuple[str, str]:
    """What a message of the user's role is, and what of it was typed.

    `prompt`; `interrupt`, where the host says that the user stopped it; `note`, where nobody typed it: of
    that its words without tags. injected: the host says itself that it is its own.
    """
    text = text[:_MOST_READ]
    command = _COMMAND.search(text) if text.lstrip().startswith("<command-") else None
    if command is not None:
        said = _ARGUMENTS.search(text)
        name = "/" + command[1].lstrip("/")
        return "prompt", f"{name} {said[1].strip()}".strip() if said else name
    shell = _SHELL.match(text)
    if shell:
        return "prompt", f"! {shell[1].strip()}"
    if _INTERRUPTED.match(text):
        return "interrupt", _TAG.sub(" ", text).strip()
    left = "" if injected or _HOSTS.match(text) else _BLOCK.sub(" ", text).strip()
    asked = _QUERY.match(left)
    if asked:
        left = asked[2].strip() or left
    return ("prompt", left) if left else ("note", _TAG.sub(" ", text).strip())
