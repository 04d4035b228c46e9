"""What a client asks the witness over its socket, answered at once or taken to the desk."""

import os
from typing import TYPE_CHECKING, Any

from memlog import __version__
from memlog.errors import InputError, OtherVersionError, UnavailableError
from memlog.witness.jobs import error_to_wire
from memlog.witness.log import log
from memlog.witness.server import Client

if TYPE_CHECKING:
    from memlog.witness.daemon import Witness


def answer(witness: "Witness", client: Client, request: dict[str, Any]) -> None:
    """Do what one request says, or tell its client why not."""
    try:
        verb = request.get("verb")
        if verb == "status":
            client.answer(result=witness.standing.of(witness, witness.state))
        elif verb == "stop":
            log.info("stop asked for")
            client.answer(result={"pid": os.getpid()})
            witness.stop.set()
        else:
            _take(witness, client, request)
    except Exception as exc:
        client.answer(error=error_to_wire(exc))


def _take(witness: "Witness", client: Client, request: dict[str, Any]) -> None:
    """Raises: OtherVersionError, InputError, UnavailableError."""
    drain = request.get("verb") == "drain"
    theirs = request.get("version", __version__)
    if theirs != __version__:
        raise OtherVersionError(f"this witness is memlog {__version__}, the command {theirs}")
    if not drain and "job" not in request:
        raise InputError("a request names a job or a verb")
    if witness.drain is None or witness.waits:
        raise UnavailableError(f"the witness waits: {witness.waits_for}", hint="memlog status")
    if drain:
        witness.desk.take_drain(client, witness.drain, request.get("devices"))
    else:
        witness.desk.take_job(client, request)
