"""Heads at every roll: turned pictures with their labels, and the rows that they give."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.boxes import FoundFaces
from app.face.geometry import Box, face_box
from training.detection import rolled
from training.detection.images import LabelledImage
from training.detection.rolled import judge_rolled, rolled_heads
from training.samples import FaceSample, ImageSample

YAWS = (0.0, 40.0, -80.0, 120.0)
OUTLINE = np.random.default_rng(0).uniform((20, 30), (60, 80), (68, 2))
OUTLINE[36:48] = (30, 45)
OUTLINE[42:48] = (50, 45)
OUTLINE[30], OUTLINE[48], OUTLINE[54] = (40, 55), (32, 68), (48, 68)
UPRIGHT = np.array([[[30.0, 45], [50, 45], [40, 55], [32, 68], [48, 68]]])


@pytest.fixture(autouse=True)
def heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """One upright face at each yaw; turned by the angles that the seed draws."""

    def samples(root: Path) -> list[ImageSample]:
        return [
            ImageSample(
                source="renders",
                path=root / str(yaw),
                faces=(
                    FaceSample(
                        box=face_box(OUTLINE),
                        points_in_image=np.asarray(OUTLINE, np.float32),
                        scheme="ibug-68",
                        rotation=Rotation.from_euler("Y", -yaw, degrees=True).as_matrix(),
                    ),
                ),
                subject=str(yaw),
                split="train",
            )
            for yaw in YAWS
        ]

    monkeypatch.setattr("training.datasets.renders.load", samples)
    read: Any = lambda _: np.full((100, 90, 3), 90, np.uint8)  # noqa: E731
    monkeypatch.setattr("training.detection.images.read_rgb", read)


def test_a_turned_head_has_the_tilt_of_its_turn(tmp_path: Path) -> None:
    found = rolled_heads(tmp_path, seed=3)
    angles = np.random.default_rng(3).uniform(-180, 180, 3)
    np.testing.assert_allclose(found.yaw, YAWS[:3], atol=1e-9)
    # A head that is turned to the side alone has its vertical upright in the picture.
    np.testing.assert_allclose(found.tilt, angles, atol=1e-9)
    for image, angle in zip(found.images, angles, strict=True):
        eyes = image.points[0, 1] - image.points[0, 0]
        direction = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
        assert abs((direction - angle + 180) % 360 - 180) < 1e-6


@dataclass
class Stub:
    """Finds each head with exact points, but for those that it misses or takes for upright."""

    images: list[LabelledImage]
    missed: set[int]
    upright: set[int]

    def detect(self, pixels: NDArray[np.uint8], score: float) -> FoundFaces:  # noqa: ARG002
        number = next(i for i, one in enumerate(self.images) if one.pixels is pixels)
        image, kept = self.images[number], number not in self.missed
        points = UPRIGHT if number in self.upright else image.points
        return FoundFaces(image.boxes[:kept], np.array([0.9])[:kept], points[:kept])


def test_rows_by_yaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / rolled.FOLDER).mkdir()
    found = rolled_heads(tmp_path / rolled.FOLDER)
    monkeypatch.setattr(rolled, "rolled_heads", lambda _: found)
    stub: Any = Stub(found.images, missed={2}, upright={1})
    rows, judged = judge_rolled(stub, tmp_path, 0.5)
    assert judged is not None
    assert len(judged.images) == 3

    found_rows = {(row.name, row.slice): row for row in rows}
    everywhere = "turned +-180"
    recall = found_rows["recall", everywhere]
    assert recall.value == pytest.approx(200 / 3, abs=1e-3)
    assert recall.n == 3
    assert found_rows["tilt_error", f"{everywhere}, yaw 0-30"].value < 1
    taken_for_upright = found_rows["tilt_error", f"{everywhere}, yaw 30-60"].value
    assert taken_for_upright == pytest.approx(abs(found.tilt[1]), abs=1)
    assert ("tilt_error", f"{everywhere}, yaw 60-90") not in found_rows, "nothing was found there"
    assert found_rows["recall", f"{everywhere}, yaw 60-90"].value == 0
    assert found_rows["tilt_beyond_30", everywhere].value == 50.0 * (abs(found.tilt[1]) > 30)


def test_without_the_folder_there_are_no_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub: Any = None
    assert judge_rolled(stub, tmp_path, 0.5) == ([], None)
    assert rolled.FOLDER in capsys.readouterr().err


def test_turned_back_the_boxes_are_those_of_the_upright_face(tmp_path: Path) -> None:
    upright = face_box(OUTLINE)
    heads = rolled_heads(tmp_path)
    for image, tilt in zip(heads.images, heads.tilt, strict=True):
        box = Box(*image.boxes[0].tolist())
        assert box.width == pytest.approx(
            np.hypot(upright.width * np.cos(r := np.radians(tilt)), upright.height * np.sin(r))
        )
