"""What a run of a zoo recipe began with and learnt from, noted in its run.json."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import keras

from training.networks.imagenet import with_imagenet
from training.plots import plot_history
from training.workspace import Workspace

CROPS_FILE = "crops.npy"
"""Some crops of the training, which the export is checked with."""
HISTORY_FILE = "history.png"
NO_AUGMENTATION = "--no-augmentation"
PARITY_CROPS = 8


@dataclass(frozen=True, slots=True)
class Learnt:
    """faces, validation: how many for each, by set. imagenet: the first layers began with its
    weights. options: of the command line that changed the recipe; with others a run is not gone on
    with.
    """

    faces: Mapping[str, int]
    validation: Mapping[str, int]
    imagenet: bool = False
    options: tuple[str, ...] = ()

    def record(self, recipe: str) -> dict[str, Any]:
        return {"recipe": recipe, **asdict(self)}

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """FileNotFoundError when nothing was trained."""
        file = workspace.require(workspace.fit / "run.json", "train")
        run = json.loads(file.read_text())
        known = {field.name: run[field.name] for field in fields(cls) if field.name in run}
        return cls(**{"validation": {}, **known})


def begun(
    build: Callable[[bool], keras.Model], wanted: bool, folder: Path
) -> tuple[keras.Model, bool]:
    """The network to train, and whether it began with ImageNet's weights.

    A run in `folder` goes on as it began: without them though they could be had by now, with them
    though they cannot be had any more.
    """
    noted, last = folder / "run.json", folder / "last.keras"
    if wanted and noted.is_file():
        wanted = bool(json.loads(noted.read_text())["imagenet"])
        if wanted and last.is_file():
            return keras.saving.load_model(last, compile=False), wanted
    return with_imagenet(build) if wanted else (build(False), False)


def draw_history(workspace: Workspace) -> None:
    plot_history(workspace.fit / "history.csv", workspace.fit / HISTORY_FILE, workspace.name)
