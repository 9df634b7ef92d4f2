"""Training crops, losses and metrics of the zoo: labels stay on the pixels they belong to."""

from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import face_box
from app.face.pnp import canonical_points
from app.face.rotation import from_euler, geodesic_degrees, mirror, to_rotation_vector, turn
from tests.training.made_up_faces import head, knowing, posed_samples
from training.faces.crops import LabelledCrops
from training.networks.rotation_forms import RotationFromVector
from training.prepared_faces import PreparedFaces
from training.zoo import vector_batches
from training.zoo.losses import Geodesic, PointDistance, mean_distance, squared_error
from training.zoo.point_batches import SWITCHED_OFF, Augmentation, PointBatches, strayed
from training.zoo.rotation_evaluation import evaluate_rotations, write_rotation_report
from training.zoo.vector_batches import (
    ANGLES,
    VectorBatches,
    crop_and_vector,
    plain_vectors,
    posed_rows,
)

SIDE, FOCAL = 200, 4000.0
Floats = NDArray[np.float64]


def projected(rotation: Floats) -> Floats:
    """(68, 2) pixels of the canonical head in a picture of SIDE pixels, from far away."""
    in_camera = canonical_points() @ rotation.T + (0.0, 0.0, FOCAL)
    return in_camera[:, :2] / in_camera[:, 2:] * FOCAL * 0.6 + (100.0, 85.0)


def rotations(count: int = 9) -> Floats:
    angles = np.random.default_rng(1).uniform(-25, 25, (3, count))
    return from_euler(*angles)


def pictures(points: Floats) -> NDArray[np.uint8]:
    """Black but for a white dot on the nose's tip."""
    pixels = np.zeros((len(points), SIDE, SIDE, 3), np.uint8)
    for picture, row in zip(pixels, points, strict=True):
        row[30] = np.round(row[30])
        cv2.circle(picture, [int(v) for v in row[30]], 4, (255, 255, 255), -1)
    return pixels


def prepared(count: int = 9) -> PreparedFaces:
    points = np.array([projected(rotation) for rotation in rotations(count)])
    pixels = pictures(points)
    boxes = [face_box(row) for row in points]
    return PreparedFaces(
        pixels=pixels,
        points=points.astype(np.float32),
        seen=np.ones((count, 68), bool),
        boxes=np.array([(b.x, b.y, b.width, b.height) for b in boxes], np.float32),
        rotation=rotations(count).astype(np.float32),
        source=np.full(count, "made"),
        subject=np.array([f"person {row}" for row in range(count)]),
        split=np.full(count, "train"),
        scheme="ibug-68",
    )


def labelled(count: int = 9) -> LabelledCrops:
    faces = prepared(count)
    return LabelledCrops.unlabelled(
        faces.pixels,
        faces.boxes,
        faces.subject,
        faces.split,
        points=faces.points,
        point_weights=np.ones((count, 68), np.float32),
    )


def dot_in(crop: NDArray[np.uint8]) -> Floats:
    weight = crop[:, :, 0].astype(np.float64)
    rows, columns = np.indices(weight.shape)
    centre = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    return np.asarray((centre + 0.5) / len(crop))


@pytest.mark.parametrize(
    "how", [SWITCHED_OFF, Augmentation(45.0, 0.7), Augmentation(mirrored=True)]
)
def test_points_stay_on_their_pixels(how: Augmentation) -> None:
    faces = prepared()
    for seed in range(20):
        crop, target = strayed(np.random.default_rng(seed), faces, seed % 9, 128, how)
        np.testing.assert_allclose(dot_in(crop), target[30, :2], atol=0.6 / 128)


def test_switched_off_the_crop_is_always_the_same_and_else_it_strays_as_far_as_it_may() -> None:
    faces = prepared()
    same = [
        strayed(np.random.default_rng(seed), faces, 0, 64, SWITCHED_OFF)[0] for seed in range(3)
    ]
    np.testing.assert_array_equal(same[0], same[1])
    eyes = [36, 45]
    plain = strayed(np.random.default_rng(0), faces, 0, 64, SWITCHED_OFF)[1][eyes, :2]
    angles, sizes = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        target = strayed(rng, faces, 0, 64, Augmentation(45.0, 0.7))[1][eyes, :2]
        (ax, ay), (bx, by) = np.diff(plain, axis=0)[0], np.diff(target, axis=0)[0]
        angles.append(np.degrees(np.arctan2(ax * by - ay * bx, ax * bx + ay * by)))
        sizes.append(np.hypot(bx, by) / np.hypot(ax, ay))
    assert -45.1 < min(angles) < -40
    assert 40 < max(angles) < 45.1
    assert 0.699 < min(sizes) < 0.72
    assert 0.98 < max(sizes) < 1.001


