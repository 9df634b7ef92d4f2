"""The load benchmark counts what a service of known behaviour did."""

import asyncio
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.http_load import Load, main, measure


class TwoFaces(BaseHTTPRequestHandler):
    """Answers every image with two faces, and refuses every other request after the first."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"results": [{"faces": [{}, {}]}]}).encode()
        self.send_response(503 if type(self).asked % 2 else 200)
        type(self).asked += 1
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    TwoFaces.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), TwoFaces) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "face.png"
    path.write_bytes(b"not looked at")
    return path


def test_counts_answers_faces_and_refusals(url: str, image: Path) -> None:
    measured = asyncio.run(measure(Load(url, "/analyze", image, requests=6, callers=1)))
    assert (measured.requests, measured.refused) == (6, 3)
    assert measured.faces_per_second == pytest.approx(2 * measured.requests_per_second)
    assert 0 < measured.p50_ms <= measured.p95_ms <= measured.p99_ms


def test_writes_a_row_per_number_of_callers(url: str, image: Path, tmp_path: Path) -> None:
    target = tmp_path / "rows.json"
    common = ["--url", url, "--image", str(image), "--requests", "5", "--json", str(target)]
    assert main([*common, "--callers", "1"]) == 0
    assert [row["callers"] for row in json.loads(target.read_text())] == [1]


def test_says_when_nobody_answers(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "--image", str(image)]) == 1
    assert "make serve" in capsys.readouterr().err
