"""Which faces recipes of the zoo learn from and are judged on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.made_up_series import OpenMadeUp
from tests.training.tiny_sets import write_ibug_large, write_pointing, write_set
from training import datasets
from training.faces.prepared import load_source, prepare_source
from training.prepared_folder import limits_of, read
from training.recipes.zoo_distances import DISTANCES_MLP
from training.recipes.zoo_landmarks import MOBILENETV2_CONV
from training.recipes.zoo_vectors import C1_NET
from training.samples import to_learn_from
from training.synthetic.shards import write_samples
from training.workspace import Workspace
from training.zoo import distances_recipe
from training.zoo.sources import held_out_subjects, load_points, prepare_points, present


def write_300w(data: Path) -> None:
    """Two copies of 300-W whose splits differ: dlib tests on HELEN's photographs 0 to 9."""
    names = [f"helen_train_{number}_1.png" for number in range(60)]
    points = np.random.default_rng(0).uniform(30, 90, (len(names), 68, 2)).astype(np.float32)
    write_set(
        data / "w300",
        names,
        landmarks=points,
        split=np.array(["train"] * len(names)),
        subset=np.array(["helen"] * len(names)),
        near_dup_of_test=np.zeros(len(names), bool),
    )
    copy = data / "ibug_300w_large"
    write_ibug_large(copy, [f"helen/trainset/{number}_1.jpg" for number in range(10, 60)])
    write_ibug_large(copy, [f"helen/trainset/{number}_1.jpg" for number in range(10)], test=True)


def test_nobody_is_learnt_from_in_one_copy_who_is_tested_on_in_another(tmp_path: Path) -> None:
    write_300w(tmp_path)
    held = {f"300w:helen/{number}" for number in range(10)}
    in_w300 = {one.subject for one in to_learn_from(datasets.load("w300", tmp_path))}
    assert held < in_w300, "by its own split w300 would teach them"
    assert held_out_subjects(MOBILENETV2_CONV.tests, tmp_path) == held
    learnt = subjects_of(MOBILENETV2_CONV, tmp_path)
    assert {name: len(subjects) for name, subjects in learnt.items()} == {
        "w300": 50,
        "ibug_300w_large": 50,
    }
    assert all(subjects.isdisjoint(held) for subjects in learnt.values())


@pytest.mark.parametrize("of", [C1_NET, DISTANCES_MLP], ids=lambda of: of.name)
def test_so_it_is_with_every_kind_of_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any
) -> None:
    write_300w(tmp_path)
    monkeypatch.setattr(distances_recipe, "head_fit", lambda _: lambda _points: np.eye(3))
    learnt = subjects_of(replace(of, tests=("ibug_300w_large",)), tmp_path)
    assert [len(subjects) for subjects in learnt.values()] == [50]


def subjects_of(recipe: Any, data: Path) -> dict[str, set[str]]:
    """Who is in each of the folders that the recipe prepares."""
    workspace = Workspace(data / "runs", data / "models", recipe.name)
    recipe.prepare(data, workspace)
    files = workspace.prepared.rglob("labels.npz")
    return {file.parent.name: set(np.load(file)["subject"].tolist()) for file in files}


def test_pictures_stay_where_they_lie(tmp_path: Path) -> None:
    """All may be more than memory holds, and a row that is moved is a row in memory."""
    write_pointing(tmp_path / "pointing04")
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", C1_NET.name, limit=5)
    C1_NET.prepare(tmp_path, workspace)
    folder = workspace.prepared / "pointing04"
    faces = load_source("pointing04", tmp_path, folder)
    assert isinstance(faces.pixels, np.memmap)
    for ours, stored in ((faces.pixels, "pixels"), (faces.split, "split")):
        np.testing.assert_array_equal(ours, read(folder)[stored])
    assert limits_of(workspace.prepared) == [5]


@pytest.mark.parametrize(("limit", "faces"), [(1050, 1050), (30, 30), (5000, 1200), (None, 1200)])
def test_of_renders_as_many_are_learnt_from_as_were_prepared(
    tmp_path: Path, limit: int | None, faces: int
) -> None:
    """Though nothing is cut of them."""
    facts = {"source": "renders", "edition": "free", "terms": "none"}
    write_samples(OpenMadeUp(), {"seed": 1}, facts, tmp_path / "renders", 1200)
    folder = tmp_path / "prepared" / "renders"
    prepare_points("renders", "aflw-21", tmp_path, folder, 32, limit=7)  # an earlier preparation
    prepare_points("renders", "aflw-21", tmp_path, folder, 32, limit=limit)
    points = load_points("renders", "aflw-21", tmp_path, folder)
    assert len(points) == len(points.pixels) == len(points.seen) == faces
    prepare_source("renders", tmp_path, folder, limit=limit)
    heads = load_source("renders", tmp_path, folder)
    assert len(heads.pixels) == len(heads.rotation) == len(heads.visible) == faces
    np.testing.assert_array_equal(heads.pixels, points.pixels)
    assert limits_of(tmp_path / "prepared") == ([limit] if faces == limit else [])


def test_sets_that_are_not_there_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "renders").mkdir()
    assert present(("muct", "renders"), tmp_path) == ["renders"]
    assert "muct" in capsys.readouterr().err
    with pytest.raises(ValueError, match="muct, w300"):
        present(("muct", "w300"), tmp_path)
