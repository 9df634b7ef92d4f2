"""Sampling of whole training samples: ranges, plausibility, reproducibility, mirror, crop."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.face.geometry import face_box
from app.face.landmarks import scheme
from app.face.rotation import to_euler
from tests.training.arkit_head import NAMES, arkit_head
from training.datasets import load
from training.synthetic.columns import columns
from training.synthetic.expressions import sample_expression
from training.synthetic.head import Pose
from training.synthetic.placing import crop_camera, sample_gaze, sample_pose
from training.synthetic.quality import FAST
from training.synthetic.scene import Sample, render_sample, sample_scene
from training.synthetic.series import Series, photographs_of
from training.synthetic.studio import Studio

POSES = [sample_pose(np.random.default_rng(seed)) for seed in range(3000)]


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio.open(arkit_head(), replace(FAST, supersampling=1.0))


@pytest.fixture(scope="module")
def sample(studio: Studio) -> Sample:
    return render_sample(studio, seed=3, index=7, size=64)


def test_poses_reach_the_edges_and_are_denser_in_the_middle() -> None:
    yaw, pitch, roll = np.array([to_euler(pose.rotation) for pose in POSES]).T

    assert 95 < np.abs(yaw).max() <= 100 + 1e-6
    assert 57 < np.abs(pitch).max() <= 60 + 1e-6
    assert 85 < np.abs(roll).max() <= 90 + 1e-6
    for angle in (yaw, pitch, roll):
        assert abs(np.mean(angle)) < 3
        assert np.mean(np.abs(angle) < 20) > 2 * np.mean(
            (np.abs(angle) > 35) & (np.abs(angle) < 55)
        )


def test_no_head_is_seen_from_behind_or_from_right_above() -> None:
    for pose in POSES:
        towards = -pose.translation / np.linalg.norm(pose.translation)
        assert float(-pose.rotation[:, 2] @ towards) > np.cos(np.deg2rad(108.01))
        assert abs(float(pose.rotation[:, 1] @ towards)) < np.sin(np.deg2rad(64.01))


def test_faces_stand_off_the_axis_too() -> None:
    off_axis = [np.hypot(*pose.translation[:2]) / pose.translation[2] for pose in POSES]

    assert np.quantile(off_axis, 0.95) > np.tan(np.deg2rad(30))
    assert np.median(off_axis) < np.tan(np.deg2rad(20))


def test_who_looks_at_the_camera_does() -> None:
    """Some gazes must hit the camera exactly: the ray through the head's origin."""
    pose = Pose(POSES[0].rotation * 0 + np.eye(3), np.array([60.0, -40.0, 500.0]))
    gazes = [sample_gaze(np.random.default_rng(seed), pose) for seed in range(40)]
    # By hand: the camera lies 60 mm to the image's left of the head and 40 mm below.
    right = np.rad2deg(np.arctan2(-60, 500))
    up = np.rad2deg(np.arctan2(-40, np.hypot(60, 500)))

    hits = [gaze for gaze in gazes if np.allclose(gaze, (right, up), atol=1e-6)]
    assert 5 < len(hits) < 25


def test_expressions_are_known_and_within_their_range() -> None:
    closed = 0
    for seed in range(400):
        values = sample_expression(np.random.default_rng(seed), (10.0, -12.0))
        assert set(values) <= set(NAMES)
        assert all(0.0 < value <= 1.0 for value in values.values())
        for side in "LR":
            # Lids never close beyond shut.
            shut = values.get(f"eyeBlink_{side}", 0.0)
            assert shut + values.get(f"eyeLookDown_{side}", 0.0) <= 1.35
            closed += shut > 0.8
        assert values.get("mouthClose", 0.0) <= values.get("jawOpen", 0.0) + 1e-9
    assert 20 < closed < 200


def test_a_crop_is_centred_on_the_face_with_its_margin() -> None:
    rng = np.random.default_rng(2)
    points = rng.uniform(-80, 80, (68, 3)) + (200.0, 100.0, 700.0)

    camera = crop_camera(points, 160, 1.5)

    box = face_box(camera.project(points))
    assert np.sqrt(box.width * box.height) * 1.3 * 1.5 == pytest.approx(160)
    np.testing.assert_allclose(box.centre, (79.5, 79.5), atol=1e-9)


