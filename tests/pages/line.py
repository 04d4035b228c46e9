"""What the tests of the pages ask of either line of Datasette, where the two differ."""

from typing import Any

from datasette.version import __version__

IS_ONE = not __version__.startswith("0.")
# Where SQL that a person wrote is asked.
SQL = "/archive/-/query" if IS_ONE else "/archive"
# Datasette's own inline handler, which the policy names by its digest.
HANDLERS = ("openColumnChooser()",) if IS_ONE else ()


def count(answer: Any) -> int:
    """Rows of a view, of its JSON with `_extra=count`."""
    said = answer.json()
    return int(said["count"] if IS_ONE else said["filtered_table_rows_count"])
