"""Recipes of the zoo from data sets as they are published, one alone at a time, to a model card."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from app.face.card import load_card
from app.face.pnp import canonical_points
from tests.training import test_datasets_fitted_faces as fitted
from tests.training import test_datasets_muct as muct
from tests.training import test_datasets_published as published
from training.networks.unit_points import unit_points
from training.recipes import RECIPES
from training.workspace import Workspace

SIZE = 32
PEOPLE = 40  # so that some are for training, some for validation and some for tests


def aflw2000_3d(root: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(PEOPLE):
        points = rng.uniform(100, 300, (2, 21))
        if number % 3 == 0:
            points[:, [7, 12]] = -1  # not seen, an eye among them
        fitted.aflw(root / "AFLW2000", f"image{number:05d}", points)


def muct_csv(root: Path) -> None:
    muct.write(root, muct.FILES[0], muct.made_up_faces(people=PEOPLE, cameras="ab"))


def w300_3d(root: Path) -> None:
    for name in w300_names("HELEN/{}_1", "LFPW/image_test_{:04d}"):
        points, pose, _ = fitted.labelled(5, len(name), 5)
        fitted.write(root / f"{name}.mat", pt2d=points[:2], Pose_Para=pose)


def w300_lp(root: Path) -> None:
    for name in w300_names("HELEN_{}_1", "LFPW_image_test_{:04d}"):
        fitted.Test300wLp().write(root / "300W_LP", name, 0, 20.0)


def pts_folder(root: Path) -> None:
    points = canonical_points()[:, :2] + 230
    text = "".join(f"{x} {y}\n" for x, y in points)
    for name in w300_names("helen/trainset/{}_1", "lfpw/testset/image_{:04d}"):
        file = root / f"{name}.pts"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"version: 1\nn_points:  68\n{{\n{text}}}\n")
        picture = np.full((450, 450, 3), 128, np.uint8)
        assert cv2.imwrite(str(file.with_suffix(".jpg")), picture)


def pointing04_folder(root: Path) -> None:
    for person in (1, 2, 9, 11):
        for pan in ("-30", "+0", "+45"):
            name = f"person{person:02d}146-15{pan}"
            published.TestPointing04Folder().write(root, person, name)


def w300_names(training: str, test: str) -> list[str]:
    return [training.format(1000 + n) for n in range(PEOPLE)] + [test.format(n) for n in range(4)]


def small_points(count: int) -> Callable[[bool], keras.Model]:
    def build(_imagenet: bool) -> keras.Model:
        crops = keras.Input((SIZE, SIZE, 3), name="crops")
        x = layers.Conv2D(4, 5, strides=4, activation="relu")(layers.Rescaling(1 / 255)(crops))
        x = layers.Dense(2 * count)(layers.Flatten()(x))
        return keras.Model(crops, unit_points(x, count, SIZE))

    return build


def small_vectors(_imagenet: bool) -> keras.Model:
    crops = keras.Input((224, 224, 3), name="crops")
    x = layers.AveragePooling2D(28)(layers.Rescaling(1 / 255)(crops))
    return keras.Model(crops, layers.Dense(3, name="rotation_vector")(layers.Flatten()(x)))


def small(name: str) -> Any:
    """The recipe with a network that is quick to train, for two steps."""
    recipe: Any = RECIPES[name]
    if name == "c1-net":
        recipe = replace(recipe, batch=4, network=small_vectors)
    else:
        count = int(recipe.scheme.rpartition("-")[2])
        recipe = replace(recipe, batch=4, size=SIZE, network=small_points(count), imagenet=False)
    schedule = recipe.schedule.changed(epochs=1, steps_per_epoch=2)
    return recipe.changed(schedule=schedule, begins_with="")


@pytest.mark.parametrize(
    ("write", "folder", "recipe"),
    [
        (aflw2000_3d, "aflw2000_3d", "cnn-128"),
        (muct_csv, "muct", "resnet50-muct"),
        (pts_folder, "pts-folder", "mobilenetv2-conv"),
        (w300_3d, "w300_3d", "c1-net"),
        (w300_lp, "w300_lp", "c1-net"),
        (pointing04_folder, "pointing04-folder", "c1-net"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_published_set_alone_is_enough(
    tmp_path: Path, write: Callable[[Path], None], folder: str, recipe: str
) -> None:
    write(tmp_path / folder)
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", recipe)
    for step in ("prepare", "train", "export", "evaluate", "card"):
        getattr(small(recipe), step)(tmp_path, workspace)
    card = load_card(workspace.model)
    assert {row.use for row in card.data} == {"train", "validation", "test"}
    assert {metric.protocol.split(",")[0] for metric in card.metrics} == {folder}
    assert all(metric.n > 0 for metric in card.metrics)


def test_a_set_to_judge_on_is_asked_for_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "renders").mkdir()
    with pytest.raises(ValueError, match=r"renders-test.* with another --seed"):
        small("cnn-128").prepare(tmp_path, Workspace(tmp_path / "runs", tmp_path, "cnn-128"))
