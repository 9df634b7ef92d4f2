"""A small HTTP service of known behaviour, in a thread, for the tests of the load generators."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.wire import Address


def answer(status: int, body: bytes = b"{}", *headers: bytes) -> bytes:
    """The bytes of an answer."""
    head = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


OK = answer(200)
BUSY = answer(503, b"later", b"Retry-After: 1")


@dataclass
class Behaviour:
    """answers: in turn, over all connections; None hangs up instead. delay: seconds before each.
    hangs_up: after each answer. requests: what came, whole.
    """

    answers: list[bytes | None]
    delay: float = 0.0
    hangs_up: bool = False
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Address]:
    """The service, listening."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, behaviour), daemon=True).start()
        yield Address("127.0.0.1", listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves the other thread accepting


def _accept(listener: socket.socket, behaviour: Behaviour) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        behaviour.connections += 1
        threading.Thread(target=_serve, args=(connection, behaviour), daemon=True).start()


def _serve(connection: socket.socket, behaviour: Behaviour) -> None:
    with connection:
        while request := _request(connection):
            number = len(behaviour.requests)
            behaviour.requests.append(request)
            time.sleep(behaviour.delay)
            reply = behaviour.answers[number % len(behaviour.answers)]
            if reply is None:
                return
            try:
                connection.sendall(reply)
            except OSError:
                return
            if behaviour.hangs_up:
                return


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        try:
            piece = connection.recv(65536)
        except OSError:
            return b""
        if not piece:
            return b""
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(body)
    while missing > 0:
        piece = connection.recv(65536)
        if not piece:
            return b""
        got, missing = got + piece, missing - len(piece)
    return got
