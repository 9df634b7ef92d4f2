"""Factors of deviations against errors drawn with known spreads; the rotations are SciPy's."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.tiny_models import TEMPLATE_68
from tests.training.made_up_faces import (
    SIZE,
    head,
    knowing,
    numbered,
    posed_samples,
    untrained_network,
)
from training.faces.calibration import CalibrationSets, calibrate, covered, rotation_scales
from training.faces.exporting import export_face
from training.faces.posed import PosedFaces, measure_posed
from training.faces.predictor import FaceAnswers, FacePredictor
from training.samples import FaceSample, ImageSample
from training.workspace import Workspace


def drawn(count: int, spread: tuple[float, float, float], seed: int, roll: bool) -> PosedFaces:
    """Heads whose errors about the axes of the unrolled head have these deviations, stated as 1."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform((-60, -40, -30), (60, 40, 30), (count, 3))
    frames = Rotation.from_euler("YX", -angles[:, :2], degrees=True)
    own = Rotation.from_euler("z", angles[:, 2:] if roll else 0.0 * angles[:, 2:], degrees=True)
    errors = Rotation.from_rotvec(rng.normal(0.0, spread, (count, 3)), degrees=True)
    truth = frames * own
    found = frames * errors * frames.inv() * truth
    answers = FaceAnswers(
        points=np.zeros((count, 68, 2)),
        std=np.ones((count, 68)),
        visible=np.ones((count, 68)),
        rotation=found.as_matrix(),
        rotation_std=np.ones((count, 3)),
        openness=np.zeros((count, 2)),
        presence=np.ones(count),
    )
    crops = np.zeros((count, 1, 1, 3), np.uint8)
    return PosedFaces(truth.as_matrix(), answers, crops, ["x"] * count, roll_labelled=roll)


def test_the_factors_are_the_spreads_of_the_errors() -> None:
    posed = drawn(20_000, (0.5, 2.0, 0.25), 0, roll=True)
    factors = rotation_scales([posed])
    assert factors == pytest.approx((0.5, 2.0, 0.25), rel=0.03)
    assert covered(posed, np.array(factors)).mean(axis=0) == pytest.approx(0.9, abs=1e-3)
    # Another level of a normal: 1.96 deviations hold 95 %.
    assert covered(posed, np.array(factors), 0.95).mean(axis=0) == pytest.approx(0.95, abs=0.01)


def test_each_set_is_covered_and_roll_comes_from_where_it_is_labelled() -> None:
    """A small set of large errors is not outvoted by a large set of small ones."""
    small, large = drawn(1000, (2.0, 0.5, 9.0), 0, False), drawn(20_000, (0.5, 1.0, 0.25), 1, True)
    factors = rotation_scales([small, large])
    assert factors[:2] == pytest.approx((2.0, 1.0), rel=0.1)
    assert factors[2] == pytest.approx(0.25, rel=0.03)
    for one, axis in ((small, 0), (large, 1)):
        assert covered(one, np.array(factors))[:, axis].mean() == pytest.approx(0.9, abs=2e-3)


def test_without_labelled_roll_its_axis_is_neither_wrong_nor_a_mistake_elsewhere() -> None:
    truth, found = head(20, 10, 0), head(24, 10, 50)
    answers = drawn(1, (1.0, 1.0, 1.0), 0, roll=True).answers
    answers = FaceAnswers(
        **{n: getattr(answers, n) for n in answers.__slots__ if n != "rotation"},
        rotation=found[None],
    )
    posed = PosedFaces(truth[None], answers, np.zeros((1, 1, 1, 3), np.uint8), ["x"], False)
    errors = posed.axis_errors[0]
    assert abs(errors[1]) == pytest.approx(4 * np.cos(np.radians(10)), abs=0.02)
    assert errors[0] == pytest.approx(0.0, abs=0.05)
    assert errors[2] == 0.0


def point_samples(folder: Path) -> list[ImageSample]:
    """Faces of the made-up answer's shape, with noise."""
    rng = np.random.default_rng(0)
    made = []
    for index in range(40):
        points = TEMPLATE_68 * 30 + 5 + rng.normal(0, 1, (68, 2))
        face = FaceSample(points_in_image=points.astype(np.float32), scheme="ibug-68")
        made.append(ImageSample("made", numbered(folder, index), (face,), str(index), "validation"))
    return made


def test_the_factor_of_the_points_covers_ninety_per_cent(tmp_path: Path) -> None:
    points = point_samples(tmp_path)
    posed = posed_samples(tmp_path, [head(0, 0, 0), head(3, 0, 0)])
    predictor = knowing([head(1, 0, 1)])
    sets = CalibrationSets({"made": points}, {"made": (posed, True)})
    before = calibrate(predictor, sets)
    assert before.coverage["points, made"] == pytest.approx(0.9, abs=2e-3)

    def twice(crops: np.ndarray) -> dict[str, np.ndarray]:
        answers = dict(predictor.run(crops))
        return answers | {"std": 2 * answers["std"], "rotation_std": 4 * answers["rotation_std"]}

    after = calibrate(FacePredictor(twice, SIZE), sets)
    assert after.std == pytest.approx(before.std / 2)
    assert after.rotation_std == pytest.approx(tuple(f / 4 for f in before.rotation_std))


def test_each_set_of_points_is_covered_however_small(tmp_path: Path) -> None:
    few = point_samples(tmp_path)
    far = [
        replace(one, faces=(replace(one.faces[0], points_in_image=_twice_as_far(one)),))
        for one in few
    ]
    posed = {"made": (posed_samples(tmp_path, [head(0, 0, 0)]), True)}
    predictor = knowing([head(1, 0, 1)])

    def factor(**points: list[ImageSample]) -> float:
        return calibrate(predictor, CalibrationSets(points, posed)).std

    assert factor(near=few) < factor(far=far)
    assert factor(near=few * 5, far=far) == pytest.approx(factor(far=far))


def _twice_as_far(one: ImageSample) -> np.ndarray:
    points = one.faces[0].points_in_image
    assert points is not None
    template = (TEMPLATE_68 * 30 + 5).astype(np.float32)
    return template + 2 * (points - template)


def test_the_exported_file_is_calibrated(tmp_path: Path) -> None:
    points = point_samples(tmp_path)
    rng = np.random.default_rng(0)
    posed = posed_samples(tmp_path, list(Rotation.random(30, rng=rng).as_matrix()))
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", "face")
    sets = CalibrationSets({"made": points}, {"made": (posed, True)})
    calibration = export_face(untrained_network, workspace, sets)

    measured = measure_posed(FacePredictor.open(workspace.onnx), posed, roll_labelled=True)
    assert covered(measured).mean(axis=0) == pytest.approx(0.9, abs=1 / len(measured) + 1e-9)
    again = calibrate(FacePredictor.open(workspace.onnx), sets)
    assert (again.std, *again.rotation_std) == pytest.approx((1.0,) * 4, rel=1e-4)
    saved = json.loads((workspace.export / "calibration.json").read_text())
    assert saved["std"] == calibration.std
    assert (workspace.export / "parity.json").is_file()
