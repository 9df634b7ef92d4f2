"""Recipes of the zoo from data sets to published models, on a few tiny renders."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from app.face.card import load_card, verify
from app.face.pnp import canonical_points
from app.face.rotation import from_euler
from tests.training.made_up_series import OpenMadeUp
from training.datasets import load
from training.datasets.points_and_angles import FILE, HEADER
from training.fit import Schedule
from training.networks.unit_points import unit_points
from training.onnx_session import open_session
from training.prepared_folder import read_manifest
from training.recipes import RECIPES
from training.recipes.zoo_distances import DISTANCES_MLP, DISTANCES_MLP_REPAIRED
from training.recipes.zoo_landmarks import (
    CNN_128,
    CNN_128_REPAIRED,
    LANDMARK_ZOO,
    MOBILENETV2_CONV,
    RESNET50_MUCT,
)
from training.recipes.zoo_vectors import C1_NET, C_RESNET
from training.samples import FaceSample, ImageSample
from training.synthetic.shards import write_samples
from training.workspace import Workspace
from training.zoo import card as card_of_zoo
from training.zoo import landmark_recipe, runs
from training.zoo.entrants import LARGE, entrants
from training.zoo.landmark_recipe import LandmarkZooRecipe
from training.zoo.posed_points import PosedPoints, prepare_posed
from training.zoo.runs import begun

FACTS = {"source": "renders", "edition": "free", "terms": "none"}
SHORT: dict[str, Any] = {"epochs": 2, "steps_per_epoch": 2}
MODELS = Path("models")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Renders to learn from (every 20th is validation) and others to be judged on."""
    folder = tmp_path_factory.mktemp("data")
    write_samples(OpenMadeUp(), {"seed": 1}, FACTS, folder / "renders", 120)
    write_samples(OpenMadeUp(), {"seed": 2}, FACTS, folder / "renders-test", 12)
    return folder


def walk(recipe: Any, data: Path, workspace: Workspace) -> None:
    for step in ("prepare", "train", "export", "quantise", "evaluate", "card"):
        getattr(recipe, step)(data, workspace)


def small_points(_imagenet: bool) -> keras.Model:
    crops = keras.Input((32, 32, 3), name="crops")
    x = layers.Conv2D(4, 5, strides=4, activation="relu")(layers.Rescaling(1 / 255)(crops))
    return keras.Model(crops, unit_points(layers.Dense(42)(layers.Flatten()(x)), 21, 32))


def small_vectors(_imagenet: bool) -> keras.Model:
    crops = keras.Input((224, 224, 3), name="crops")
    x = layers.AveragePooling2D(28)(layers.Rescaling(1 / 255)(crops))
    return keras.Model(crops, layers.Dense(3, name="rotation_vector")(layers.Flatten()(x)))


def test_every_recipe_of_the_table_is_there() -> None:
    names = {
        "cnn-450", "cnn-450-scaled", "cnn-128", "mobilenetv2-conv", "mobilenetv2-dense",
        "distances-mlp", "resnet50-muct", "c1-net", "c2-net", "c-resnet",
    }  # fmt: skip
    assert names < set(RECIPES)
    # Batch, epochs, learning rate, where the table says them.
    said = {
        "cnn-128": (64, 100, None),
        "cnn-128-long": (16, 1000, None),
        "mobilenetv2-conv": (16, None, 1e-3),
        "distances-mlp": (32, 100, None),
        "resnet50-muct": (16, 8, 1e-3),
        "c1-net": (32, 50, 1e-4),
        "c2-net": (32, 80, 1e-4),
        "c-resnet": (32, 80, 1e-4),
    }
    for name, wanted in said.items():
        recipe: Any = RECIPES[name]
        have = (recipe.batch, recipe.schedule.epochs, recipe.schedule.learning_rate)
        assert have == tuple(h if w is None else w for h, w in zip(have, wanted, strict=True)), name
    conv = RECIPES["mobilenetv2-conv"].schedule
    assert conv.steps == 120_000
    assert [round(share * conv.steps) for share, _ in conv.phases] == [50_000, 40_000, 30_000]
    rates = [conv.learning_rate * factor for _, factor in conv.phases]
    np.testing.assert_allclose(rates, [1e-3, 2e-4, 1e-4])
    assert RECIPES["c-resnet"].schedule.epochs == 80
    second = RECIPES["c2-net"].schedule
    assert [round(share * second.epochs) for share, _ in second.phases] == [50, 30]
    assert RECIPES["distances-mlp"].schedule.patience == 25


