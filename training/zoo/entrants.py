"""Who takes part in the comparison: every model of faces that is published, with its file."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.face.card import CARD_FILE, ModelCard, load_card, verify
from training.workspace import Workspace

LARGE = "large"
"""The folder among the models with the cards of those whose files are too large to be kept."""
_OWN = ("face-68-research", "face-68", "landmarks-68")


@dataclass(frozen=True, slots=True)
class Entrant:
    """file: of its network, fp32."""

    card: ModelCard
    file: Path

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def outputs(self) -> frozenset[str]:
        return frozenset(output.name for output in self.card.outputs)


def entrants(models: Path, runs: Path) -> list[Entrant]:
    """Our own first, then by name. The file of a large model is where its recipe left it.

    FileNotFoundError when there is no model of faces, CardError when a file is not its card's. Says
    which large ones were not rebuilt.
    """
    found = list(_found(models, runs))
    if not found:
        raise FileNotFoundError(f"{models} holds no model of faces: is --models right?")
    order = {name: place for place, name in enumerate(_OWN)}
    return sorted(found, key=lambda one: (order.get(one.name, len(order)), one.name))


def _found(models: Path, runs: Path) -> Iterator[Entrant]:
    for path in sorted([*models.glob(f"*/{CARD_FILE}"), *models.glob(f"{LARGE}/*/{CARD_FILE}")]):
        card = load_card(path.parent)
        if card.task == "detection":
            continue
        kept = path.parent / card.file.name
        file = kept if kept.is_file() else Workspace(runs, models, card.name).onnx
        if file.is_file():
            verify(file.parent, card)
            yield Entrant(card, file)
        else:
            print(f"{card.name} is left out: `{card.recipe.command}` rebuilds it", file=sys.stderr)
