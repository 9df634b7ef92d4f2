"""What a connection may send before there is a request, and how long that may take."""

import socket

import pytest

from app.processes import server
from tests.service.serving import HEAD, ONE_FACE, Service, connected, faces, raw

MEBIBYTE = 1024 * 1024


def pour(connection: socket.socket, most: int) -> int:
    """Send junk until the service hangs up or `most` bytes are out; how many were."""
    sent = 0
    try:
        while sent < most:
            sent += connection.send(b"a" * 16_384)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return sent


def received(connection: socket.socket) -> bytes:
    """What arrives until the service hangs up."""
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


@pytest.mark.parametrize(
    "start",
    [
        HEAD + b"X-Junk: ",
        b"POST /",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Junk: ",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;junk=",
    ],
    ids=["header", "path", "trailer", "chunk extension"],
)
def test_what_never_ends_is_cut_off(service: Service, start: bytes) -> None:
    with connected(service) as connection:
        connection.sendall(start)
        # What the sockets' own buffers hold comes on top of the service's bound.
        assert pour(connection, 64 * MEBIBYTE) < 32 * MEBIBYTE
    assert faces(raw(service.client, "/landmarks", ONE_FACE))


def test_headers_that_are_too_long_are_answered(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(HEAD + b"X-Junk: " + b"a" * (server.HEADER_BYTES + 100))
        assert received(connection).startswith(b"HTTP/1.1 431 ")


def test_long_headers_and_trailers_within_the_bound(service: Service) -> None:
    long = b"a" * (server.HEADER_BYTES - 1000)
    size = b"%x" % len(ONE_FACE)
    with connected(service) as connection:
        connection.sendall(
            HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\nX-Long: " + long
        )
        connection.sendall(b"\r\n\r\n" + size + b"\r\n" + ONE_FACE + b"\r\n0\r\nX-Long: " + long)
        connection.sendall(b"\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_headers_that_take_too_long(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.2)
    for start in (b"", HEAD):
        with connected(service) as connection:
            connection.sendall(start)
            assert received(connection) == b""
    with connected(service) as connection:  # the second request of a connection
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        answered = b""
        while not answered.endswith(b"}"):
            answered += connection.recv(65_536)
        connection.sendall(b"GET /livez")
        assert received(connection) == b""


@pytest.mark.parametrize("rest", [b"", b"1\r\nx\r\n"], ids=["nothing more", "a trickle"])
def test_what_was_refused_before_its_body_came_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch, rest: bytes
) -> None:
    """A trickle does not renew the time either."""
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    with connected(service) as connection:
        connection.sendall(
            b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.settimeout(5.0)
        answered = connection.recv(65_536)
        assert answered.startswith(b"HTTP/1.1 404 ")
        connection.settimeout(0.05)
        closed = False
        for _ in range(100):
            try:
                connection.sendall(rest)
                closed = connection.recv(65_536) == b""
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                closed = True
            if closed:
                break
        assert closed
