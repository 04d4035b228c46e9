"""`memlog show|tail|stats|clear|write|version|resize`: the ring itself, before anything is archived."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from memlog import __version__
from memlog.cli import objects
from memlog.cli.output import RowFormat, row_options, safe_text
from memlog.cli.ring_rows import Item, everything, flush, newest, print_items, printer
from memlog.cli.root import Context, pass_context, whole_number
from memlog.contracts import MAX_BLOB, SCHEMA_VERSION
from memlog.errors import (
    BlobTooLargeError,
    InputError,
    RefusedError,
    RingUnavailableError,
    UndrainedError,
    WitnessUnavailableError,
)
from memlog.query import dates
from memlog.ring.layout import check_capacity
from memlog.ring.open import open_ring
from memlog.ring.protocol import Ring, RingReader, RingStats, follow
from memlog.wire import Frame

F = TypeVar("F", bound=Callable[..., Any])


def ring_options(command: F) -> F:
    """--ring and --device, which every command of this file has."""
    command = click.option(
        "--device", metavar="PATH", help="A device, a ring file, or a ring image (-: standard input)."
    )(command)
    return click.option(
        "--ring",
        type=click.Choice(["auto", "kernel", "shm"]),
        help="Which ring  [default: the setting `ring`]",
    )(command)


def opened(context: Context, ring: str | None, device: str | None) -> Ring:
    return open_ring(context.settings_with(ring=ring), path=device)


format_option = click.option(
    "--format", "style", type=click.Choice(["raw", "json"]),
    help="raw: a header line and the payload; json: one object a line, payload in base64.",
)  # fmt: skip


@click.command()
@ring_options
@click.option(
    "--since", metavar="TIME", help="Only records since then: 30s, 10m, 2h, 1d, seconds, or a date."
)
@click.option("--uid", metavar="N|all", help="Another user's records (kernel ring, privileged).")
@click.option("--limit", type=whole_number(1), metavar="N", help="Only the newest N records.")
@format_option
@row_options
@pass_context
def show(
    context: Context, ring: str | None, device: str | None, since: str | None, uid: str | None,
    limit: int | None, style: str | None, rows: RowFormat | None, fmt: str | None,
) -> None:  # fmt: skip
    """What the ring holds, oldest first, and what it lost.

    Example: memlog show --since 10m --limit 5
    """
    after_ns = since_ns(since) if since else 0
    with opened(context, ring, device) as found:
        end = None if found.kind == "image" or uid else found.info().next_seq - 1
        items = (i for i in everything(reader_for(found, uid), end) if _is_asked(i, after_ns, uid))
        print_items(newest(items, limit) if limit else items, found, style, rows, fmt)


@click.command()
@ring_options
@click.option("-f", "--follow", "forever", is_flag=True, help="Go on printing what is written, until Ctrl-C.")
@click.option(
    "-n", "--limit", type=whole_number(0), default=10, show_default=True, metavar="N", help="Begin with N."
)
@format_option
@pass_context
def tail(
    context: Context, ring: str | None, device: str | None, forever: bool, limit: int, style: str | None
) -> None:
    """The newest records, a line each; with -f also those to come.

    Example: memlog tail -n 3
    """
    with opened(context, ring, device) as found:
        reader, show_item = found.reader(), printer(style, found)
        end = None if found.kind == "image" else found.info().next_seq - 1
        for item in newest(everything(reader, end), limit):
            show_item(item)
        while forever and found.kind != "image":
            flush()
            try:
                for item in follow(found, reader):
                    show_item(item)
                    flush()
            except RingUnavailableError:  # a new ring lies there, e.g. after its file was removed
                reader = found.reader()


@click.command()
@ring_options
@click.option(
    "--uid", metavar="N|all", help="Another user's ring, or all together (kernel ring, privileged)."
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_context
def stats(context: Context, ring: str | None, device: str | None, uid: str | None, style: str) -> None:
    """Counters of the ring, and how much of it is archived.

    With `--uid all` they are sums over all users' rings; the capacity is that of rings with a record.

    Example: memlog stats --format json
    """
    with opened(context, ring, device) as found:
        if uid == "all":
            reader_for(found, uid).close()  # refused to who may not
            row = {**of_all_users(found)._asdict(), "kind": found.kind, "path": found.path, "uid": uid}
        else:
            row = _counters(ring_of(found, uid))
    if style == "json":
        click.echo(json.dumps(row, indent=2))
        return
    for name, value in row.items():
        click.echo(f"{name:18} {safe_text(str(value))}")


def _counters(ring: Ring) -> dict[str, Any]:
    info, counted = ring.info(), ring.stats()
    undrained = max(0, info.next_seq - max(info.drained_seq + 1, info.oldest_seq)) if info.ring_id else 0
    return {
        **counted._asdict(), "kind": info.kind, "path": info.path, "ring_id": info.ring_id.hex(),
        "uid": info.uid, "next_seq": info.next_seq, "oldest_seq": info.oldest_seq, "cleared": info.cleared,
        "drained_seq": info.drained_seq, "undrained": undrained, "attested": info.attested,
    }  # fmt: skip


@click.command()
@ring_options
@click.option("--force", is_flag=True, help="Also what no witness has archived.")
@pass_context
def clear(context: Context, ring: str | None, device: str | None, force: bool) -> None:
    """Drop the ring's records once they are archived.

    Example: memlog clear --force
    """
    with opened(context, ring, device) as found:
        dropped = found.clear(force=force)
    click.echo(f"{dropped:,} ring record{'' if dropped == 1 else 's'} dropped", err=True)


@click.command()
@ring_options
@click.option("--session", metavar="ID", help="Session of the record, where it names none.")
@click.option("--cbor", "kind", flag_value="cbor", help="Refuse what is not CBOR.")
@click.option(
    "--json", "kind", flag_value="json", help="JSON: an object with a text, or lines of them, is a record."
)
@click.option("--agent", metavar="NAME", help="With --json: the agent where an object names none.")
@click.option("--wait", type=click.Choice(["archived"]), help="Return once the witness has archived it.")
@click.option(
    "--timeout", type=click.FloatRange(0), default=30, show_default=True, metavar="S", help="Longest --wait."
)
@pass_context
def write(
    context: Context, ring: str | None, device: str | None, session: str | None, kind: str | None,
    agent: str | None, wait: str | None, timeout: float,
) -> None:  # fmt: skip
    """Write standard input as one record and print its seq.

    With --json, `text` and any of kind, role, tool, session, agent, project, id, parent_id, ts and error
    make a record; what else an object holds is kept beside. JSON without a text is stored as CBOR.

    Example: echo '{"text": "deploy began", "role": "user"}' | memlog write --json --agent my-bot
    """
    # One byte more than fits tells "too large" without reading a whole disk.
    raw = sys.stdin.buffer.read() if kind == "json" else sys.stdin.buffer.read(MAX_BLOB + 1)
    always = {"agent": agent, "session": session}
    made = objects.of_json(raw, context, always) if kind == "json" else None
    blobs = [([_checked(raw, kind)], session)] if made is None else made
    with opened(context, ring, device) as found:
        seq = 0
        for parts, named in blobs:
            seq = [found.write(blob, session=named) for blob in parts][-1]
            click.echo(seq)
        if wait:
            _wait_archived(found, seq, timeout)


@click.command()
@pass_context
def version(context: Context) -> None:
    """Version of the package and of the record schema it speaks.

    Example: memlog version
    """
    click.echo(f"memlog {__version__} schema_version: {SCHEMA_VERSION}")


@click.command()
@ring_options
@click.argument("size")
@click.option("--force", is_flag=True, help="Also when undrained records no longer fit.")
@pass_context
def resize(context: Context, ring: str | None, device: str | None, size: str, force: bool) -> None:
    """Give the ring another size.

    SIZE is 64K to 256M; the newest records move along.

    Example: memlog resize 16M
    """
    check_capacity(capacity := parse_size(size))
    with opened(context, ring, device) as found:
        info, others = found.info(), of_all_users(found)
        undrained = (
            info.next_seq - 1 > info.drained_seq or others.records_in_ring > found.stats().records_in_ring
        )
        if others.ring_bytes > capacity and undrained and not force:
            raise UndrainedError("the smaller ring has no room for what no witness has archived")
        found.resize(capacity)
        click.echo(f"the ring holds {found.info().capacity:,} bytes", err=True)


def of_all_users(ring: Ring) -> RingStats:
    """Counters of every ring that clear and resize would change."""
    from memlog.ring.device import DeviceRing

    return ring.all_stats() if isinstance(ring, DeviceRing) else ring.stats()


def ring_of(ring: Ring, uid: str | None) -> Ring:
    """Another uid's ring behind the same device. Raises: as reader_for() where that is refused."""
    from memlog.ring.device import DeviceRing

    if uid is None:
        return ring
    reader_for(ring, uid).close()
    if not isinstance(ring, DeviceRing) or int(uid) == ring.info().uid:
        return ring
    return DeviceRing(ring.path, of_uid=int(uid))


