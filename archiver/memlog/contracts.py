"""Constants every stage agrees on; schema/ is their source and a test compares them.

Imported by the hook while an agent waits: it imports nothing.
"""

# schema/memlog.h
MAGIC = 0x4D4C4F47
SCHEMA_VERSION = 1
HEADER_BYTES = 56
MAX_BLOB = 65_536
SESSION_BYTES = 16
RING_ID_BYTES = 16
HASH_BYTES = 32
RING_DEFAULT = 4 << 20
RING_MIN = 64 << 10
RING_MAX = 256 << 20
STATS_BYTES = 48
INFO_BYTES = 168
IOC_MAGIC = 0xCB


def _ioc(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | IOC_MAGIC << 8 | number


_NONE, _WRITE, _READ = 0, 1, 2
IOC_STATS = _ioc(_READ, 1, STATS_BYTES)
IOC_CLEAR = _ioc(_NONE, 2, 0)
IOC_SET_RING_SIZE = _ioc(_WRITE, 3, 4)
IOC_FILTER_UID = _ioc(_WRITE, 4, 4)
IOC_GET_VERSION = _ioc(_READ, 5, 4)
IOC_SET_SESSION = _ioc(_WRITE, 6, SESSION_BYTES)
IOC_GET_INFO = _ioc(_READ, 7, INFO_BYTES)
IOC_SET_DRAINED = _ioc(_WRITE, 8, 8)

# schema/record.cddl
BLOB_VERSION = 1
KINDS = (
    "message", "thinking", "tool_use", "tool_result", "attachment",
    "summary", "compaction", "meta", "damage", "blob",
)  # fmt: skip
OMISSIONS = ("base64", "same")
UNKNOWN_AGENT = "unknown"

# schema/events.toml
CAPTURED = "captured"
CAPTURE_PENDING = "capture_pending"
DAMAGED_INPUT = "damaged_input"
PROBE = "probe"
CLAUDE_CODE = "claude-code"
CODEX = "codex"
COPILOT_CLI = "copilot-cli"
GEMINI_CLI = "gemini-cli"
OPENCODE = "opencode"
CLAUDE_EVENTS = (
    "SessionStart", "UserPromptSubmit", "PostToolUse", "PreCompact", "PostCompact",
    "Stop", "StopFailure", "SubagentStop", "SessionEnd",
)  # fmt: skip
CODEX_EVENTS = (
    "SessionStart", "UserPromptSubmit", "PostToolUse", "PreCompact", "PostCompact", "Stop", "SubagentStop",
)  # fmt: skip
GEMINI_EVENTS = {  # its name of an event: ours
    "SessionStart": "SessionStart", "BeforeAgent": "UserPromptSubmit", "AfterTool": "PostToolUse",
    "PreCompress": "PreCompact", "AfterAgent": "Stop", "SessionEnd": "SessionEnd",
}  # fmt: skip
OPENCODE_EVENTS = {
    "session.created": "SessionStart", "experimental.session.compacting": "PreCompact",
    "session.compacted": "PostCompact", "session.idle": "Stop", "session.error": "StopFailure",
    "session.deleted": "SessionEnd",
}  # fmt: skip
COPILOT_EVENTS = {
    "sessionStart": "SessionStart", "userPromptSubmitted": "UserPromptSubmit", "preCompact": "PreCompact",
    "agentStop": "Stop", "subagentStop": "SubagentStop", "errorOccurred": "StopFailure",
    "sessionEnd": "SessionEnd",
}  # fmt: skip
# Their hooks read transcripts on from a watermark.
HOOKED = (CLAUDE_CODE, CODEX, COPILOT_CLI, GEMINI_CLI, OPENCODE)

# schema/migrations
ARCHIVE_VERSION = 7
APPLICATION_ID = 0x4D4C4F47  # PRAGMA application_id: 'MLOG'
SQLITE_MIN = (3, 43, 0)  # contentless_delete
DAY_BITS = 24  # record id = day << DAY_BITS | n
DAY_ZERO_S = 1_577_836_800  # 2020-01-01T00:00:00Z
DAY_MAX = (1 << 20) - 1
DAY_NS = 86_400 * 1_000_000_000


def schema_dir() -> str:
    """Folder of the contract files: inside the installed package, or beside the source root."""
    import os.path

    here = os.path.dirname(os.path.abspath(__file__))
    packaged = os.path.join(here, "schema")
    if os.path.isdir(packaged):
        return packaged
    return os.path.join(os.path.dirname(os.path.dirname(here)), "schema")
