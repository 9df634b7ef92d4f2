"""The service in its container: what it answers, as whom it runs, and that it writes nothing."""

import json
from typing import Any

import cv2
import numpy as np
import pytest

from app.face.geometry import Box
from app.self_test import IN_CHEAPER_ARITHMETIC
from tests.container.engine import ROOT, Container, Engine

SELF_TEST = ROOT / "models" / "self-test"
FACE = SELF_TEST / "face.png"
UPLOAD_BYTES = 4_000_000

_OF_PROCESSES = """
import json, pathlib
status = [path.read_text() for path in pathlib.Path("/proc").glob("[0-9]*/status")]
print(json.dumps([line.split()[1:] for text in status for line in text.splitlines()
                  if line.startswith(("Uid:", "Gid:", "CapEff:"))]))
"""
# Folders in which something could be made, but for the kernel's own.
_WRITABLE = """
import json, os
found = []
for folder, inside, _ in os.walk("/"):
    if folder in ("/proc", "/sys"):
        inside.clear()
    if os.access(folder, os.W_OK):
        found.append(folder)
print(json.dumps(found))
"""
_SHARED_MEMORY = "import json, os; print(json.dumps(os.listdir('/dev/shm')))"
_MEMORY = """
import json, pathlib
def one(*names):
    paths = [pathlib.Path("/sys/fs/cgroup") / name for name in names]
    return next((int(path.read_text()) for path in paths if path.exists()), None)
limit = one("memory.max", "memory/memory.limit_in_bytes")
print(json.dumps([limit, one("memory.peak", "memory/memory.max_usage_in_bytes")]))
"""


def answer_and_recorded(container: Container) -> tuple[dict[str, Any], dict[str, Any], float]:
    """The container's face, the recorded one, and the face's size in pixels."""
    response = container.client.post(
        "/analyze", content=FACE.read_bytes(), headers={"content-type": "image/png"}
    )
    assert response.status_code == 200
    (face,) = response.json()["results"][0]["faces"]
    expected = json.loads((SELF_TEST / "expected.json").read_text(encoding="utf-8"))["recorded"]
    box = face["box"]
    return face, expected, float(np.sqrt(box["width"] * box["height"]))


def test_the_numbers_are_those_that_were_recorded(engine: Engine, image: str) -> None:
    """In fp32, as they were recorded."""
    with engine.running(image, "--env=MIEN_INFERENCE__PRECISION=fp32") as container:
        container.wait_until_healthy()
        face, expected, size = answer_and_recorded(container)
    box = face["box"]
    assert [box["x"], box["y"], box["width"], box["height"]] == pytest.approx(
        expected["box"], abs=0.005 * size
    )
    away = np.subtract(face["landmarks"]["points"], expected["points"])
    assert np.linalg.norm(away, axis=1).max() <= 0.005 * size
    for angle, degrees in expected["pose"].items():
        assert face["pose"][angle] == pytest.approx(degrees, abs=0.5)


def test_the_usual_numbers_are_near_them(service: Container) -> None:
    """In the arithmetic that this CPU takes by default: as near as the service asks of it."""
    face, expected, size = answer_and_recorded(service)
    allowed = IN_CHEAPER_ARITHMETIC
    assert Box(**face["box"]).iou(Box(*expected["box"])) >= allowed.iou
    away = np.subtract(face["landmarks"]["points"], expected["points"])
    assert np.linalg.norm(away, axis=1).max() <= allowed.points * size
    for angle, degrees in expected["pose"].items():
        assert face["pose"][angle] == pytest.approx(degrees, abs=allowed.degrees)


def test_nobody_is_root_or_may_do_more_than_others(service: Container) -> None:
    for first, *rest in service.python(_OF_PROCESSES):
        assert first in ("10001", "0" * 16)
        assert set(rest) <= {"10001"}


def test_a_large_upload_is_written_nowhere(service: Container, measured: dict[str, str]) -> None:
    """Beyond a megabyte Starlette would write it to a temporary file, and there is no place."""
    pixels = cv2.imread(str(FACE))
    assert pixels is not None
    upload = cv2.imencode(".bmp", cv2.resize(pixels, (1200, 1200)))[1].tobytes()
    assert len(upload) > UPLOAD_BYTES
    assert set(service.python(_WRITABLE)) <= {"/dev/shm", "/dev/mqueue"}
    before = service.engine("diff", service.name)
    raw = service.client.post("/pose", content=upload, headers={"content-type": "image/bmp"})
    form = service.client.post("/pose", files={"files": ("face.bmp", upload, "image/bmp")})
    for response in (raw, form):
        assert response.status_code == 200
        assert len(response.json()["results"][0]["faces"]) == 1
    assert service.engine("diff", service.name) == before
    assert service.python(_SHARED_MEMORY) == []
    limit, peak = service.python(_MEMORY)
    assert limit == 2**30
    measured["most memory, MB (2 workers)"] = f"{peak / 1e6:.0f}" if peak else "not told"


def test_a_device_that_is_not_there_ends_the_start(service: Container, image: str) -> None:
    engine = service.engine
    with engine.running(image, "--env=MIEN_INFERENCE__DEVICE=cuda") as refusing:
        assert refusing.exit_status() == 3
        (line,) = refusing.lines("device=cuda")
        assert line["level"] == "critical"
