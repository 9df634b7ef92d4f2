"""The face network: what goes in, what comes out, and that it can learn every label at once."""

from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.special import expit

from training.faces.losses import face_loss
from training.faces.targets import PREDICTION, target_vector, width
from training.fit import overfits
from training.networks.detector import detector_network
from training.networks.face import face_network, serving_network
from training.networks.landmarks import landmark_network
from training.networks.point_heads import HEADS
from training.networks.trunk import copy_trunk


@pytest.fixture(autouse=True)
def _seed() -> None:
    keras.utils.set_random_seed(3)


def crops(count: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def test_it_starts_at_the_mean_face_upright() -> None:
    mean = np.linspace(0.2, 0.8, 136, dtype=np.float32).reshape(68, 2)
    answer = face_network(64, mean).predict(crops(3), verbose=0)
    assert answer.shape == (3, width(PREDICTION))
    np.testing.assert_allclose(answer[0, PREDICTION["points"]], mean.ravel(), atol=0.3)
    found = Rotation.from_matrix(answer[:, PREDICTION["rotation"]].reshape(-1, 3, 3))
    assert np.degrees(found.magnitude()).max() < 30


@pytest.mark.parametrize("head", HEADS)
def test_a_network_read_from_its_file_is_served_too(tmp_path: Path, head: str) -> None:
    network = face_network(64, head=head)
    network.save(tmp_path / "last.keras")
    read = keras.saving.load_model(tmp_path / "last.keras", compile=False)
    expected = serving_network(network).predict(crops(2), verbose=0)
    answer = serving_network(read).predict(crops(2), verbose=0)
    for name, values in expected.items():
        np.testing.assert_allclose(answer[name], values, atol=1e-5)


def test_the_served_outputs_are_the_contract() -> None:
    network = face_network(64)
    served = serving_network(network, 2.0, (1.0, 3.0, 0.5))
    answer = served.predict(crops(4), verbose=0)
    shapes = {name: values.shape[1:] for name, values in answer.items()}
    assert shapes == {
        "points": (68, 2),
        "std": (68,),
        "visible": (68,),
        "rotation": (3, 3),
        "rotation_std": (3,),
        "openness": (2,),
        "presence": (),
    }
    even = serving_network(network, faces_per_other=20.0).predict(crops(4), verbose=0)["presence"]
    odds, even_odds = (p / (1 - p) for p in (answer["presence"], even))
    np.testing.assert_allclose(odds / even_odds, 20.0, rtol=1e-4)
    raw = network.predict(crops(4), verbose=0)
    np.testing.assert_allclose(answer["std"], 2 * np.exp(raw[:, PREDICTION["log_std"]]), rtol=1e-4)
    expected = np.exp(raw[:, PREDICTION["rotation_log_std"]]) * (1.0, 3.0, 0.5)
    np.testing.assert_allclose(answer["rotation_std"], expected, rtol=1e-4)
    product = answer["rotation"] @ np.swapaxes(answer["rotation"], 1, 2)
    np.testing.assert_allclose(product, np.tile(np.eye(3), (4, 1, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(answer["rotation"]), 1.0, atol=1e-5)
    logits = raw[:, PREDICTION["visible_logit"]].astype(np.float64)
    np.testing.assert_allclose(answer["visible"], expit(logits), rtol=1e-4)
    assert ((answer["presence"] > 0) & (answer["presence"] < 1)).all()


def test_it_learns_every_label_of_a_few_crops() -> None:
    rng = np.random.default_rng(2)
    rotations = Rotation.from_euler("YXZ", rng.uniform(-60, 60, (8, 3)), degrees=True).as_matrix()
    targets = np.stack(
        [
            target_vector(
                points=rng.uniform(0.2, 0.8, (68, 2)),
                point_weights=np.ones(68),
                rotation=rotation,
                rotation_weights=(1, 1, 1),
                openness=rng.uniform(0, 0.4, 2),
                openness_weights=(1, 1),
                visible=rng.random(68) < 0.5,
                visible_weights=np.ones(68),
                presence=1.0,
                presence_weight=1.0,
            )
            for rotation in rotations
        ]
    )
    network = face_network(64)
    assert overfits(network, face_loss, (crops(8), targets), steps=120) < 0.35


def test_it_is_read_back_from_its_file(tmp_path: Path) -> None:
    network = face_network(64)
    network.save(tmp_path / "face.keras")
    again = keras.saving.load_model(tmp_path / "face.keras", compile=False)
    np.testing.assert_array_equal(
        network.predict(crops(2), verbose=0), again.predict(crops(2), verbose=0)
    )


def test_the_trunk_taken_out_left_landmark_networks_as_they_were() -> None:
    """Names decide which saved weights go where; these are those of published files."""
    network = landmark_network(64, 68)
    names = [layer.name for layer in network.layers]
    assert names[:2] == ["crops", "pixels_to_unit_range"]
    assert names[-1] == "points_and_log_std"
    # The stem, two in each of four fused blocks and in each of seven others.
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in network.layers) == 23
    assert sum(isinstance(layer, keras.layers.DepthwiseConv2D) for layer in network.layers) == 7


@pytest.mark.parametrize("head", HEADS)
def test_it_can_begin_with_the_trunk_of_another(head: str) -> None:
    trained, network = landmark_network(64, 68), face_network(64, head=head)

    def seen(by: keras.Model) -> np.ndarray:
        """The trunk's last map."""
        sums = [layer.output for layer in by.layers if isinstance(layer, keras.layers.Add)]
        last = [each for each in sums if each.shape[1:] == (2, 2, 128)][-1]
        return np.asarray(keras.Model(by.input, last)(crops(2).astype(np.float32)))

    assert not np.allclose(seen(network), seen(trained))
    copy_trunk(trained, network)
    np.testing.assert_allclose(seen(network), seen(trained), atol=1e-5)


def test_a_network_of_another_kind_has_no_trunk_to_begin_with() -> None:
    with pytest.raises(ValueError, match="detector has no trunk"):
        copy_trunk(detector_network((16, 16, 16), (16, 16, 16)), face_network(64))
