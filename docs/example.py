"""Writes the README's example from a running service: its answer, and docs/images/result.png.

Run from the root of the repository after `MIEN_INFERENCE__PRECISION=fp32 make serve` (whose numbers
are the same on all CPUs), in the development environment:
`python -m docs.example`. Both are what the service says of models/self-test/face.png, unretouched.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.landmarks import scheme

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "models" / "self-test" / "face.png"
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "images" / "result.png"
MARKER = "<!-- example:answer -->\n"
BLUE, GREEN, RED, WHITE = (191, 95, 31), (62, 138, 43), (47, 47, 198), (255, 255, 255)  # BGR

Picture = NDArray[np.uint8]


def ask(path: str) -> dict[str, Any]:
    """The service's answer for the photo."""
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="files"; filename="face.png"\r\n\r\n%b'
        b"\r\n--edge--\r\n" % PHOTO.read_bytes()
    )
    kind = "multipart/form-data; boundary=edge"  # as curl -F sends it
    request = Request(f"http://localhost:8000{path}", body, {"Content-Type": kind})
    with urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def draw(picture: Picture, face: dict[str, Any], zoom: int = 4) -> Picture:
    """Box, landmarks and the head's axes; the axes are the columns of the matrix as they are."""

    def place(point: Any) -> tuple[int, int]:
        # Pixel centres are at integers: the enlarged picture's centre of pixel p is not zoom * p.
        x, y = (np.asarray(point, float) + 0.5) * zoom - 0.5
        return round(float(x)), round(float(y))

    canvas = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    box = face["box"]
    corner = (box["x"], box["y"])
    opposite = (box["x"] + box["width"], box["y"] + box["height"])
    cv2.rectangle(canvas, place(corner), place(opposite), WHITE, 2, cv2.LINE_AA)
    points = face["landmarks"]["points"]
    for first, second in scheme(face["landmarks"]["scheme"]).edges:
        cv2.line(canvas, place(points[first]), place(points[second]), WHITE, 1, cv2.LINE_AA)
    for point in points:
        cv2.circle(canvas, place(point), 4, BLUE, -1, cv2.LINE_AA)
    nose = np.array(face["landmarks"]["named"]["nose_tip"])
    matrix = np.array(face["pose"]["matrix"])
    for direction, colour in ((matrix[:, 0], RED), (matrix[:, 1], GREEN), (-matrix[:, 2], BLUE)):
        tip = nose + direction[:2] * box["width"] * 0.5
        cv2.arrowedLine(canvas, place(nose), place(tip), colour, 4, cv2.LINE_AA, tipLength=0.12)
    return np.asarray(canvas, np.uint8)


def formatted(value: Any, indent: int = 0) -> str:
    """JSON that keeps what fits on one line on one line."""
    flat = json.dumps(value)
    if not isinstance(value, dict | list) or indent + len(flat) <= 96:
        return flat
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, dict):
        entries = [f"{json.dumps(k)}: {formatted(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(inner + entry for entry in entries) + f"\n{pad}}}"
    entries = [formatted(entry, indent + 2) for entry in value]
    return "[\n" + ",\n".join(inner + entry for entry in entries) + f"\n{pad}]"


def replace_answer(page: str, answer: dict[str, Any]) -> str:
    """The page with the JSON block after the marker written anew, or inserted."""
    before, after = page.split(MARKER)
    if after.startswith("```json\n"):
        after = after.split("\n```\n", maxsplit=1)[1]
    return f"{before}{MARKER}```json\n{formatted(answer)}\n```\n{after}"


def main() -> int:
    README.write_text(
        replace_answer(README.read_text(encoding="utf-8"), ask("/pose")), encoding="utf-8"
    )
    picture = cv2.imread(str(PHOTO))
    if picture is None:
        print(f"{PHOTO} cannot be read", file=sys.stderr)
        return 1
    faces = ask("/analyze?require_face=true")["results"][0]["faces"]
    side = max(picture.shape[:2])
    drawn = draw(np.asarray(picture, np.uint8), faces[0], zoom=max(1, round(800 / side)))
    cv2.imwrite(str(PICTURE), drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
