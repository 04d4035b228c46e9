"""Every error memlog raises on purpose.

MemlogError                    1
├── InputError                 2  what was asked cannot be understood
│   ├── SettingsError
│   └── QueryError
├── NotFoundError              3  no such session, record, file
├── ContractError              4  bytes break the schema
│   ├── TruncatedRecordError
│   ├── BadMagicError
│   ├── UnsupportedSchemaError
│   ├── BlobTooLargeError
│   └── DecodeError
├── UnavailableError           5  could not be done now; try later
│   ├── RingUnavailableError
│   ├── RingBusyError
│   ├── RingFullError
│   └── WitnessUnavailableError
├── ArchiveError               6  the archive is damaged, too new, or not one
│   └── SqliteTooOldError
└── RefusedError               7  refused for safety
    ├── UndrainedError
    ├── UnsafePathError
    ├── OtherHomeError
    ├── WitnessRunningError
    └── OtherVersionError

The number is the exit code of the branch. A class's docstring is its default
message; `hint` names the command to try next.
"""


class MemlogError(Exception):
    """Something went wrong."""

    exit_code = 1
    hint = "memlog doctor"

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        if hint is not None:
            self.hint = hint


class InputError(MemlogError):
    """What was asked for cannot be understood."""

    exit_code = 2
    hint = "memlog --help"


class SettingsError(InputError):
    """A setting has a wrong name, type or value."""

    hint = "memlog doctor --settings"


class QueryError(InputError):
    """The query cannot be run. asked, column: the text that cannot be read, and where; 0: nowhere."""

    hint = "memlog query search --help"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, asked: str = "", column: int = 0
    ) -> None:
        super().__init__(message or "the query cannot be run", hint=hint)
        self.asked = asked
        self.column = column


class NotFoundError(MemlogError):
    """There is no such thing in the archive."""

    exit_code = 3
    hint = "memlog query sessions"


class ContractError(MemlogError):
    """Bytes break the schema."""

    exit_code = 4
    hint = "memlog version"


class TruncatedRecordError(ContractError):
    """A record ends before its header says."""


class BadMagicError(ContractError):
    """No record starts here."""


class UnsupportedSchemaError(ContractError):
    """The record was written under a schema this version does not know."""


class BlobTooLargeError(ContractError):
    """A record holds at most 65,536 bytes."""

    hint = "split the input, or use memlog import"


class DecodeError(ContractError):
    """The blob is not CBOR of the strict profile."""


class UnavailableError(MemlogError):
    """It could not be done now."""

    exit_code = 5


class RingUnavailableError(UnavailableError):
    """No ring can be opened for this user."""


class RingBusyError(UnavailableError):
    """Another writer holds the ring."""

    hint = "memlog status"


class RingFullError(UnavailableError):
    """Writing would evict what no witness has archived."""

    hint = "memlog witness drain"


class WitnessUnavailableError(UnavailableError):
    """The witness does not answer."""

    hint = "memlog witness status"


class ArchiveError(MemlogError):
    """The archive cannot be used."""

    exit_code = 6
    hint = "memlog admin rebuild archive --from-tree, then memlog import claude-code"


class SqliteTooOldError(ArchiveError):
    """This SQLite is too old for the archive's index."""

    hint = "pip install 'pysqlite3>=0.6.1'"


class RefusedError(MemlogError):
    """Refused for safety."""

    exit_code = 7


class UndrainedError(RefusedError):
    """The ring holds records no witness has archived."""

    hint = "memlog witness drain, or --force"


class UnsafePathError(RefusedError):
    """A path has a foreign owner, an open mode or a link in it."""


class OtherHomeError(RefusedError):
    """An agent's hooks record into another home."""

    hint = "memlog install claude-code --take-over"


class WitnessRunningError(RefusedError):
    """Another witness holds the lock."""

    hint = "memlog witness status"


class OtherVersionError(RefusedError):
    """The running witness is of another version of memlog."""

    hint = "memlog witness restart"