def test_batches_take_only_the_rows_named_and_depend_on_seed_epoch_and_index_alone() -> None:
    faces = prepared()
    faces.pixels[0] = 255

    def batches(epoch: int) -> PointBatches:
        made = PointBatches(
            [(faces, np.array([0]), 1.0)], size=32, batch=4, steps=2,
            augmentation=Augmentation(10.0), seed=3,
        )  # fmt: skip
        made.epoch = epoch
        return made

    crops, targets = batches(1)[0]
    assert crops.shape == (4, 32, 32, 3)
    assert targets.shape == (4, 68, 3)
    assert (crops == 255).all(axis=3).mean() > 0.8, "the white picture alone"
    np.testing.assert_array_equal(targets, batches(1)[0][1])
    assert not np.array_equal(targets, batches(2)[0][1])
    with pytest.raises(ValueError, match="prepare it first"):
        PointBatches([(faces, np.array([], np.intp), 1.0)], size=32, batch=4, steps=2,
                     augmentation=SWITCHED_OFF, seed=3)  # fmt: skip


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("angle", [0.0, 20.0, -30.0])
def test_the_rotation_is_found_anew_from_where_the_points_went(
    angle: float, flipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.zoo.crop_camera._FOCAL", 40.0)  # as far as the pictures' own
    faces = labelled()
    for row, rotation in enumerate(rotations()):
        _, vector = crop_and_vector(faces, row, 224, angle, flipped=flipped)
        expected = turn(rotation, -angle)
        expected = mirror(expected) if flipped else expected
        found = Rotation.from_rotvec(vector).as_matrix()
        # The tip of the nose was rounded to a pixel.
        assert geodesic_degrees(found, expected) < 1.0


def test_points_that_no_head_has_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    faces = labelled()
    points = faces.points.copy()
    points[3] = np.random.default_rng(0).permutation(points[3])
    split = np.array(["train"] * 7 + ["validation"] * 2)
    mixed = replace(faces, points=points, split=split)
    assert posed_rows(mixed, "train").tolist() == [0, 1, 2, 4, 5, 6]
    assert "1 faces left out" in capsys.readouterr().err
    assert posed_rows(mixed, "validation").tolist() == [7, 8]


def test_a_face_without_a_rotation_of_its_own_is_never_taught_that_it_looks_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faces = labelled()
    _, told = crop_and_vector(faces, 2, 64, 20.0)
    # The head misses its points by a little more, turned and in another camera, than upright.
    monkeypatch.setattr(vector_batches, "MOST_ERROR", 0.0)
    _, vector = crop_and_vector(faces, 2, 64, 20.0)
    np.testing.assert_array_equal(vector, told)
    assert np.linalg.norm(vector) > 0.1


def test_a_face_without_points_keeps_the_rotation_of_its_set() -> None:
    faces = replace(
        labelled(),
        point_weights=np.zeros((9, 68), np.float32),
        rotation=rotations().astype(np.float32),
        rotation_weights=np.tile(np.array([1, 1, 0.1], np.float32), (9, 1)),
    )
    crops, vectors = plain_vectors(faces, np.arange(9), 64)
    assert crops.shape == (9, 64, 64, 3)
    np.testing.assert_allclose(vectors, to_rotation_vector(rotations()), atol=1e-5)
    _, vector = crop_and_vector(faces, 2, 64, 20.0, flipped=True)
    expected = mirror(turn(rotations()[2], -20.0))
    np.testing.assert_allclose(vector, to_rotation_vector(expected), atol=1e-5)


def test_every_face_comes_in_three_turns_and_their_mirrors() -> None:
    faces = replace(
        labelled(1),
        point_weights=np.zeros((1, 68), np.float32),
        rotation=np.eye(3, dtype=np.float32)[None],
        rotation_weights=np.ones((1, 3), np.float32),
    )
    rows = np.arange(1)
    batches = VectorBatches([(faces, rows, 1.0)], size=16, batch=100, steps=1, seed=1)
    crops, vectors = batches[0]
    assert crops.dtype == np.uint8
    rolls = np.unique(np.round(np.degrees(vectors[:, 2]), 2))
    np.testing.assert_allclose(rolls, sorted(set(ANGLES[0]) | {-a for a in ANGLES[0]}), atol=1e-2)
    with pytest.raises(ValueError, match="prepare it first"):
        VectorBatches([(faces, rows[:0], 1.0)], size=16, batch=2, steps=1, seed=1)


def test_losses_by_hand_and_without_points_that_were_not_seen() -> None:
    target = np.array([[[0.5, 0.5, 1], [0.2, 0.4, 1], [9.0, 9.0, 0]]], np.float32)
    prediction = np.array([[[0.53, 0.54, 0][:2], [0.2, 0.4], [0.0, 0.0]]], np.float32)
    np.testing.assert_allclose(np.asarray(mean_distance(target, prediction)), 0.05 / 2, rtol=1e-4)
    squared = (0.03**2 + 0.04**2) / 2 / 2 * 100**2
    np.testing.assert_allclose(
        np.asarray(squared_error(100)(target, prediction)), squared, rtol=1e-4
    )
    metric = PointDistance()
    metric.update_state(target, prediction)
    assert float(metric.result()) == pytest.approx(2.5, rel=1e-4)


def test_the_distance_has_a_gradient_where_it_is_0() -> None:
    import tensorflow as tf

    target = np.array([[[0.5, 0.5, 1.0], [0.1, 0.1, 0.0]]], np.float32)
    prediction = tf.constant(target[..., :2])
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        loss = tf.reduce_sum(mean_distance(target, prediction))
    assert np.isfinite(tape.gradient(loss, prediction).numpy()).all()


def test_the_geodesic_metric_is_scipys_and_never_nan() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(size=(40, 3)).astype(np.float32)
    found = true + rng.normal(scale=0.3, size=(40, 3)).astype(np.float32)
    metric = Geodesic(RotationFromVector())
    metric.update_state(ops.convert_to_tensor(true), ops.convert_to_tensor(found))
    both = Rotation.from_rotvec(found) * Rotation.from_rotvec(true).inv()
    assert float(metric.result()) == pytest.approx(np.degrees(both.magnitude()).mean(), rel=1e-4)
    for pair in ((true, true), (np.zeros_like(true), np.full_like(true, np.pi / np.sqrt(3)))):
        metric.reset_state()
        metric.update_state(*(keras.ops.convert_to_tensor(side) for side in pair))
        assert np.isfinite(float(metric.result()))


def test_without_a_labelled_roll_neither_roll_nor_the_turn_is_told(tmp_path: Path) -> None:
    truth = [head(yaw, 10, 0) for yaw in (-40.0, 0.0, 35.0)]
    samples = [replace(s, source="pointing04") for s in posed_samples(tmp_path, truth)]
    predictor = knowing([head(yaw + 6, 10 - 2, 25) for yaw in (-40.0, 0.0, 35.0)])
    rows, posed = evaluate_rotations(predictor, samples, test_set="Pointing'04")
    means = {row.name: row.value for row in rows if row.slice == "all"}
    assert means["yaw_mae"] == pytest.approx(6, abs=1e-3)
    assert means["pitch_mae"] == pytest.approx(2, abs=1e-3)
    assert not means.keys() & {"roll_mae", "geodesic_error"}
    write_rotation_report(rows, posed, tmp_path / "out", title="")
    lines = (tmp_path / "out" / "results.csv").read_text().splitlines()
    assert lines[0] == "image,true_yaw,true_pitch,error_yaw,error_pitch"
    assert lines[1] == f"{samples[0].name},-40.000,10.000,6.000,-2.000"
    rolled, _ = evaluate_rotations(predictor, posed_samples(tmp_path, truth), test_set="made up")
    means = {row.name: row.value for row in rolled if row.slice == "all"}
    assert means["roll_mae"] == pytest.approx(25, abs=1e-3)
