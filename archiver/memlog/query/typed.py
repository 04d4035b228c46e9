"""What a user typed, of a message in the user's name: without what the host put around it or into it."""

import re

META = b"\x66isMeta\xf5"  # the CBOR of "isMeta": true, which no text can hold

_MOST_READ = 20_000  # characters: a timeline shows the first hundred or two
_COMMAND = re.compile(r"<command-name>\s*(/?[^<]*?)\s*</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)(?:</command-args>|\Z)", re.S)
_SHELL = re.compile(r"\s*<bash-input>(.*?)(?:</bash-input>|\Z)", re.S)
_INTERRUPTED = re.compile(r"\s*\[Request interrupted|\s*<turn_aborted>")
# What is a host's altogether.
_HOSTS = re.compile(
    r"\s*(?:Caveat: The messages below|Base directory for this skill:|# AGENTS\.md instructions"
    r"|Stop hook feedback|This session is being continued from a previous"
    r"|Your task is to create a detailed summary|\[SYSTEM NOTIFICATION)"
)
# What it puts between the user's words: a block, its tags included.
_BLOCK = re.compile(
    r"<(system-reminder|system_reminder|local-command-(?:caveat|stdout|stderr)|bash-std(?:out|err)|command-(?:message|contents)"
    r"|ide_(?:opened_file|selection|diagnostics)|task-notification|environment_(?:context|details)|user_(?:instructions|info)"
    r"|user-prompt-submit-hook|additional_data|attached_files|open_and_recently_viewed_files|project_layout|rules"
    r"|permissions instructions|INSTRUCTIONS|skill|session_context|turn_aborted)\b[^>]*>.*?(?:</\1>|\Z)",
    re.S,
)
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
