"""What every recipe of the zoo has, whatever its network answers."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from training.beginning import Beginning
from training.fit import Schedule
from training.workspace import Workspace
from training.zoo.card import ZooCard, publish_zoo

_NO_BEGINNING = (
    "a recipe of the zoo begins with random weights or ImageNet's: leave --begin-with out, and "
    "choose the recipe of another network to go on from a published model"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooRecipe:
    """tests: the sets it is judged on, as far as they are there (training.zoo.sources). imagenet:
    its first layers are made to begin with ImageNet's weights. whole: where `schedule` was changed,
    the original one.
    """

    name: str
    schedule: Schedule
    tests: tuple[str, ...]
    about: ZooCard
    batch: int = 32
    imagenet: bool = False
    begins_with: str = ""
    whole: Schedule | None = None
    seed: int = 1

    def changed(self, *, schedule: Schedule, begins_with: str) -> Self:
        """ValueError for a model to begin with: no recipe of the zoo can."""
        if begins_with:
            raise ValueError(_NO_BEGINNING)
        return replace(self, schedule=schedule, whole=self.whole or self.schedule)

    def quantise(self, data: Path, workspace: Workspace) -> None:  # noqa: ARG002 - makes nothing
        print(f"{self.name}: no int8 file, the zoo is there to be compared", file=sys.stderr)

    def published(
        self, data: Path, workspace: Workspace, scheme: str | None, reads: Beginning | None = None
    ) -> None:
        """scheme: of its points, if it answers any. reads: the landmark model inside of it."""
        publish_zoo(
            self.about,
            workspace,
            data,
            scheme=scheme,
            tests=self.tests,
            seed=self.seed,
            batch=self.batch,
            whole=self.whole or self.schedule,
            imagenet=self.imagenet,
            reads=reads,
        )
