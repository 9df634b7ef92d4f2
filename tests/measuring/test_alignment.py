"""From crops to landmarks, with the tiny landmark model."""

from pathlib import Path

import numpy as np
import pytest

from app.face.card import CardError
from app.inference.model import Model
from app.measuring.alignment import Aligner
from tests.tiny_models import (
    BASE_STD,
    HEAD,
    TEMPLATE_68,
    write_detector,
    write_face,
    write_landmarks,
)


def test_each_crop_gets_its_landmarks(tmp_path: Path) -> None:
    aligner = Aligner(Model.open(write_landmarks(tmp_path / "landmarks-68", size=32), "cpu"))
    assert (aligner.crop_size, aligner.crop_scale, aligner.max_batch) == (32, 1.3, 8)

    crops = [np.full((32, 32, 3), value, np.uint8) for value in (255, 0)]
    bright, dark = aligner.run(crops)

    np.testing.assert_allclose(bright.points_in_crop, TEMPLATE_68)
    assert dark.points_in_crop.dtype == np.float64
    np.testing.assert_allclose(bright.std_in_crop, np.full(68, 2 * BASE_STD), rtol=1e-5)
    np.testing.assert_allclose(dark.std_in_crop, np.full(68, BASE_STD), rtol=1e-5)
    assert aligner.run([]) == []
    assert bright.head is None
    assert not aligner.tells_rotation


def test_a_face_model_tells_the_head_of_each_crop(tmp_path: Path) -> None:
    aligner = Aligner(Model.open(write_face(tmp_path / "face", size=32), "cpu"))
    assert aligner.tells_rotation
    bright, dark = aligner.run([np.full((32, 32, 3), value, np.uint8) for value in (255, 0)])
    np.testing.assert_allclose(dark.points_in_crop, TEMPLATE_68)
    np.testing.assert_allclose(bright.std_in_crop, np.full(68, 2 * BASE_STD), rtol=1e-5)
    for head in (bright.head, dark.head):
        assert head is not None
        for name, value in HEAD.items():
            np.testing.assert_allclose(getattr(head, name), value, atol=1e-6)
        assert head.rotation.dtype == np.float64
        assert head.yaw == pytest.approx(30.0, abs=1e-5)


def test_only_a_landmark_model_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="MIEN_LANDMARKS wants"):
        Aligner(Model.open(write_detector(tmp_path / "detector"), "cpu"))
