"""Pose evaluation with a model that always answers a frontal face: its errors are the labels."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.face import pnp
from app.face.geometry import CROP_SCALE, Box
from app.face.rotation import from_euler
from tests.tiny_models import write_landmarks
from training.landmarks.pose_evaluation import evaluate_pose
from training.samples import FaceSample, ImageSample

SIDE = 260
CROP = 200.0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    camera = pnp.Camera.assumed(SIDE, SIDE)
    place = pnp.canonical_points() + [0.0, 0.0, 500.0]
    pixels = place[:, :2] / place[:, 2:] * camera.fx + [camera.cx, camera.cy]
    in_crop = (pixels - (SIDE - CROP - 1) / 2) / CROP
    write_landmarks(tmp_path / "frontal", template=in_crop.astype(np.float32))
    return tmp_path / "frontal"


def samples(folder: Path, angles: list[tuple[float, float]]) -> list[ImageSample]:
    path = folder / "grey.png"
    cv2.imwrite(str(path), np.full((SIDE, SIDE, 3), 128, np.uint8))
    side = CROP / CROP_SCALE
    start = (SIDE - side) / 2 - 0.5
    return [
        ImageSample(
            "made",
            path,
            (FaceSample(box=Box(start, start, side, side), rotation=from_euler(yaw, pitch, 0.0)),),
            f"person {index % 2}",
            "test",
        )
        for index, (yaw, pitch) in enumerate(angles)
    ]


def test_errors_of_a_model_that_sees_only_frontal_faces(tmp_path: Path, model: Path) -> None:
    angles = [(0.0, 0.0), (-20.0, 10.0), (45.0, -30.0), (-90.0, 0.0), (10.0, 90.0)]
    rows = evaluate_pose(model, samples(tmp_path, angles), test_set="made")
    value: dict[tuple[str, str], tuple[Any, int]] = {
        (row.name, row.slice): (row.value, row.n) for row in rows
    }
    # The face that looks straight up is left out: its yaw means nothing.
    assert value["yaw_mae_pnp", "all"] == (pytest.approx(155 / 4, abs=0.3), 4)
    assert value["yaw_mae_pnp", "|yaw| 0-30"] == (pytest.approx(10, abs=0.3), 2)
    assert value["yaw_mae_pnp", "|yaw| 30-60"] == (pytest.approx(45, abs=0.3), 1)
    assert value["yaw_mae_pnp", "|yaw| 60-90"] == (pytest.approx(90, abs=0.3), 1)
    assert value["pitch_mae_pnp", "all"] == (pytest.approx(10, abs=0.3), 4)
    assert value["yaw_mae_of_always_0", "all"] == (pytest.approx(155 / 4, abs=1e-3), 4)
    assert value["pitch_bias_pnp", "pitch -30"] == (pytest.approx(30, abs=0.3), 1)
    assert value["pitch_bias_pnp", "pitch 10"] == (pytest.approx(-10, abs=0.3), 1)


def test_bins_hold_their_lower_edge(tmp_path: Path, model: Path) -> None:
    """Whatever rounding the way through the matrix does: 30 and 60 start a bin."""
    angles = [(yaw, pitch) for yaw in (-60.0, -30.0, 30.0, 60.0) for pitch in (-30.0, 0.0, 15.0)]
    rows = evaluate_pose(model, samples(tmp_path, angles), test_set="made")
    counts = {row.slice: row.n for row in rows if row.name == "yaw_mae_pnp"}
    assert counts == {"all": 12, "|yaw| 30-60": 6, "|yaw| 60-90": 6}


def test_samples_without_rotations_are_refused(tmp_path: Path, model: Path) -> None:
    (sample,) = samples(tmp_path, [(0.0, 0.0)])
    bare = ImageSample("made", sample.path, (FaceSample(box=sample.faces[0].box),), "x", "test")
    with pytest.raises(ValueError, match="labelled rotation"):
        evaluate_pose(model, [bare], test_set="made")
