"""A published file put back into the network that it came from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tiny_models import write_landmarks
from training.beginning import Beginning
from training.export import export_onnx
from training.faces.predictor import OUTPUT_NAMES
from training.networks.detector import detector_network, served_network
from training.networks.face import face_network, serving_network
from training.networks.landmarks import landmark_network
from training.networks.landmarks import serving_network as serving_landmarks
from training.networks.reopening import reopen
from training.recipes.detector_card import OUTPUTS as DETECTOR_OUTPUTS

Pictures = NDArray[np.uint8]


def pictures(count: int, seed: int, size: int = 64) -> Pictures:
    """Noise in large patches: something to see at every scale."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return small.repeat(size // 8, axis=1).repeat(size // 8, axis=2)


def as_if_trained(network: keras.Model) -> keras.Model:
    """Weights of every kind differ from where they begin."""
    rng = np.random.default_rng(5)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.beta.shape
            layer.gamma.assign(rng.uniform(0.5, 1.5, shape))
            layer.beta.assign(rng.normal(0, 0.3, shape))
            layer.moving_mean.assign(rng.normal(0, 0.3, shape))
            layer.moving_variance.assign(rng.uniform(0.3, 2.0, shape))
        else:
            layer.set_weights([w + rng.normal(0, 0.02, w.shape) for w in layer.get_weights()])
    return network


def export_landmarks(network: keras.Model, path: Path) -> None:
    export_onnx(
        serving_landmarks(network),
        path,
        pictures(8, 1),
        input_name="crops",
        output_names=["points", "std"],
    )


def export_face(network: keras.Model, path: Path) -> None:
    export_onnx(
        serving_network(network),
        path,
        pictures(8, 1),
        input_name="crops",
        output_names=list(OUTPUT_NAMES),
        scales={"rotation_std": 57.3},
    )


def export_detector(network: keras.Model, path: Path) -> None:
    export_onnx(
        served_network(network),
        path,
        pictures(8, 1),
        input_name="images",
        output_names=list(DETECTOR_OUTPUTS),
        output_axes=("batch", "cells"),
        scales={"boxes": 64.0, "points": 64.0},
    )


CASES: dict[str, tuple[Callable[[], keras.Model], Callable[[keras.Model, Path], None]]] = {
    "landmarks": (lambda: landmark_network(64, 5), export_landmarks),
    "face": (lambda: face_network(64, head="heat"), export_face),
    "face, direct": (lambda: face_network(64, head="direct"), export_face),
    "detector": (lambda: detector_network((16, 32, 32), (16, 16, 32)), export_detector),
}


def answers(network: keras.Model, some: Pictures, training: bool = False) -> NDArray[Any]:
    return np.asarray(network(some, training=training), np.float64)


@pytest.mark.parametrize("case", CASES)
def test_the_reopened_network_answers_as_the_trained_one(tmp_path: Path, case: str) -> None:
    build, export = CASES[case]
    trained = as_if_trained(build())
    export(trained, tmp_path / "model.onnx")
    reopened = build()
    reopen(tmp_path / "model.onnx", reopened, pictures(20, 2))

    seen = pictures(4, 3)
    expected = answers(trained, seen)
    assert np.abs(answers(build(), seen) - expected).max() > 0.05, "nothing was to be learnt"
    np.testing.assert_allclose(answers(reopened, seen), expected, rtol=1e-3, atol=1e-3)


def test_normalisations_know_what_they_see(tmp_path: Path) -> None:
    """A training goes on at once: the first batch is normalised about as the file answers."""
    trained = as_if_trained(landmark_network(64, 5, dropout=0.0))
    export_landmarks(trained, tmp_path / "model.onnx")
    reopened = landmark_network(64, 5, dropout=0.0)
    some = pictures(32, 2)
    reopen(tmp_path / "model.onnx", reopened, some)
    served = answers(reopened, some)
    first = reopened.layers[
        [isinstance(one, keras.layers.BatchNormalization) for one in reopened.layers].index(True)
    ]
    before = keras.Model(reopened.input, first.input)
    values = answers(before, some)
    np.testing.assert_allclose(first.moving_mean, values.mean(axis=(0, 1, 2)), atol=1e-3)
    np.testing.assert_allclose(first.moving_variance, values.var(axis=(0, 1, 2)), rtol=1e-3)
    # The same pictures as one batch have the very statistics that were measured.
    np.testing.assert_allclose(answers(reopened, some, training=True), served, atol=1e-2)


