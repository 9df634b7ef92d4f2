"""The parts of the face network's loss against numbers worked out by hand."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation
from scipy.special import expit

from app.face.pnp import canonical_points
from training.faces.losses import (
    consistency_loss,
    face_loss,
    openness_loss,
    point_loss,
    presence_loss,
    rotation_loss,
    visible_loss,
)
from training.faces.targets import PREDICTION, TARGET, no_face, target_vector, width

Floats = NDArray[np.float32]


def prediction(**parts: ArrayLike) -> Floats:
    vector = np.zeros((1, width(PREDICTION)), np.float32)
    vector[0, PREDICTION["rotation"]] = np.eye(3).ravel()
    for name, values in parts.items():
        vector[0, PREDICTION[name]] = np.ravel(values)
    return vector


def target(**parts: ArrayLike) -> Floats:
    return target_vector(**parts)[None]


def value(loss: tf.Tensor) -> float:
    assert loss.shape == (1,)
    return float(loss[0])


def test_the_layouts_are_without_gaps() -> None:
    for layout in (TARGET, PREDICTION):
        covered = np.concatenate([np.arange(width(layout))[part] for part in layout.values()])
        np.testing.assert_array_equal(covered, np.arange(width(layout)))


def test_points_without_a_label_cost_nothing() -> None:
    some = target(point_weights=np.arange(68) < 20)
    far = np.where(np.arange(68)[:, None] < 20, 0.0, 9.0) * np.ones(2)
    perfect = value(point_loss(some, prediction(log_std=[-3.0] * 68)))
    assert value(point_loss(some, prediction(points=far, log_std=[-3.0] * 68))) == perfect


def test_half_the_weight_is_half_the_loss() -> None:
    shifted = prediction(points=np.full((68, 2), 0.02))
    whole, half = (value(point_loss(target(point_weights=[w] * 68), shifted)) for w in (1, 0.5))
    assert half == pytest.approx(whole / 2, rel=1e-5)


def test_the_best_deviation_of_a_point_is_its_error() -> None:
    def loss(log_std: float) -> float:
        vector = prediction(points=np.full((68, 2), 0.05), log_std=[log_std] * 68)
        return value(point_loss(target(point_weights=[1.0] * 68), vector))

    best = np.log(0.05)
    assert loss(best) < min(loss(best - 0.1), loss(best + 0.1))


def test_whether_points_show_is_judged_by_cross_entropy() -> None:
    shown, weights = np.arange(68) < 30, np.where(np.arange(68) < 60, 0.5, 0.0)
    logits = np.random.default_rng(0).normal(0, 2, 68)
    some = target(visible=shown, visible_weights=weights)
    expected = np.mean(weights * binary_cross_entropy(logits, shown))
    assert value(visible_loss(some, prediction(visible_logit=logits))) == pytest.approx(expected)


def binary_cross_entropy(logits: NDArray[Any], labels: NDArray[np.bool_]) -> NDArray[Any]:
    probability = expit(logits)
    return -np.log(np.where(labels, probability, 1 - probability))


@pytest.mark.parametrize(("axis", "weights"), [("y", (1, 0, 1)), ("z", (1, 1, 0))])
def test_an_axis_without_weight_is_free(axis: str, weights: tuple[int, ...]) -> None:
    turned = Rotation.from_euler(axis, 40, degrees=True).as_matrix()
    some = target(rotation=np.eye(3), rotation_weights=weights)
    still = value(rotation_loss(some, prediction()))
    assert value(rotation_loss(some, prediction(rotation=turned))) == pytest.approx(still, abs=1e-4)
    labelled = target(rotation=np.eye(3), rotation_weights=(1, 1, 1))
    assert value(rotation_loss(labelled, prediction(rotation=turned))) > still + 1


def test_the_best_deviation_of_an_axis_is_its_error_in_degrees() -> None:
    true = np.eye(3)
    off = Rotation.from_euler("x", 7, degrees=True).as_matrix()

    def loss(std: float) -> float:
        vector = prediction(rotation=off, rotation_log_std=np.log([std, 1, 1]))
        return value(rotation_loss(target(rotation=true, rotation_weights=(1, 0, 0)), vector))

    assert loss(7.0) < min(loss(6.0), loss(8.0))


@pytest.mark.parametrize("name", ["log_std", "rotation_log_std"])
@pytest.mark.parametrize("beyond", [-9.0, 9.0])
def test_deviations_beyond_all_sense_are_called_back(name: str, beyond: float) -> None:
    loss = {"log_std": point_loss, "rotation_log_std": rotation_loss}[name]
    some = target(point_weights=np.ones(68), rotation=np.eye(3), rotation_weights=(1, 1, 1))
    said = tf.constant(prediction(**{name: beyond}))
    with tf.GradientTape() as tape:
        tape.watch(said)
        total = tf.reduce_sum(loss(tf.constant(some), said))
    gradient = tape.gradient(total, said).numpy()[0, PREDICTION[name]]
    assert (np.sign(gradient) == np.sign(beyond)).all(), "a step downhill comes back"


def test_openness_is_the_mean_absolute_error_of_the_labelled_eyes() -> None:
    vector = prediction(openness=[0.3, 0.1])
    both = target(openness=[0.2, 0.2], openness_weights=[1, 1])
    assert value(openness_loss(both, vector)) == pytest.approx(0.1, abs=1e-6)
    assert value(openness_loss(target(openness=[0.2, 0.2]), vector)) == 0.0


@pytest.mark.parametrize("logit", [-80.0, -2.0, 0.0, 3.0, 80.0])
def test_presence_is_the_cross_entropy(logit: float) -> None:
    vector = prediction(presence_logit=logit)
    there = target(presence=1.0, presence_weight=1.0)
    assert value(presence_loss(there, vector)) == pytest.approx(np.logaddexp(0, -logit), abs=1e-5)
    gone = no_face()[None]
    assert value(presence_loss(gone, vector)) == pytest.approx(np.logaddexp(0, logit), abs=1e-5)


def test_a_crop_without_a_face_teaches_presence_alone() -> None:
    vector = tf.Variable(prediction(points=np.linspace(0, 1, 136), openness=[0.3, 0.1]))
    with tf.GradientTape() as tape:
        loss = face_loss(tf.constant(no_face()[None]), vector)
    pulls = tape.gradient(loss, vector).numpy()[0]
    assert pulls[PREDICTION["presence_logit"]] > 0
    pulls[PREDICTION["presence_logit"]] = 0
    assert not pulls.any()


def points_of(rotation: Rotation) -> NDArray[np.float64]:
    """The canonical head as a far camera sees it, somewhere in the unit crop."""
    turned = canonical_points() @ rotation.as_matrix().T
    return np.asarray(0.004 * turned[:, :2] + (0.5, 0.45))


def test_points_of_the_canonical_head_agree_with_its_rotation_alone() -> None:
    true = Rotation.from_euler("YXZ", [30, -10, 20], degrees=True)
    whole = target(point_weights=[1.0] * 68)

    def loss(rotation: Rotation) -> float:
        vector = prediction(points=points_of(true), rotation=rotation.as_matrix())
        return value(consistency_loss(whole, vector))

    assert loss(true) == pytest.approx(0.0, abs=1e-4)
    for axis in "xyz":
        assert loss(Rotation.from_euler(axis, 10, degrees=True) * true) > 0.05
    assert loss(Rotation.from_euler("z", 180, degrees=True) * true) > 5


def test_consistency_moves_the_rotation_and_not_the_points() -> None:
    vector = tf.Variable(prediction(points=points_of(Rotation.from_euler("y", 0.3))))
    with tf.GradientTape() as tape:
        loss = consistency_loss(tf.constant(target(point_weights=[1.0] * 68)), vector)
    pulls = tape.gradient(loss, vector).numpy()[0]
    assert np.abs(pulls[PREDICTION["rotation"]]).max() > 0.1
    assert not pulls[PREDICTION["points"]].any()


@pytest.mark.parametrize("degrees", [0.0, 1e-3, 90.0, 180.0])
def test_the_loss_and_its_gradient_are_finite(degrees: float) -> None:
    off = Rotation.from_euler("y", degrees, degrees=True).as_matrix()
    everything = target(
        points=np.full((68, 2), 0.5),
        point_weights=[1.0] * 68,
        rotation=np.eye(3),
        rotation_weights=(1, 1, 1),
        openness_weights=(1, 1),
        presence=1.0,
        presence_weight=1.0,
    )
    vector = tf.Variable(prediction(points=np.full((68, 2), 0.5), rotation=off))
    with tf.GradientTape() as tape:
        loss = face_loss(tf.constant(everything), vector)
    assert np.isfinite(loss.numpy()).all()
    assert np.isfinite(tape.gradient(loss, vector).numpy()).all()
