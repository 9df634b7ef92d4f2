"""The published model whose weights a training begins with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import keras
import numpy as np
from numpy.typing import NDArray

from app.face.card import ModelCard, load_card, verify
from training.networks.landmarks import landmark_network
from training.networks.reopening import reopen
from training.networks.trunk import copy_trunk


@dataclass(frozen=True, slots=True)
class Beginning:
    """A model folder whose file was found to be its card's."""

    folder: Path
    card: ModelCard

    @classmethod
    def at(cls, models: Path, name: str, edition: str) -> Self | None:
        """None for the name "". edition: of the model to be trained.

        CardError when there is no such model, ValueError when a free edition would begin with
        weights that are not free.
        """
        if not name:
            return None
        card = load_card(models / name)
        verify(models / name, card)
        if edition == "free" and card.licence.edition != "free":
            raise ValueError(f"a free edition must not begin with {name}: its weights are not free")
        return cls(models / name, card)

    def __str__(self) -> str:
        card = self.card
        return f"{card.name} {card.version} (sha256 {card.file.sha256})"

    def give(self, network: keras.Model, pictures: NDArray[np.uint8]) -> None:
        """Gives `network` the file's weights; of a landmark model for another network, its trunk.

        pictures: see training.networks.reopening. ValueError when neither fits.
        """
        file = self.folder / self.card.file.name
        if self.card.task == "landmarks" and network.name != "landmarks":
            size = int(network.input.shape[1])
            points = next(o.shape[1] for o in self.card.outputs if o.name == "points")
            earlier = landmark_network(size, int(points))
            reopen(file, earlier, pictures)
            copy_trunk(earlier, network)
        else:
            reopen(file, network, pictures)


def begun_with(beginning: Beginning | None) -> str:
    """For the record of a run; "" for random weights."""
    return str(beginning) if beginning else ""
