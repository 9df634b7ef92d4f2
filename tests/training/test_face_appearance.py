"""Different shares of the appearance are tried on the faces that calibrate."""

from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.training.made_up_faces import posed_samples
from training.faces import appearance
from training.faces.calibration import CalibrationSets
from training.networks.face import face_network


def test_the_share_turns_the_heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = list(Rotation.random(6, rng=np.random.default_rng(0)).as_matrix())
    upright = [Rotation.from_euler("y", yaw, degrees=True).as_matrix() for yaw in (5, -20)]
    posed = {"made": (posed_samples(tmp_path, heads + upright), True)}
    sets = CalibrationSets({}, posed)
    monkeypatch.setattr(appearance, "calibration_sets", lambda _data, _points: sets)
    keras.utils.set_random_seed(1)
    network = face_network(64, head="heat")
    # As if it had learnt that all heads look to one side.
    network.get_layer("rows").bias.assign([0.0, 0.0, -1.0, 0.0, 0.0, 0.0])
    found = [appearance.errors(network, tmp_path, "w300", share) for share in (0.0, 1.0)]
    assert found[0].keys() == {"yaw, made", "pitch, made", "geodesic, made"}
    assert abs(found[0]["yaw, made"] - found[1]["yaw, made"]) > 5
