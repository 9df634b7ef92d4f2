"""Detectors in processes of their own, and the pixel frames of other packages."""

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.detection.detector import Detector
from app.inference.model import Model
from benchmarks.peers.client import PeerClient, PeerError, save_images
from benchmarks.peers.dlib_hog import DlibHog
from benchmarks.peers.haar import HaarCascade
from training.images import read_rgb

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "models" / "detector"


def test_our_detector_answers_as_in_the_service(tmp_path: Path) -> None:
    face = read_rgb(ROOT / "models" / "self-test" / "face.png")
    nothing = np.zeros((40, 60, 3), np.uint8)
    detector = Detector(Model.open(MODEL, "cpu"))
    (expected,) = detector.run([detector.prepare(face)])
    assert expected
    with PeerClient(Path(sys.executable), str(MODEL)) as client:
        assert client.name == "detector"
        file = save_images([nothing, face, nothing], tmp_path / "images.npz")
        before, found, after = client.detect(file)
        lower = client.detect(file, curve=True)[1]
        np.save(tmp_path / "face.npy", face)
        times = client.time(tmp_path / "face.npy", 3)
    assert (len(before.scores), len(after.scores)) == (0, 0)
    boxes = [(one.box.x, one.box.y, one.box.width, one.box.height) for one in expected]
    np.testing.assert_allclose(found.boxes, boxes)
    np.testing.assert_allclose(found.scores, [one.confidence for one in expected])
    assert len(lower.scores) > len(found.scores)
    assert len(times) == 3
    assert min(times) > 0


def test_a_detector_that_ends_says_why() -> None:
    with pytest.raises(PeerError, match=r"no-such-model ended: .*no-such-model"):
        PeerClient(Path(sys.executable), "no-such-model")


def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeerError, match=r"dlib-hog: .*python cannot be run"):
        PeerClient(tmp_path / "python", "dlib-hog")


def test_the_corner_pixels_of_dlib_belong_to_its_box(monkeypatch: pytest.MonkeyPatch) -> None:
    # dlib.rectangle(2, 3, 5, 9) is 4 pixels wide and 7 high.
    box = SimpleNamespace(left=lambda: 2, top=lambda: 3, width=lambda: 4, height=lambda: 7)
    asked: list[float] = []

    def run(_: Any, enlarged: int, least: float) -> tuple[list[Any], list[float], list[int]]:
        asked.extend([enlarged, least])
        return [box], [0.5], [0]

    fake = SimpleNamespace(get_frontal_face_detector=lambda: SimpleNamespace(run=run))
    monkeypatch.setitem(sys.modules, "dlib", fake)
    monkeypatch.setattr(metadata, "version", lambda _: "0")
    found = DlibHog().detect(np.zeros((4, 4, 3), np.uint8))
    # Its left edge lies half a pixel left of the centre of pixel 2.
    assert found.boxes.tolist() == [[1.5, 2.5, 4, 7]]
    assert found.scores.tolist() == [0.5]
    assert asked == [1, 0]


def test_a_cascade_counts_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours: list[int] = []

    class Cascade:
        def __init__(self, file: str) -> None:
            assert file == "folder/haarcascade_frontalface_default.xml"

        def empty(self) -> bool:
            return False

        def detectMultiScale2(self, _: Any, minNeighbors: int) -> tuple[Any, Any]:  # noqa: N802, N803
            neighbours.append(minNeighbors)
            return np.array([[2, 3, 4, 4]]), np.array([12])

    fake = SimpleNamespace(
        CascadeClassifier=Cascade,
        data=SimpleNamespace(haarcascades="folder"),
        setNumThreads=lambda _: None,
        cvtColor=lambda image, _: image,
        COLOR_RGB2GRAY=0,
        __version__="0",
    )
    monkeypatch.setitem(sys.modules, "cv2", fake)
    cascade = HaarCascade()
    image = np.zeros((9, 9, 3), np.uint8)
    assert cascade.detect(image).boxes.tolist() == [[1.5, 2.5, 4, 4]]
    assert cascade.detect(image, curve=True).scores.tolist() == [12]
    assert neighbours == [3, 1]
