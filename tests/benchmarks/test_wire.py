"""Requests and answers, byte by byte."""

from email import message_from_bytes
from email.message import Message

import pytest

from benchmarks import wire
from benchmarks.wire import Answer, Connection, WireError
from tests.benchmarks.fake_service import Behaviour, answer, serving


def asked(reply: bytes) -> Answer:
    """What the connection makes of this answer."""
    with serving(Behaviour([reply])) as address:
        connection = Connection(address)
        try:
            connection.send(wire.get("/"), 0.0)
            while True:
                if (found := connection.step(1.5)) is not None:
                    return found
        finally:
            connection.close()


def test_an_answer_is_read_whole() -> None:
    found = asked(answer(200, b"x" * 600_000))
    assert (found.status, found.at, len(found.body)) == (200, 1.5, 600_000)
    assert not found.retry_after
    assert not found.closes


def test_headers_are_found_in_any_case() -> None:
    found = asked(answer(503, b"", b"RETRY-AFTER: 3", b"connection: Close"))
    assert found.status == 503
    assert found.retry_after
    assert found.closes


def test_chunks() -> None:
    chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    found = asked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert found.body == chunks
    empty = asked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert empty.body == b"0\r\n\r\n"


@pytest.mark.parametrize("reply", [b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", b"SSH-2.0 hello\r\n\r\n"])
def test_what_it_does_not_understand_is_told(reply: bytes) -> None:
    with pytest.raises(WireError):
        asked(reply)


def test_the_form_is_one_that_others_can_read() -> None:
    files = [b"\xff\xd8first", b"\xff\xd8second\r\n"]
    body, content_type = wire.multipart(files)
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    assert [part.get_payload(decode=True) for part in parts] == files
    assert {part.get_content_type() for part in parts} == {"image/jpeg"}
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["files", "files"]