def reader_for(ring: Ring, uid: str | None) -> RingReader:
    """A reader of one's own records, of another uid's, or of all."""
    if uid is None or (uid.isdigit() and int(uid) == ring.info().uid and ring.kind != "image"):
        return ring.reader()
    if uid != "all" and not uid.isdigit():
        raise InputError(f"--uid takes a number or all, not {uid!r}", hint="memlog show --help")
    from memlog.ring.device import DeviceRing
    from memlog.ring.device_reader import ALL_UIDS

    if isinstance(ring, DeviceRing):
        return ring.reader(uid=ALL_UIDS if uid == "all" else int(uid))
    if uid == "all" or ring.kind == "image":
        return ring.reader()
    raise RefusedError(
        "a shared-memory ring holds its owner's records only", hint="memlog show --ring kernel"
    )


def since_ns(words: str) -> int:
    """The moment `--since` names; a bare number is seconds ago."""
    now = time.time_ns()
    try:
        after_ns = now - int(float(words) * 1_000_000_000)
    except (ValueError, OverflowError):
        return dates.since(words, now)
    return after_ns if 0 <= after_ns <= now else dates.since(words, now)


def _is_asked(item: Item, after_ns: int, uid: str | None) -> bool:
    if not isinstance(item, Frame) or item.header is None:
        return True
    return item.header.ts_ns >= after_ns and uid in (None, "all", str(item.header.uid))


def parse_size(text: str) -> int:
    """Bytes of 65536, 64K, 4M or 1G. Raises: InputError."""
    unit = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(text[-1:].lower(), 1)
    digits = text[:-1] if unit > 1 else text
    if not digits.isascii() or not digits.isdigit():
        raise InputError(f"{text!r} is no size; understood: 65536, 64K, 4M", hint="memlog resize --help")
    return int(digits) * unit


def _checked(raw: bytes, kind: str | None) -> bytes:
    if not raw:
        raise InputError(
            "nothing came on standard input: an empty record stores nothing", hint="memlog write --help"
        )
    if kind == "json":
        import cbor2

        raw = cbor2.dumps(json.loads(raw))
    if len(raw) > MAX_BLOB:
        raise BlobTooLargeError(f"more than {MAX_BLOB:,} bytes: that is no longer one record")
    if kind == "cbor":
        from memlog import record

        record.load_cbor(raw)
    return raw


def _wait_archived(ring: Ring, seq: int, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while ring.info().archived_seq < seq:
        if time.monotonic() > deadline:
            raise WitnessUnavailableError(
                f"record {seq} is in the ring, but not archived after {timeout:g} s",
                hint="memlog witness run",
            )
        time.sleep(0.02)
