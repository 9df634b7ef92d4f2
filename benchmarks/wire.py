"""HTTP/1.1 as lightly as it can be spoken: one kept connection, bytes made once, answers counted.

A client library costs as much processor time as a fast service does, and on one machine that time
is the service's loss. Here a request is one send of ready bytes and an answer a search for two
headers.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

BOUNDARY = "benchmark-5f1d"
_END = b"\r\n\r\n"
_PIECE = 256 * 1024
_SEND_BUFFER = 512 * 1024  # a whole request in one call


class WireError(Exception):
    """The other end did what this client does not understand, or hung up."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """status, the time (perf_counter) at which it was whole, and its body."""

    status: int
    at: float
    body: bytes
    retry_after: bool
    closes: bool


def post(path: str, body: bytes, content_type: str) -> bytes:
    """The bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def get(path: str) -> bytes:
    """The bytes of a request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("ascii")


def multipart(files: Sequence[bytes], field: str = "files") -> tuple[bytes, str]:
    """A form with these JPEG files: its body and its content type."""
    parts = []
    for index, data in enumerate(files):
        parts += [
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="{field}"; filename="{index}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
            data,
            b"\r\n",
        ]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()]), (
        f"multipart/form-data; boundary={BOUNDARY}"
    )


class Connection:
    """One connection that does not block: one request at a time, `send`, then `step` until it
    gives the answer. since: whatever time the caller counts the request from.
    """

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection((address.host, address.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.socket.setblocking(False)
        self.since = 0.0
        self._unsent = memoryview(b"")
        self._got = bytearray()
        self._whole: int | None = None  # bytes of the answer; -1: until the last chunk
        self._body_at = 0

    @property
    def sending(self) -> bool:
        """Whether part of the request waits for room."""
        return len(self._unsent) > 0

    def send(self, request: bytes, since: float) -> None:
        """Begin a request; the rest goes out in `step`."""
        self.since, self._unsent = since, memoryview(request)
        self._got, self._whole = bytearray(), None
        self._push()

    def step(self, now: float) -> Answer | None:
        """Send and read what is possible; the answer once it is whole.

        Raises:
            WireError: the connection has ended, or the answer cannot be understood.
        """
        self._push()
        try:
            piece = self.socket.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise WireError(str(error)) from error
        if not piece:
            raise WireError("the connection was closed before the answer")
        self._got += piece
        if self._whole is None:
            self._read_head()
        if self._whole is None or not self._complete():
            return None
        head = bytes(self._got[: self._body_at]).lower()
        return Answer(
            int(self._got[9:12]),
            now,
            bytes(self._got[self._body_at :]),
            b"\r\nretry-after:" in head,
            b"\r\nconnection: close" in head,
        )

    def close(self) -> None:
        self.socket.close()

    def _push(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            # It may have answered before it hung up (413, 503): reading tells.
            self._unsent = memoryview(b"")

    def _read_head(self) -> None:
        end = self._got.find(_END)
        if end < 0:
            return
        head = bytes(self._got[: end + 2]).lower()
        if not head.startswith(b"http/1.1 "):
            raise WireError(f"no HTTP/1.1: {head[:40]!r}")
        self._body_at = end + len(_END)
        _, found, rest = head.partition(b"\r\ncontent-length:")
        if found:
            self._whole = self._body_at + int(rest.partition(b"\r\n")[0])
        elif b"\r\ntransfer-encoding: chunked" in head:
            self._whole = -1
        else:
            raise WireError(f"an answer of unknown length: {head!r}")

    def _complete(self) -> bool:
        if self._whole == -1:
            return self._got.endswith(b"\r\n0" + _END) or self._got.endswith(_END + b"0" + _END)
        return self._whole is not None and len(self._got) >= self._whole
