"""A record's blob as the archive stores it: zstd with the dictionary that ships with memlog.

A search loads it: cbor2 and json are imported only where a row needs them, and the zstandard
package's own __init__ (16 ms) never where its C extension can be loaded alone (3 ms).
"""

import os
import sys
from _thread import _local

from memlog.archive.extension import load
from memlog.errors import ArchiveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLAIN = 0
ZSTD = 1  # with dictionary 1; later dictionaries get later numbers
LEVEL = 3
_MOST = 1 << 20  # a foreign blob may have grown by its redaction markers
_HERE = os.path.dirname(os.path.abspath(__file__))
_threads = _local()  # a (de)compressor is not to be shared between threads


def pack(blob: bytes) -> tuple[int, bytes]:
    """(packing, body) of a blob; equal blobs give equal bodies."""
    try:
        compressor = _threads.compressor
    except AttributeError:
        compressor = _threads.compressor = _compressor()
    packed: bytes = compressor.compress(blob)
    return (ZSTD, packed) if len(packed) < len(blob) else (PLAIN, blob)


def unpack(body: bytes, packing: int) -> bytes:
    """The blob of a body.

    Raises: ArchiveError for a packing this version does not know and for damaged bytes.
    """
    if not isinstance(body, bytes):  # bytes(n) would be n zeros
        raise ArchiveError("a body is bytes")
    if packing == PLAIN:
        return body
    if packing != ZSTD:
        raise ArchiveError(f"a body packed with dictionary {packing}, which this version does not have")
    try:
        decompressor, backend = _threads.decompressor
    except AttributeError:
        decompressor, backend = _threads.decompressor = _decompressor()
    try:
        if not 0 <= backend.frame_content_size(body) <= _MOST:  # what a damaged frame claims is not allocated
            raise ArchiveError("a damaged body")
        blob: bytes = decompressor.decompress(body)
    except backend.ZstdError as exc:
        raise ArchiveError(f"a damaged body: {exc}") from exc
    return blob


def text_of(body: bytes, packing: int, text_bytes: int | None) -> str:
    """Text of a record, read without CBOR where the text is the blob's tail.

    Raises: ArchiveError.
    """
    if text_bytes is None:
        return text_of_blob(unpack(body, packing))
    return raw_text_of(body, packing, text_bytes).decode("utf-8", "replace")


def raw_text_of(body: bytes, packing: int, text_bytes: int | None) -> bytes:
    """The same in UTF-8, as it is stored. Raises: ArchiveError."""
    blob = unpack(body, packing)
    if text_bytes is None:
        return text_of_blob(blob).encode("utf-8", "replace")
    return blob[len(blob) - text_bytes :] if text_bytes else b""


def text_of_blob(blob: bytes) -> str:
    """Readable text of any blob: a record's, a foreign CBOR value's strings, else UTF-8, else its words."""
    from memlog.errors import DecodeError
    from memlog.record import Record, decode, load_cbor, project_text

    try:
        value = decode(blob)
        if isinstance(value, Record):
            return value.text
    except DecodeError:
        pass
    try:
        return project_text(load_cbor(blob))
    except DecodeError:
        pass
    try:
        return blob.decode("utf-8")
    except UnicodeDecodeError:
        return _words(blob)


def extra_of(body: bytes, packing: int) -> str | None:
    """JSON of a record's rest, keys as the host wrote them; None for none, a slice, or a foreign blob."""
    from memlog.record import Record, decode

    value = decode(unpack(body, packing))
    if not isinstance(value, Record) or not value.rest or isinstance(value.rest, bytes):
        return None
    return to_json(value.rest)


def to_json(value: object) -> str:
    """JSON of any decoded CBOR value; bytes become hex, other odd values their text."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_odd)
    except (TypeError, ValueError):
        return json.dumps(_tame(value), ensure_ascii=False, separators=(",", ":"))


def _odd(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)


def _tame(value: object) -> object:
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(_odd(k)): _tame(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tame(v) for v in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and value - value == 0:  # finite
        return value
    return _odd(value)


def _words(blob: bytes) -> str:
    """Runs of four or more printable ASCII bytes, a line each, as strings(1) shows."""
    keep = bytes(b if 0x20 <= b < 0x7F else 0x0A for b in range(256))
    return "\n".join(run for run in blob.translate(keep).decode("ascii").split("\n") if len(run) >= 4)


def dictionary_bytes(number: int = ZSTD) -> bytes:
    """Dictionary `number` as it ships with the package.

    Raises: ArchiveError when the installation lacks it.
    """
    try:
        with open(os.path.join(_HERE, f"dictionary-{number}.zdict"), "rb") as file:
            return file.read()
    except OSError as exc:
        raise ArchiveError(f"dictionary {number} is missing from the installation") from exc


def _compressor() -> "Any":
    backend = _backend()
    dictionary = backend.ZstdCompressionDict(dictionary_bytes())
    dictionary.precompute_compress(level=LEVEL)
    # The row's packing names the dictionary and its digest covers the blob: four bytes a record saved.
    return backend.ZstdCompressor(
        level=LEVEL, dict_data=dictionary, write_dict_id=False, write_checksum=False, write_content_size=True
    )


def _decompressor() -> "tuple[Any, Any]":
    backend = _backend()
    return backend.ZstdDecompressor(dict_data=backend.ZstdCompressionDict(dictionary_bytes())), backend


def _backend() -> "Any":
    """zstandard's C extension, loaded without its package; else the package."""
    found = sys.modules.get("zstandard")
    if found is not None:
        return found
    try:
        return load("zstandard", "backend_c")
    except Exception:  # noqa: BLE001 - the shortcut knows one layout of the package; the package knows all
        import zstandard

        return zstandard