def test_a_sample_depends_on_seed_and_index_alone(studio: Studio, sample: Sample) -> None:
    render_sample(studio, seed=3, index=8, size=64)
    again = render_sample(studio, seed=3, index=7, size=64)
    other = render_sample(studio, seed=4, index=7, size=64)

    np.testing.assert_array_equal(sample.image, again.image)
    np.testing.assert_array_equal(sample.label.points, again.label.points)
    assert dict(sample.tags) == dict(again.tags)
    assert not np.array_equal(sample.image, other.image)


def test_a_sample_is_a_crop_with_a_face_in_it(sample: Sample) -> None:
    assert sample.image.shape == (64, 64, 3)
    assert sample.image.dtype == np.uint8
    assert np.isfinite(sample.label.points).all()
    x, y = sample.label.box.centre
    assert abs(x - 31.5) < 8
    assert abs(y - 31.5) < 8
    np.testing.assert_allclose(
        sample.label.camera.project(sample.label.pose.to_camera(sample.label.in_head)),
        sample.label.points_3d,
        atol=1e-9,
    )


def test_samples_have_faces_and_labels_within_their_meaning(studio: Studio) -> None:
    for index in range(25):
        sample = render_sample(studio, seed=6, index=index, size=48)
        for name, values in columns([sample.label]).items():
            assert np.isfinite(values).all(), name
        yaw, pitch, roll = to_euler(sample.label.pose.rotation)
        assert abs(yaw) <= 100.001
        assert abs(pitch) <= 60.001
        assert abs(roll) <= 90.001
        assert sample.label.visible_3d.sum() >= 14
        assert sample.image.std() > 3.0
        # The whole face lies in the crop.
        assert sample.label.points.min() > 0
        assert sample.label.points.max() < 47


def test_the_mirrored_sample_has_the_flipped_label(sample: Sample) -> None:
    mirrored = sample.mirrored()

    np.testing.assert_array_equal(mirrored.image, sample.image[:, ::-1])
    flip = list(scheme("ibug-68").flip)
    expected = sample.label.points[flip] * (-1, 1) + (63, 0)
    np.testing.assert_allclose(mirrored.label.points, expected)
    yaw, pitch, roll = to_euler(sample.label.pose.rotation)
    np.testing.assert_allclose(to_euler(mirrored.label.pose.rotation), (-yaw, pitch, -roll))


def test_photographs_stand_behind_most_heads_when_there_are_any(
    studio: Studio, tmp_path: Path
) -> None:
    for name, colour in (("a", 40), ("b", 210)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((90, 120, 3), colour, np.uint8))
    photographs = sorted(tmp_path.iterdir())
    kinds = [
        sample_scene(studio, np.random.default_rng(seed), 64, photographs=photographs).tags[
            "background"
        ]
        for seed in range(40)
    ]
    assert 20 <= kinds.count("photograph") < 40
    alone = sample_scene(studio, np.random.default_rng(0), 64)
    assert alone.tags["background"] != "photograph"


def test_backgrounds_are_training_photographs_without_people(tmp_path: Path) -> None:
    names = [f"{index}.jpg" for index in range(40)]
    (tmp_path / "negatives" / "images").mkdir(parents=True)
    np.savez(tmp_path / "negatives" / "labels.npz", filename=np.array(names))
    opened = photographs_of(Series(1, backgrounds="negatives"), tmp_path)
    training = {sample.path for sample in load("negatives", tmp_path) if sample.split == "train"}
    assert set(opened) == training
    assert 0 < len(opened) < 40
    assert photographs_of(Series(1), tmp_path) == ()


def test_backgrounds_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in which folder"):
        photographs_of(Series(1, backgrounds="negatives"), None)

    (tmp_path / "negatives" / "images").mkdir(parents=True)
    np.savez(tmp_path / "negatives" / "labels.npz", filename=np.array([], dtype=str))
    with pytest.raises(ValueError, match="no training pictures"):
        photographs_of(Series(1, backgrounds="negatives"), tmp_path)


def test_backgrounds_with_people_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dlib_examples" / "images").mkdir(parents=True)
    points = np.random.default_rng(0).uniform(10, 50, (1, 68, 2))
    np.savez(
        tmp_path / "dlib_examples" / "labels.npz", filename=np.array(["a.jpg"]), landmarks=points
    )
    with pytest.raises(ValueError, match="shows people"):
        photographs_of(Series(1, backgrounds="dlib_examples"), tmp_path)
