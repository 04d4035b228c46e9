"""A compiled module loaded alone is the one its package uses."""

import subprocess
import sys

import pytest

from memlog.archive.extension import load

BOTH = """
import sys
from memlog.archive import connection, body
assert connection.BINDING == "pysqlite3", connection.BINDING
assert not {"pysqlite3", "zstandard", "datetime", "sqlite3"} & set(sys.modules)
packed = body.pack(b"some bytes " * 100)
import pysqlite3, zstandard, sqlite_utils.db
assert pysqlite3.Connection is connection.Connection
assert pysqlite3.Error is connection.Error
con = connection.sqlite3.connect(":memory:")
assert isinstance(con, pysqlite3.Connection)
assert sqlite_utils.Database(con).execute("select 1").fetchone() == (1,)
assert body.unpack(packed[1], packed[0]) == b"some bytes " * 100
assert issubclass(zstandard.ZstdError, Exception)
"""

PACKAGE_FIRST = """
import pysqlite3, zstandard
from memlog.archive import connection, body
assert connection.Connection is pysqlite3.Connection
assert body.unpack(*reversed(body.pack(b"x" * 500))) == b"x" * 500
"""

NEITHER = """
import sys
from memlog.archive import extension
extension.sys = type("sys", (), {"path": ["/nowhere"], "modules": {}})
from memlog.archive import connection, body
assert "pysqlite3.dbapi2" in sys.modules
assert body.unpack(*reversed(body.pack(b"x" * 500))) == b"x" * 500
assert "zstandard" in sys.modules
"""


@pytest.mark.parametrize(
    "script", [BOTH, PACKAGE_FIRST, NEITHER], ids=["alone", "after its package", "not found"]
)
def test_it_is_the_module_of_the_package_in_whatever_order_they_are_loaded(script: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_what_is_not_there_is_an_import_error() -> None:
    with pytest.raises(ImportError, match=r"no compiled zstandard\.nothing"):
        load("zstandard", "nothing")
