"""Every operation that is struck, in the order of the table: add a new one here."""

from faults.arriving import DrainRings, Heal, Import, Witness
from faults.keeping import Backup, Export, Forget, Migrate, Rebuild, Restore
from faults.operations import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    DrainRings, Witness, Import, Heal, Migrate, Rebuild, Export, Backup, Restore, Forget,
)  # fmt: skip
