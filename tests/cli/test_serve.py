"""`memlog serve`: pages on this machine only."""

import http.client
import os
import signal
import socket
import stat
import types
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archives import conversation, fill
from conftest import Run
from memlog import peer
from memlog.cli import server, terminal
from memlog.errors import UnavailableError, UnsafePathError
from memlog.paths import Home
from memlog.settings import Settings
from serving import serving


@pytest.fixture
def archive(home: Home) -> Home:
    fill(home, conversation(["the ring is full", "then drain the ring"]))
    return home


def test_it_answers_on_loopback_and_refuses_foreign_hosts(archive: Home) -> None:
    with serving("--port", "0") as (_, url):
        with urllib.request.urlopen(url + "/archive/v_record", timeout=20) as page:
            assert page.status == 200 and b"v_record" in page.read()
        port = int(url.rpartition(":")[2])
        for host in ("evil.example", "127.0.0.1.evil.example"):
            con = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            con.request("GET", "/", headers={"Host": host})
            assert con.getresponse().status == 421
            con.close()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"421" in raw.recv(100)
        for address in {
            info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        } - {"127.0.0.1"}:
            with pytest.raises(OSError):
                socket.create_connection((address, port), timeout=2).close()


def status(url: str, cookie: str = "") -> tuple[int, str]:
    """Of one request, with the cookie it was answered with."""
    place = urlsplit(url)
    con = http.client.HTTPConnection(place.netloc, timeout=20)
    con.request("GET", f"{place.path}?{place.query}", headers={"Cookie": cookie} if cookie else {})
    answer = con.getresponse()
    con.close()
    return answer.status, (answer.getheader("Set-Cookie") or "").partition(";")[0]


def test_a_link_opens_the_pages_once_and_for_nobody_else(archive: Home) -> None:
    with serving("--port", "0", "--login") as (_, link):
        site = link.partition("/-/")[0]
        for page in ("/", "/archive", "/archive/v_record.json", "/-/static/app.css", "/-/metrics"):
            assert status(site + page)[0] == 401, page
        assert status(link.replace("ticket=", "ticket=x"))[0] == 401
        said, cookie = status(link)
        assert said == 303 and cookie
        assert status(link)[0] == 401, "it worked once"
        assert status(site + "/archive/v_record.json", cookie)[0] == 200
        assert status(site + "/archive", cookie[:-1])[0] == 401


def test_off_a_terminal_the_user_s_own_programs_need_no_link_and_others_do(
    archive: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.listen(0) as sock, closing(socket.create_connection(sock.getsockname())) as own:
        client, port = own.getsockname(), sock.getsockname()[1]
        assert peer.owner(client, port) == os.getuid() and peer.is_own(client, port)
        assert peer.owner((client[0], client[1] ^ 1), port) is None, "a connection nobody has"
        monkeypatch.setattr(os, "getuid", lambda: 54_321)
        assert not peer.is_own(client, port)
        assert not peer.is_own(None, port)
    with serving("--port", "0") as (_, url):
        assert "ticket" not in url and status(url + "/archive/v_record.json")[0] == 200


def test_where_the_kernel_does_not_say_whose_program_asks_the_link_is_all_there_is(
    archive: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "TABLE", "/nonexistent")
    pages = types.SimpleNamespace()
    with server.listen(0) as sock, closing(socket.create_connection(sock.getsockname())) as own:
        assert "/-/memlog-login?ticket=" in server.front(pages, sock, Settings())
        assert not pages.memlog_door.lets_in([], own.getsockname())
        assert peer.owner(own.getsockname(), sock.getsockname()[1]) is None


def test_on_a_terminal_nobody_is_let_in_without_the_link(
    archive: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "is_terminal", lambda: True)
    pages = types.SimpleNamespace()
    with server.listen(0) as sock, closing(socket.create_connection(sock.getsockname())) as own:
        assert "/-/memlog-login?ticket=" in server.front(pages, sock, Settings())
        assert not pages.memlog_door.lets_in([], own.getsockname())
        assert server.front(pages, sock, Settings(login="off")) == server.address(sock)


@pytest.mark.slow
def test_a_unix_socket_is_the_user_s_alone_and_goes_with_the_server(archive: Home, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    for _ in range(2):  # the second one replaces what a dead server left
        with serving("--uds", path) as (_, said):
            assert said == path and stat.S_IMODE(os.stat(path).st_mode) == 0o600
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(path)
                raw.sendall(b"GET /archive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert raw.recv(100).startswith(b"HTTP/1.1 200")
        assert not os.path.exists(path)
        left = socket.socket(socket.AF_UNIX)
        left.bind(path)
        left.close()


def test_a_socket_of_another_server_or_a_file_is_not_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        with pytest.raises(UnavailableError, match="another server"):
            server.listen_unix(path)
    os.unlink(path)
    Path(path).write_text("mine")
    with pytest.raises(UnsafePathError):
        server.listen_unix(path)
    assert Path(path).read_text() == "mine"


def test_the_socket_s_file_goes_with_the_server_and_what_another_put_there_stays(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with server.unix(path) as sock:
        assert sock.getsockname() == path and stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not os.path.exists(path)
    with server.unix(path):
        os.unlink(path)
        Path(path).write_text("mine")
    assert Path(path).read_text() == "mine"
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        with server.unix(path):
            os.unlink(path)
            other.bind(path)
        assert stat.S_ISSOCK(os.stat(path).st_mode)


def test_a_socket_of_another_user_is_not_replaced_though_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    with pytest.raises(UnavailableError, match="another"):
        server.listen_unix(path)
    assert stat.S_ISSOCK(os.stat(path).st_mode)


@pytest.mark.slow
def test_the_socket_s_file_goes_at_sigterm(archive: Home, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with serving("--uds", path) as (served, _):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(path)
            raw.sendall(b"GET /archive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
        served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0 and not os.path.exists(path)


def test_a_taken_port_names_the_next_step(archive: Home, run_memlog: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_memlog("serve", "--port", port, check=5)
    assert f"port {port} is in use" in done.stderr and "next: memlog serve --port 0" in done.stderr


def test_without_an_archive_it_names_the_next_step(home: Home, run_memlog: Run) -> None:
    done = run_memlog("serve", "--port", "0", check=3)
    assert "next: memlog up" in done.stderr
    assert not os.path.exists(home.root)
