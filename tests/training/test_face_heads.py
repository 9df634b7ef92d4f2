"""The three ways to find points: what they mean by their distributions, and that each learns."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy.stats import entropy, norm

from training.faces.distributions import BINS, HIGH, LOW, heat_loss, simcc_loss
from training.faces.losses import FaceLoss
from training.faces.targets import PREDICTION, target_vector, width
from training.fit import overfits
from training.networks.bins import SoftArgmax, VotingCells, bin_centres
from training.networks.face import face_network, serving_network
from training.networks.point_layers import LocalFeatures, PointReadOut
from training.networks.sometimes import SometimesAdded

SIZE = 64
CENTRES = np.linspace(LOW, HIGH, 2 * BINS + 1)[1::2]
HEADS = ("direct", "simcc", "heat")
Floats = NDArray[np.float64]


@pytest.fixture(autouse=True)
def _seed() -> None:
    keras.utils.set_random_seed(3)


def crops(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def mean_face() -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(0.2, 0.8, (68, 2)).astype(np.float32)


def labels(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(2)
    return np.stack(
        [
            target_vector(points=rng.uniform(0.2, 0.8, (68, 2)), point_weights=np.ones(68))
            for _ in range(count)
        ]
    )


def test_bins_cover_their_range() -> None:
    np.testing.assert_allclose(bin_centres(-0.1, 1.1, 6), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], atol=1e-7)


def test_a_distribution_means_its_mean_and_spread() -> None:
    mean, spread = np.array([0.31, 0.77]), np.array([0.05, 0.11])
    logits = norm.logpdf(CENTRES, mean[:, None], spread[:, None])
    found = SoftArgmax(LOW, HIGH)(tf.constant(logits[None, None], tf.float32)).numpy()[0, 0]
    np.testing.assert_allclose(found[:2], mean, atol=2e-3)
    assert np.exp(found[2]) == pytest.approx(np.sqrt(np.mean(spread**2)), rel=0.03)


def test_cells_vote_by_weight() -> None:
    logits = np.full((1, 1, 4, 4), -50.0, np.float32)
    features = np.random.default_rng(0).normal(0, 9, (1, 4, 4, 2)).astype(np.float32)
    # Three quarters for row 1, column 2: the middle is (0.625, 0.375). A quarter for row 3, column
    # 0: (0.125, 0.875).
    logits[0, 0, 1, 2], logits[0, 0, 3, 0] = np.log(3.0), 0.0
    features[0, 1, 2], features[0, 3, 0] = (2.0, -1.0), (-4.0, 7.0)
    place, spread, seen = VotingCells()([tf.constant(logits), tf.constant(features)])
    np.testing.assert_allclose(place[0, 0], [0.5, 0.5], atol=1e-5)
    # Two places 0.5 apart along both axes, weights 3 : 1.
    assert np.exp(spread[0, 0]) == pytest.approx(0.5 * np.sqrt(3 / 16), rel=1e-3)
    np.testing.assert_allclose(seen[0, 0], [0.5, 1.0], atol=1e-4)


def test_features_around_a_point_are_weighed_by_a_bell() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.1, 1.1, (3, 5, 2)).astype(np.float32)
    features = rng.normal(size=(3, 8, 8, 7)).astype(np.float32)
    found = LocalFeatures()([tf.constant(points), tf.constant(features)])
    centres = (np.arange(8) + 0.5) / 8
    # Peak 1; the deviation is 0.6 of a cell.
    across, down = (
        norm.pdf(centres, points[:, :, axis, None], 0.6 / 8) / norm.pdf(0, 0, 0.6 / 8)
        for axis in (0, 1)
    )
    expected = np.einsum("nky,nkx,nyxc->nkc", down, across, features)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_each_point_has_a_read_out_of_its_own() -> None:
    layer = PointReadOut([0.5, -2.0])
    inputs = np.random.default_rng(0).normal(size=(4, 3, 6)).astype(np.float32)
    assert np.abs(layer(inputs) - np.array([0.5, -2.0])).max() < 1.0
    kernel, bias = np.random.default_rng(1).normal(size=(3, 2, 6)), np.arange(6.0).reshape(3, 2)
    layer.set_weights([kernel, bias])
    np.testing.assert_allclose(
        layer(inputs), np.einsum("nkf,kwf->nkw", inputs, kernel) + bias, rtol=1e-4, atol=1e-5
    )


def test_what_is_sometimes_added_is_all_or_nothing_in_training() -> None:
    layer = SometimesAdded(0.25)
    inputs = tf.ones((1000, 3))
    trained = np.asarray(layer(inputs, training=True))
    assert set(np.unique(trained)) == {0.0, 1.0}
    assert (trained == trained[:, :1]).all(), "of one crop all or nothing"
    assert 0.4 < trained[:, 0].mean() < 0.6
    np.testing.assert_allclose(layer(inputs), 0.25)
    again = SometimesAdded.from_config(layer.get_config())
    np.testing.assert_allclose(again(inputs), 0.25)


def target(points: Floats) -> tf.Tensor:
    return tf.constant(target_vector(points=points, point_weights=np.ones(68))[None])


def test_bins_are_judged_by_their_divergence_from_a_bell() -> None:
    points = np.full((68, 2), 0.4)
    points[5] = (3.0, -2.0)  # beyond the bins: the last and the first are the nearest
    bell = norm.pdf(CENTRES, 0.4, 2 / 128)
    said = norm.pdf(CENTRES, 0.45, 0.1)
    logits = np.tile(np.log(said), (1, 68 * 2))
    loss = simcc_loss(target(points), tf.constant(logits, tf.float32)).numpy()[0]
    expected = entropy(bell, said)
    np.testing.assert_allclose(np.delete(loss, 5), expected, rtol=1e-3)
    edges = norm.pdf(CENTRES, HIGH, 2 / 128), norm.pdf(CENTRES, LOW, 2 / 128)
    assert loss[5] == pytest.approx(np.mean([entropy(e, said) for e in edges]), rel=1e-3)
    perfect = np.tile(np.log(np.maximum(bell, 1e-30)), (1, 68 * 2))
    found = simcc_loss(target(points), tf.constant(perfect, tf.float32)).numpy()[0]
    assert np.abs(np.delete(found, 5)).max() < 1e-4


def test_cells_are_judged_by_rows() -> None:
    points = np.tile([0.2, 0.7], (68, 1))
    centres = (np.arange(8) + 0.5) / 8
    bell = np.outer(norm.pdf(centres, 0.7, 8 / 128), norm.pdf(centres, 0.2, 8 / 128)).ravel()
    perfect = tf.constant(np.tile(np.log(np.maximum(bell, 1e-30)), (1, 68)), tf.float32)
    assert np.abs(heat_loss(target(points), perfect).numpy()).max() < 1e-4
    even = heat_loss(target(points), tf.zeros((1, 68 * 64))).numpy()[0]
    np.testing.assert_allclose(even, entropy(bell, np.ones(64)), rtol=1e-3)


@pytest.mark.parametrize("head", HEADS)
def test_it_starts_at_the_mean_face_and_serves_the_contract(head: str, tmp_path: Path) -> None:
    network = face_network(SIZE, mean_face(), head=head)
    raw = network.predict(crops(3), verbose=0)
    served = serving_network(network).predict(crops(3), verbose=0)
    assert {name: values.shape[1:] for name, values in served.items()} == {
        "points": (68, 2),
        "std": (68,),
        "visible": (68,),
        "rotation": (3, 3),
        "rotation_std": (3,),
        "openness": (2,),
        "presence": (),
    }
    # Four cells an axis are coarse; bells are cut off at the crop's edges.
    np.testing.assert_allclose(served["points"][0], mean_face(), atol=0.12)
    points = raw[:, PREDICTION["points"]].reshape(3, 68, 2)
    np.testing.assert_allclose(served["points"], points, atol=1e-6)
    network.save(tmp_path / "face.keras")
    again = keras.saving.load_model(tmp_path / "face.keras", compile=False)
    np.testing.assert_array_equal(again.predict(crops(3), verbose=0), raw)


@pytest.mark.parametrize("head", ["simcc", "heat"])
def test_it_learns_the_points_of_a_few_crops(head: str) -> None:
    network = face_network(SIZE, mean_face(), head=head)
    ratio = overfits(network, FaceLoss(head), (crops(8), labels(8)), steps=120)
    assert ratio < 0.5
    found = network(crops(8), training=True).numpy()[:, PREDICTION["points"]]
    start = np.abs(mean_face().ravel() - labels(8)[:, : 2 * 68]).mean()
    assert np.abs(found - labels(8)[:, : 2 * 68]).mean() < 0.5 * start


def test_distributions_of_points_without_a_label_cost_nothing() -> None:
    rng = np.random.default_rng(0)
    some = target_vector(points=rng.uniform(0, 1, (68, 2)), point_weights=np.arange(68) < 20)[None]
    vector = np.zeros((1, width(PREDICTION) + 68 * 2 * BINS), np.float32)
    vector[0, PREDICTION["rotation"]] = np.eye(3).ravel()
    other = vector.copy()
    other[0, width(PREDICTION) + 20 * 2 * BINS :] = rng.normal(0, 3, 48 * 2 * BINS)
    loss = FaceLoss("simcc")
    assert float(loss(some, vector)) == float(loss(some, other))
    other[0, width(PREDICTION)] += 1
    assert float(loss(some, vector)) != float(loss(some, other))


def test_the_loss_is_read_back_with_its_settings() -> None:
    loss = FaceLoss("heat", "laplace", 60.0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert (again.head, again.points, again.rotation_weight) == ("heat", "laplace", 60.0)


def test_laplaces_best_deviation_is_the_error_times_the_square_root_of_two() -> None:
    def loss(std: float) -> float:
        vector = np.zeros((1, width(PREDICTION)), np.float32)
        vector[0, PREDICTION["rotation"]] = np.eye(3).ravel()
        vector[0, PREDICTION["points"]] = 0.05
        vector[0, PREDICTION["log_std"]] = np.log(std)
        some = target_vector(point_weights=np.ones(68))[None]
        return float(FaceLoss(points="laplace")(some, vector))

    best = 0.05 * np.sqrt(2)
    assert loss(best) < min(loss(0.9 * best), loss(1.1 * best))


def test_the_names_of_the_direct_network_are_those_of_saved_files() -> None:
    names = {layer.name for layer in face_network(SIZE).layers}
    assert names >= {"crops", "pixels_to_unit_range", "points", "log_std", "rows", "rotation"}
    assert names >= {"shape", "rotation_doubt", "openness_seen", "presence_logit", "face"}
    assert names >= {"places", "rows_by_places", "appearance"}
