"""Prepared and rendered faces from tiny folders, and the recipe that trains on them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import face_box
from app.face.pnp import canonical_points
from app.face.rotation import geodesic_degrees, to_euler
from tests.training.made_up_series import SIZE as RENDER_SIZE
from tests.training.made_up_series import OpenMadeUp
from tests.training.tiny_sets import write_pointing, write_renders, write_set
from training.__main__ import main
from training.datasets.pointing04 import HABITS
from training.faces import prepared
from training.faces.crops import LabelledCrops
from training.faces.lids import OFFSET, PHOTOGRAPH_WEIGHT, SLOPE
from training.faces.prepared import SHOWN_WEIGHT, from_shards, load_source, prepare_source
from training.prepared_folder import fill
from training.recipes.face_68 import FACE_68
from training.samples import ImageSample
from training.splits import validation_by_subject
from training.workspace import Workspace

Floats = NDArray[np.float64]
EYES = list(range(36, 48))


def seen(rotation: Floats) -> Floats:
    """(68, 2) pixels of the canonical head, far away."""
    return (canonical_points() @ rotation.T)[:, :2] * 0.4 + (60.0, 52.0)


@dataclass(frozen=True, slots=True)
class Fit:
    rotation: Floats
    accepted: bool


class KnowingFitter:
    """Stands in for the morphable head: it knows which turn was drawn, and refuses turned-up ones.

    Crops are scaled alone, so the canonical head's own points tell it.
    """

    def __init__(self, *_: object) -> None:
        pass

    def fit(self, points: Floats, size: tuple[int, int]) -> Fit:  # noqa: ARG002 - as the real one
        head = canonical_points() - canonical_points().mean(axis=0)
        rows = np.linalg.lstsq(head, points - points.mean(axis=0), rcond=None)[0].T
        left, _, right = np.linalg.svd(rows, full_matrices=False)
        x, y = left @ right
        rotation = np.stack([x, y, np.cross(x, y)])
        return Fit(rotation, bool(to_euler(rotation)[1] < 50))


@pytest.fixture
def _knowing_fitter(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        return None

    for name in ("load_facekit", "JawContour", "habits_of_300w"):
        monkeypatch.setattr(prepared, name, nothing)
    monkeypatch.setattr(prepared, "HeadFitter", KnowingFitter)


ANGLES = [(0, 0, 0), (-25, 10, 20), (60, 0, 0), (0, -60, 0)]  # SciPy's YXZ: the last looks up


@pytest.mark.usefixtures("_knowing_fitter")
def test_photographs_are_cut_fitted_and_their_eyes_judged(tmp_path: Path) -> None:
    turns = Rotation.from_euler("YXZ", ANGLES, degrees=True).as_matrix()
    points = np.stack([seen(turn) for turn in turns]).astype(np.float32)
    names = [f"lfpw_train_image_{index:04}.png" for index in range(len(turns))]
    write_set(
        tmp_path / "w300",
        [*names, "lfpw_test_image_0000.png", "lfpw_train_image_0009.png"],
        landmarks=np.concatenate([points, points[:2]]),
        split=np.array(["train"] * len(turns) + ["test", "train"]),
        subset=np.array(["lfpw"] * (len(turns) + 2)),
        near_dup_of_test=np.array([False] * (len(turns) + 1) + [True]),
    )
    prepare_source("w300", tmp_path, tmp_path / "prepared")
    faces = load_source("w300", tmp_path, tmp_path / "prepared")

    photographs = [f"300w:lfpw/train/{index:04}" for index in range(len(turns))]
    assert faces.subject.tolist() == photographs
    splits = [validation_by_subject(subject, one_in=20) for subject in photographs]
    assert faces.split.tolist() == splits
    np.testing.assert_array_equal(faces.point_weights, 1)
    np.testing.assert_array_equal(faces.visible, 1)
    np.testing.assert_allclose(faces.visible_weights, SHOWN_WEIGHT)
    # Pictures show twice the crop's 1.3 times the box, 256 pixels a side.
    for index, row in enumerate(points):
        box = face_box(row)
        scale = 256 / (2 * 1.3 * np.sqrt(box.width * box.height))
        around = faces.points[index] - faces.points[index].mean(axis=0)
        np.testing.assert_allclose(around, scale * (row - row.mean(axis=0)), atol=0.01)
        assert faces.boxes[index, 2] == pytest.approx(scale * box.width, rel=1e-4)
        assert faces.pixels[index, 128, 128, 0] == 40 + 10 * index
    np.testing.assert_array_equal(faces.rotation_weights[:, 0], [1, 1, 1, 0])
    assert geodesic_degrees(faces.rotation[:3], turns[:3]).max() < 0.1
    # Too far to the side is not judged, nor what was not fitted.
    np.testing.assert_array_equal(
        faces.openness_weights, np.outer([1, 1, 0, 0], [PHOTOGRAPH_WEIGHT] * 2)
    )
    head = canonical_points()
    lids = [np.linalg.norm(head[a] - head[b]) for a, b in ((37, 41), (38, 40), (36, 39))]
    expected = SLOPE * (lids[0] + lids[1]) / 2 / lids[2] + OFFSET
    np.testing.assert_allclose(faces.openness[:2], expected, atol=0.01)


def test_eyes_are_believed_where_the_rotation_is_labelled(tmp_path: Path) -> None:
    turn = Rotation.from_euler("YXZ", (-20, 5, 0), degrees=True).as_matrix()
    faces = LabelledCrops.unlabelled(
        np.zeros((2, 8, 8, 3), np.uint8),
        np.ones((2, 4), np.float32),
        np.array(["a", "b"]),
        np.array(["train", "train"]),
        points=np.stack([seen(turn)] * 2).astype(np.float32),
        point_weights=np.full((2, 68), 0.5, np.float32),
        rotation=np.stack([turn] * 2).astype(np.float32),
        rotation_weights=np.array([[1, 1, 1], [0, 0, 0]], np.float32),
    )
    sample = ImageSample("ytf68", Path("none"), (), "a", "train")
    fill(tmp_path, [sample], lambda _samples, _left_out: faces.arrays(), {})
    faces = load_source("ytf68", tmp_path, tmp_path)
    weight = 0.5 * PHOTOGRAPH_WEIGHT  # a set of points that count half
    expected = np.array([[weight, weight], [0.0, 0.0]])
    np.testing.assert_allclose(faces.openness_weights, expected)
    assert faces.openness[0] == pytest.approx(faces.openness[0, 0], abs=0.01)
    assert faces.openness[0, 0] > 0.15


def test_angles_without_points(tmp_path: Path) -> None:
    write_pointing(tmp_path / "pointing04")
    prepare_source("pointing04", tmp_path, tmp_path / "prepared")
    faces = load_source("pointing04", tmp_path, tmp_path / "prepared")

    assert faces.split.tolist() == ["train"] * 3 + ["validation"] * 2
    assert not faces.point_weights.any()
    assert not faces.openness_weights.any()
    assert not faces.visible_weights.any()
    np.testing.assert_allclose(faces.rotation_weights, np.tile([1, 0.2, 0.1], (5, 1)))
    yaw, pitch, roll = to_euler(faces.rotation.astype(np.float64))
    # Persons 1, 2 and 2 learn as they sat, person 9 is as labelled.
    sat = np.array([*(HABITS[person] for person in (1, 2, 2)), (0, 0, 0), (0, 0, 0)])
    np.testing.assert_allclose(yaw, sat[:, 0] + [30, -30, 0, -45, 0], atol=1e-3)
    np.testing.assert_allclose(pitch, sat[:, 1] + [0, 15, 0, -30, 0], atol=1e-3)
    np.testing.assert_allclose(roll, sat[:, 2], atol=1e-3)


def test_shards_are_read_and_put_with_those_for_training_first(tmp_path: Path) -> None:
    write_renders(tmp_path / "renders", 120)
    faces = load_source("renders", tmp_path, tmp_path).train_first()
    made = OpenMadeUp()()
    names = [f"render-{index}" for index in range(120)]
    train = [name for name in names if validation_by_subject(name, one_in=20) == "train"]
    held_out = [name for name in names if name not in train]
    assert 0 < len(held_out) < 20
    assert faces.subject.tolist() == train + held_out
    for row, name in enumerate(faces.subject):
        sample = made(int(name.removeprefix("render-")))
        np.testing.assert_array_equal(faces.pixels[row], sample.image)
        np.testing.assert_allclose(faces.points[row], sample.label.points, rtol=1e-6)
        np.testing.assert_array_equal(faces.visible[row], sample.label.visible)
    assert (faces.split[: len(train)] == "train").all()
    assert 0 < faces.visible.mean() < 1
    np.testing.assert_array_equal(faces.visible_weights, 1)
    eyes = np.stack([faces.visible[:, eye].sum(axis=1) for eye in (EYES[:6], EYES[6:])], axis=1)
    np.testing.assert_array_equal(faces.openness_weights, eyes >= 4)
    assert 0 < faces.openness_weights.mean() < 1
    part = faces.of_split("train")
    assert len(part) == len(train)
    assert np.shares_memory(part.pixels, faces.pixels)
    assert part.pixels.shape[1] == RENDER_SIZE


@pytest.mark.parametrize(("source", "weight"), [("renders", 1.0), ("profiled", PHOTOGRAPH_WEIGHT)])
def test_shards_give_the_rotation_that_crops_show(
    tmp_path: Path, source: str, weight: float
) -> None:
    folder = write_renders(tmp_path / source, 3, source)
    path = folder / "shard-00000.npz"
    with np.load(path) as shard:
        labels: dict[str, Any] = {name: shard[name] for name in shard.files}
    place = np.array([[0, 0, 500.0], [300, 0, 519.615242], [0, -300, 519.615242]])
    labels["pose.translation"] = place
    np.savez(path, **labels)
    faces = from_shards(folder)
    order = [int(name.removeprefix("render-")) for name in faces.subject]
    yaw, pitch, _ = to_euler(faces.rotation[np.argsort(order)].astype(np.float64))
    # 30 degrees to the camera's right, looking along its axis: seen from the other side.
    expected = Rotation.from_euler("yx", [[0, 0], [-30, 0], [0, -30]], degrees=True)
    wanted = to_euler(expected.as_matrix())
    np.testing.assert_allclose(np.abs(yaw), np.abs(wanted[0]), atol=1e-3)
    np.testing.assert_allclose(np.abs(pitch), np.abs(wanted[1]), atol=1e-3)
    assert set(faces.openness_weights.ravel()) <= {0.0, weight}


def test_missing_shards_are_told_by_preparation(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m training render"):
        prepare_source("renders", tmp_path, tmp_path / "prepared")


@pytest.mark.parametrize("head", ["direct", "simcc", "heat"])
def test_the_recipe_prepares_and_trains(tmp_path: Path, head: str) -> None:
    data = tmp_path / "data"
    write_renders(data / "renders", 120)
    write_pointing(data / "pointing04")
    recipe = replace(FACE_68, head=head, size=64, batch=4, schedule=FACE_68.schedule.changed(1, 2))
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    recipe.prepare(data, workspace)
    recipe.train(data, workspace)

    network = keras.saving.load_model(workspace.fit / "last.keras", compile=False)
    answer = network.predict(np.zeros((2, 64, 64, 3), np.uint8), verbose=0)
    assert np.isfinite(answer).all()
    header, line = (workspace.fit / "history.csv").read_text().splitlines()
    logged = dict(zip(header.split(","), map(float, line.split(",")), strict=True))
    assert {"loss", "val_nme", "val_pose", "val_presence"} <= logged.keys()
    assert np.isfinite(list(logged.values())).all()
    recipe.train(data, workspace)  # a finished run returns at once
    other = replace(recipe, rotation_weight=33.0)
    with pytest.raises(ValueError, match="other settings"):
        other.train(data, workspace)


@pytest.mark.parametrize(("limit", "faces"), [("3", 3), ("99", 5)])
def test_a_small_run_cuts_some_pictures_of_each_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, faces: int
) -> None:
    monkeypatch.setattr("training.__main__._limit_threads", lambda _: None)
    data, runs = tmp_path / "data", tmp_path / "runs"
    write_renders(data / "renders", 20)
    write_pointing(data / "pointing04")
    options = ["--recipe", "face-68", "--data", str(data), "--runs", str(runs), "--limit", limit]
    assert main(["prepare", *options]) == 0
    cut = load_source("pointing04", data, runs / "face-68" / "prepared" / "pointing04")
    assert len(cut) == faces, "all but one, who looks straight up"
    assert len(set(cut.subject)) == 3, "spread over the set"
