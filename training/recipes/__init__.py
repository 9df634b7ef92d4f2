"""One file per published model: data, network, losses, schedule, seed, and what its card says."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, Self

from training.fit import Schedule
from training.recipes.detector import DETECTOR_FREE, DetectorRecipe
from training.recipes.face_68 import FACE_68, FACE_68_RESEARCH
from training.recipes.landmarks_68 import Landmarks68
from training.recipes.zoo_distances import DISTANCES_ZOO
from training.recipes.zoo_landmarks import LANDMARK_ZOO
from training.recipes.zoo_vectors import VECTOR_ZOO
from training.workspace import Workspace


class Recipe(Protocol):
    """What the command line asks of a recipe; each step reads what the one before left in the
    workspace.
    """

    @property
    def name(self) -> str: ...

    @property
    def schedule(self) -> Schedule: ...

    @property
    def begins_with(self) -> str:
        """The published model whose weights the training begins with, "" for random ones."""

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        """The same recipe but for these."""

    def prepare(self, data: Path, workspace: Workspace) -> None: ...

    def train(self, data: Path, workspace: Workspace) -> None: ...

    def export(self, data: Path, workspace: Workspace) -> None: ...

    def quantise(self, data: Path, workspace: Workspace) -> None: ...

    def evaluate(self, data: Path, workspace: Workspace) -> None: ...

    def card(self, data: Path, workspace: Workspace) -> None: ...


_ALL: tuple[Recipe, ...] = (
    Landmarks68(),
    DetectorRecipe(),
    DETECTOR_FREE,
    FACE_68,
    FACE_68_RESEARCH,
    *LANDMARK_ZOO,
    *VECTOR_ZOO,
    *DISTANCES_ZOO,
)
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _ALL})