@pytest.mark.parametrize("of", [CNN_128, CNN_128_REPAIRED], ids=["faithful", "repaired"])
def test_a_landmark_recipe_walks_the_whole_way(
    data: Path, tmp_path: Path, of: LandmarkZooRecipe
) -> None:
    recipe = replace(of, name="cnn-tiny", size=32, batch=4, network=small_points).changed(
        schedule=of.schedule.changed(**SHORT), begins_with=""
    )
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    walk(recipe, data, workspace)
    card = load_card(workspace.model)
    verify(workspace.model, card)
    assert (card.task, card.scheme, card.licence.edition) == ("landmarks", "aflw-21", "free")
    assert [(output.name, output.shape) for output in card.outputs] == [
        ("points", ["batch", 21, 2])
    ]
    assert "Trained for 4 steps; the original schedule has 2,500." in card.limits
    assert {row.use for row in card.data} == {"train", "validation", "test"}
    assert {metric.protocol.split(",")[0] for metric in card.metrics} == {"renders-test"}
    with (workspace.evaluation("renders-test") / "results.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 12, "a line for each face under each box"
    assert (workspace.model / "history.png").is_file()
    recorded = json.loads((workspace.fit / "run.json").read_text())
    assert recorded["faces"].keys() == {"renders"}, "AFLW2000-3D is not there"


def test_what_changed_a_recipe_is_on_the_card(data: Path, tmp_path: Path) -> None:
    """Though only the training was told about it; and another training does not go on with it."""
    small = replace(
        MOBILENETV2_CONV, name="tiny", scheme="aflw-21", size=32, batch=4, network=small_points
    )
    short = small.changed(schedule=small.schedule.changed(**SHORT), begins_with="")
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", short.name)
    short.without_augmentation().train(data, workspace)
    for step in ("export", "evaluate", "card"):
        getattr(short, step)(data, workspace)
    card = load_card(workspace.model)
    assert card.recipe.command.endswith(" --no-augmentation")
    assert any("without the augmentation" in limit for limit in card.limits)
    (renders,) = [row for row in card.data if row.use == "train"]
    assert "`render --count 120 --seed 1`" in renders.note
    with pytest.raises(ValueError, match="other settings"):
        short.train(data, workspace)
    with pytest.raises(ValueError, match="as it is"):
        CNN_128.without_augmentation()


def test_a_pose_recipe_walks_the_whole_way(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "with_imagenet", lambda build: (build(False), False))
    recipe = replace(C_RESNET, name="c-tiny", batch=4, network=small_vectors).changed(
        schedule=C_RESNET.schedule.changed(**SHORT, learning_rate=1e-3), begins_with=""
    )
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    walk(recipe, data, workspace)
    card = load_card(workspace.model)
    assert (card.task, card.scheme, card.licence.edition) == ("pose", None, "free")
    said = " ".join(card.limits)
    assert "Its learning rate was 0.001; the original one is 0.0001." in said
    assert "they could not be had here" in said
    assert [(one.name, one.shape) for one in card.outputs] == [("rotation", ["batch", 3, 3])]
    assert {"geodesic_error", "yaw_mae"} <= {metric.name for metric in card.metrics}
    session, _ = open_session(workspace.model)
    crops = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    (rotation,) = session.run(["rotation"], {"crops": crops})
    np.testing.assert_allclose(rotation @ np.swapaxes(rotation, 1, 2), [np.eye(3)] * 3, atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-5)
    with (workspace.evaluation("renders-test") / "results.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 12
    assert (workspace.evaluation("renders-test") / "angles.png").is_file()


def test_of_a_large_model_the_card_lies_among_the_large_ones(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_of_zoo, "LARGEST_KEPT", 1000)
    recipe = replace(CNN_128, name="cnn-large", size=32, batch=4, network=small_points).changed(
        schedule=CNN_128.schedule.changed(**SHORT), begins_with=""
    )
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    walk(recipe, data, workspace)
    assert not workspace.model.exists()
    card = load_card(workspace.models / LARGE / recipe.name)
    assert "--recipe cnn-large" in card.recipe.command
    # In a fresh checkout its file is not there: what the recipe left takes part in the comparison.
    (workspace.models / LARGE / recipe.name / "model.onnx").unlink()
    (entrant,) = entrants(workspace.models, workspace.runs)
    assert (entrant.name, entrant.file) == (recipe.name, workspace.onnx)


@pytest.mark.parametrize("recipe", [DISTANCES_MLP, DISTANCES_MLP_REPAIRED], ids=lambda r: r.name)
def test_distances_are_read_off_the_published_landmarks(
    recipe: Any, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(MODELS / "landmarks-68", tmp_path / "models" / "landmarks-68")
    short = recipe.changed(schedule=recipe.schedule.changed(**SHORT), begins_with="")
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    walk(short, data, workspace)
    card = load_card(workspace.model)
    assert (card.task, card.scheme, card.licence.edition) == ("pose", "ibug-68", "research")
    notes = {row.note for row in card.data if row.use == "train"}
    assert "by landmarks-68, whose points are read" in notes
    assert any(load_card(MODELS / "landmarks-68").file.sha256 in limit for limit in card.limits)
    session, _ = open_session(workspace.model)
    crops = np.random.default_rng(0).integers(0, 256, (3, 128, 128, 3), np.uint8)
    points, rotation = session.run(["points", "rotation"], {"crops": crops})
    published, _ = open_session(MODELS / "landmarks-68")
    (expected,) = published.run(["points"], {published.get_inputs()[0].name: crops})
    np.testing.assert_allclose(points, expected, atol=1e-3)
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-5)


def test_the_table_of_points_and_angles_needs_no_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "points_and_angles"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with (folder / FILE).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(HEADER)
        for _ in range(40):
            table.writerow(["", *rng.uniform(20, 80, 136).tolist(), 3.0, -4.0, 25.0])
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", "distances-mlp")
    DISTANCES_MLP.prepare(tmp_path / "data", workspace)
    faces = PosedPoints.load(workspace.prepared)
    assert set(faces.split) == {"train", "validation"}
    np.testing.assert_allclose(faces.angles, [[3.0, -4.0, 25.0]] * len(faces.angles), atol=1e-4)
    manifest = read_manifest(workspace.prepared)
    assert manifest["faces"] == len(faces.angles) > 30
    assert manifest["splits"] == {
        part: int((faces.split == part).sum()) for part in set(faces.split)
    }
    assert list(manifest["licences"]) == ["points_and_angles"]
    assert manifest["rejected"] == {}


def test_a_table_alone_is_enough_to_train_judge_and_publish(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "points_and_angles"
    folder.mkdir(parents=True)
    truth = canonical_points()
    with (folder / FILE).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(HEADER)
        for row in range(400):
            yaw = row % 81 - 40.0
            turned = truth @ from_euler(yaw, 0, 0).T
            points = 200 + 40 * turned[:, :2]
            table.writerow(["", *points.ravel().tolist(), 0.0, 0.0, yaw])
    shutil.copytree(MODELS / "landmarks-68", tmp_path / "models" / "landmarks-68")
    schedule = DISTANCES_MLP.schedule.changed(epochs=12, steps_per_epoch=100)
    recipe = DISTANCES_MLP.changed(schedule=schedule, begins_with="")
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe.name)
    walk(recipe, tmp_path / "data", workspace)
    card = load_card(workspace.model)
    errors = {metric.name: metric for metric in card.metrics if metric.slice == "all"}
    told = "points_and_angles, labelled points in the labelled box"
    assert all(metric.protocol.startswith(told) for metric in card.metrics)
    tested = sum(one.split == "test" for one in load("points_and_angles", tmp_path / "data"))
    assert errors["yaw_mae"].n == tested > 30
    assert errors["yaw_mae"].value < errors["yaw_mae_of_always_0"].value / 2
    with (workspace.evaluation("points_and_angles") / "results.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == tested


def test_faces_that_no_head_fits_are_counted_and_not_learnt_from(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(50, 150, (3, 68, 2)).astype(np.float32)
    known = [
        FaceSample(points_in_image=points[0], scheme="ibug-68", rotation=from_euler(20, 10, -5)),
        FaceSample(points_in_image=points[1], scheme="ibug-68"),
        FaceSample(points_in_image=points[2], scheme="aflw-21"),
    ]
    samples = [
        ImageSample("w300", tmp_path / f"{number}.png", (face,), f"person {number}", "train", False)
        for number, face in enumerate(known)
    ]
    prepare_posed(samples, lambda _points: None, tmp_path / "prepared")
    faces = PosedPoints.load(tmp_path / "prepared")
    np.testing.assert_allclose(faces.angles, [[-5, 10, 20]], atol=1e-5)
    assert read_manifest(tmp_path / "prepared")["rejected"] == {
        "the fitted head leaves too much over": 1,
        "no ibug-68 points": 1,
    }


def test_the_points_of_76_are_learnt_from_renders_too(data: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path, RESNET50_MUCT.name)
    RESNET50_MUCT.prepare(data, workspace)
    (faces,) = RESNET50_MUCT._sets(data, workspace).values()
    crops, targets = landmark_recipe._validation([faces], 32)
    assert crops.shape[1:] == (32, 32, 3)
    assert targets.shape[1:] == (76, 3)
    assert len(crops) == len(targets) == (faces.split == "validation").sum() > 0


@pytest.mark.parametrize("recipe", [*LANDMARK_ZOO, C1_NET, DISTANCES_MLP], ids=lambda r: r.name)
def test_a_published_model_to_begin_with_is_refused(recipe: Any) -> None:
    with pytest.raises(ValueError, match="begins with random weights"):
        recipe.changed(schedule=Schedule(1, 1), begins_with="landmarks-68")


def test_a_run_without_imagenet_goes_on_without_it(tmp_path: Path) -> None:
    asked: list[bool] = []

    def build(wanted: bool) -> keras.Model:
        asked.append(wanted)
        return small_points(wanted)

    assert begun(build, True, tmp_path)[1]
    (tmp_path / "run.json").write_text(json.dumps({"imagenet": False}))
    assert not begun(build, True, tmp_path)[1]
    assert asked == [True, False]


def test_a_broken_file_of_a_run_without_imagenet_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"imagenet": False}))
    (tmp_path / "last.keras").write_bytes(b"half of it")
    assert not begun(small_points, True, tmp_path)[1]


def test_a_run_with_imagenet_goes_on_where_it_cannot_be_had(tmp_path: Path) -> None:
    network = small_points(True)
    network.save(tmp_path / "last.keras")
    (tmp_path / "run.json").write_text(json.dumps({"imagenet": True}))

    def build(_: bool) -> keras.Model:
        raise AssertionError("asks for weights that the run has learnt on from")

    again, had = begun(build, True, tmp_path)
    assert had
    for ours, theirs in zip(again.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
