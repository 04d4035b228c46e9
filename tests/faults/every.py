"""Every operation that is struck, in the order of the table: add a new one here."""

from faults.arriving import Capture, DrainRings, Heal, Import, NewHome, Witness
from faults.keeping import Backup, Compact, Export, Forget, Migrate, Rebuild, Restore
from faults.operations import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    NewHome, Capture, DrainRings, Witness, Import, Heal, Migrate, Rebuild, Export, Backup, Restore, Forget,
    Compact,
)  # fmt: skip
