"""`memlog-hook [--agent NAME] EVENT [--home DIR]`: what a host calls. It exits 0, and never waits.

Exit code 2 of a hook blocks compaction and erases prompts, so nothing here may end the
process but `os._exit(0)`: not an import that fails, not a signal, not a full disk.
Everything beyond the interpreter is imported inside that guard.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from memlog.capture.told import Told
    from memlog.paths import Home
    from memlog.settings import Settings

# The host allows SessionEnd 1.5 s in all; elsewhere `memlog install` sets ten.
_MOST_S, _MOST_AT_END_S = 8.0, 1.2
_LIMIT_AT_END = 1_000_000


def main() -> "NoReturn":
    """Record one hook call."""
    try:
        try:
            _run(sys.argv[1:], _silence())
        except BaseException as exc:
            _log(sys.argv[1:], exc)
    finally:
        os._exit(0)


def _silence() -> int:
    """Nothing of this process reaches the host: its stdout is the agent's context.

    Returns the descriptor on which a session that begins is told of trouble; -1 for every other call.
    """
    kept = os.dup(1) if "SessionStart" in sys.argv else -1
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    if null > 2:
        os.close(null)
    return kept


def _run(arguments: list[str], stdout: int) -> None:
    gc.disable()  # a process of 50 ms has no garbage worth looking for
    event, home_flag, agent = _parse(arguments)
    _be_brief(_MOST_AT_END_S if event == "SessionEnd" else _MOST_S)
    from memlog.capture import told

    call = told.understand(event, told.read_input(0), agent)
    from memlog.paths import Home, own
    from memlog.settings import Settings, load

    home = own(Home(home_flag))  # root, under somebody's $HOME, must not leave files there
    try:
        settings = load(home_flag)
    except Exception as exc:
        settings = Settings(home=home.root)
        _log(arguments, exc)
    refused = ""
    try:
        _record(home, settings, call, arguments)
    except OSError as exc:
        refused = exc.strerror or type(exc).__name__
        raise
    finally:
        from memlog.capture import starter

        if stdout >= 0 and not agent:  # of other hosts it is not known how they are told
            from memlog.capture import alarm

            alarm.tell(stdout, home, settings, refused=refused)
        starter.start_if_needed(home, settings)


def _record(home: "Home", settings: "Settings", call: "Told", arguments: list[str]) -> None:
    import time

    from memlog.capture import agents, locate, tail, told

    now_ns = time.time_ns()
    sink = tail.Sink(home, settings)
    event = told.event_of(call, now_ns=now_ns, redact=settings.redact)
    last = call.event == "SessionEnd"
    limit = min(settings.hand_over_bytes, _LIMIT_AT_END) if last else settings.hand_over_bytes
    for path in locate.transcripts(call) if call.data and call.agent in agents.READERS else ():
        reader = agents.reader(call.agent)
        one = tail.Tail(
            sink, reader, path, session=call.session, project=event.project, now_ns=now_ns
        )  # fmt: skip
        try:
            one.capture(last=last, limit=limit)
        except Exception as exc:  # one bad transcript must not cost the others
            _log(arguments, exc)
    sink.event(event)
    sink.close()
    for line in sink.trouble:
        _log(arguments, line)


def _parse(arguments: list[str]) -> tuple[str, str | None, str]:
    """Event, home, and agent ("": Claude Code); whatever else is there is not worth failing for."""
    event, flags = "", {"--home": "", "--agent": ""}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in flags:
            flags[name] = value if equals else next(words, "")
        elif not event and not word.startswith("-"):
            event = word
    return event, flags["--home"] or None, flags["--agent"]


def _be_brief(seconds: float) -> None:
    """End with 0 when somebody wants us gone, or when it takes too long; the next hook goes on."""
    try:
        import _signal as signal  # type: ignore[import-not-found]  # signal makes enums of it all: 1 ms
    except ImportError:
        import signal

    def leave(number: int, frame: object) -> "NoReturn":
        os._exit(0)

    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGALRM", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE"):
        signal.signal(getattr(signal, name), leave if name != "SIGPIPE" else signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _log(arguments: list[str], what: BaseException | str) -> None:
    """A line in log/hook.log, without anything a host or a transcript said; errors are lost."""
    try:
        import time

        from memlog.errors import MemlogError
        from memlog.paths import Home, make_dir, open_private

        home = Home(_parse(arguments)[1])
        make_dir(home.root)
        make_dir(home.log)
        path = os.path.join(home.log, "hook.log")
        if isinstance(what, BaseException):
            said = isinstance(what, (MemlogError, OSError))
            what = f"{type(what).__name__}: {what}" if said else f"{type(what).__name__} at {_where(what)}"
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = f"{when} event={_parse(arguments)[0][:40]!r} {what!r}\n"
        fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            if os.fstat(fd).st_size > 1_000_000:
                os.rename(path, path + ".1")
            os.write(fd, line.encode("utf-8", "backslashreplace"))
        finally:
            os.close(fd)
    except BaseException:
        pass


def _where(exc: BaseException) -> str:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "nowhere"


if __name__ == "__main__":
    main()