def test_another_network_is_refused(tmp_path: Path) -> None:
    export_landmarks(landmark_network(64, 5), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="another network"):
        reopen(
            tmp_path / "model.onnx", detector_network((16, 16, 16), (16, 16, 16)), pictures(8, 1)
        )


def test_a_read_out_of_another_shape_begins_anew(tmp_path: Path) -> None:
    trained = as_if_trained(landmark_network(64, 5))
    export_landmarks(trained, tmp_path / "model.onnx")
    network = landmark_network(64, 6)
    before = network.get_layer("xy").get_weights()
    reopen(tmp_path / "model.onnx", network, pictures(20, 2))
    for value, old in zip(network.get_layer("xy").get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)
    seen = pictures(4, 3)
    expected, found = (
        answers(keras.Model(some.input, crop_trunk_of(some)), seen) for some in (trained, network)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_a_new_read_out_begins_anew(tmp_path: Path) -> None:
    trained = as_if_trained(landmark_network(64, 5))
    export_landmarks(trained, tmp_path / "model.onnx")
    earlier = landmark_network(64, 5)
    read_out = keras.layers.Dense(3, name="something_new")
    flat = next(one for one in earlier.layers if isinstance(one, keras.layers.Flatten))
    network = keras.Model(earlier.input, [earlier.output, read_out(flat.output)])
    before = read_out.get_weights()
    reopen(tmp_path / "model.onnx", network, pictures(20, 2))
    for value, old in zip(read_out.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)
    seen = pictures(4, 3)
    np.testing.assert_allclose(answers(earlier, seen), answers(trained, seen), rtol=1e-3, atol=1e-3)


def test_a_landmark_model_gives_its_trunk_to_a_face_network(tmp_path: Path) -> None:
    beginning = Beginning.at(tmp_path, write_landmarks(tmp_path / "some-model").name, "research")
    assert beginning is not None
    trained = as_if_trained(landmark_network(64, 68))
    export_landmarks(trained, beginning.folder / beginning.card.file.name)
    network = face_network(64, head="direct")
    beginning.give(network, pictures(20, 2))
    expected, found = (
        answers(keras.Model(some.input, crop_trunk_of(some)), pictures(4, 3))
        for some in (trained, network)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def crop_trunk_of(network: keras.Model) -> keras.KerasTensor:
    """Its last map."""
    sums = [one.output for one in network.layers if isinstance(one, keras.layers.Add)]
    return [each for each in sums if each.shape[1:] == (2, 2, 128)][-1]


@pytest.mark.parametrize("edition", ["free", "research"])
def test_a_free_edition_begins_with_free_weights_alone(tmp_path: Path, edition: str) -> None:
    card_file = write_landmarks(tmp_path / "some-model") / "card.json"
    card = json.loads(card_file.read_text())
    card["licence"] |= {"edition": edition, "commercial_use": "no"}
    card_file.write_text(json.dumps(card))
    beginning = Beginning.at(tmp_path, "some-model", "research")
    assert beginning is not None
    assert beginning.card.file.sha256 in str(beginning)
    if edition == "free":
        assert Beginning.at(tmp_path, "some-model", "free") == beginning
    else:
        with pytest.raises(ValueError, match="not free"):
            Beginning.at(tmp_path, "some-model", "free")


def test_without_a_name_the_weights_are_random(tmp_path: Path) -> None:
    assert Beginning.at(tmp_path, "", "free") is None
