"""Whether a card speaks of the graph that lies beside it, and whether a batch fits both."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.card import CardError, ModelCard
from app.inference.providers import Session
from app.inference.unobtained import STALE

Sides = Sequence[int | str | None]


def check_graph(card: ModelCard, session: Session) -> None:
    """Names, types and shapes of the graph are those of the card; the batch axis is free.
    CardError if not.
    """
    wanted = card.input
    shape = ["batch", wanted.height or "height", wanted.width or "width", 3]
    _check_side(card, "input", {wanted.name: ("tensor(uint8)", shape)}, session.get_inputs())
    outputs = {output.name: ("tensor(float)", output.shape) for output in card.outputs}
    _check_side(card, "output", outputs, session.get_outputs())


def check_answers(card: ModelCard, size: int, answers: dict[str, NDArray[np.float32]]) -> None:
    """What came out for a batch of `size` has the shapes of the card. CardError if not."""
    for output in card.outputs:
        expected = (size, *output.shape[1:])
        found = answers[output.name].shape
        if not _agrees(expected, found):
            raise CardError(
                f"{card.name}: output {output.name} has shape {found} for a batch of {size}, its "
                f"card says {expected}. {STALE}"
            )


def check_batch(card: ModelCard, batch: NDArray[np.uint8]) -> None:
    """ValueError when the batch does not fit the card's input."""
    wanted = card.input
    fits = (
        batch.dtype == np.uint8
        and batch.ndim == 4
        and batch.shape[0] >= 1
        and batch.shape[3] == 3
        and _fits(batch.shape[1], wanted.height, wanted.multiple_of)
        and _fits(batch.shape[2], wanted.width, wanted.multiple_of)
    )
    if not fits:
        raise ValueError(
            f"{card.name} takes uint8 (N, {wanted.height}, {wanted.width}, 3), sides a multiple of "
            f"{wanted.multiple_of}. Received: {batch.dtype} {batch.shape}"
        )


def _check_side(
    card: ModelCard,
    side: str,
    expected: dict[str, tuple[str, list[int | str]]],
    nodes: Sequence[Any],
) -> None:
    found = {node.name: node for node in nodes}
    if found.keys() != expected.keys():
        raise CardError(
            f"{card.name}: the graph has the {side}s {sorted(found)}, its card says "
            f"{sorted(expected)}. {STALE}"
        )
    for name, (kind, shape) in expected.items():
        node = found[name]
        if node.type != kind:
            raise CardError(f"{card.name}: {side} {name} is {node.type} and not {kind}. {STALE}")
        if isinstance(node.shape[0] if node.shape else 1, int):
            raise CardError(
                f"{card.name}: the batch axis of {side} {name} is fixed ({node.shape}). Export "
                "the model with a dynamic batch axis."
            )
        # An output's size may be left open by the graph; the warm-up then sees the real one.
        open_matches = side == "output"
        if not _agrees(shape, node.shape, open_matches=open_matches):
            raise CardError(
                f"{card.name}: {side} {name} has shape {node.shape}, its card says {shape}. {STALE}"
            )


def _agrees(expected: Sides, found: Sides, *, open_matches: bool = False) -> bool:
    """Whether shapes are the same; an axis the card names (a string) may have any size or none."""
    if len(expected) != len(found):
        return False
    for wanted, got in zip(expected, found, strict=True):
        if not isinstance(wanted, int):
            continue
        if wanted != got and not (open_matches and not isinstance(got, int)):
            return False
    return True


def _fits(size: int, fixed: int | None, multiple_of: int) -> bool:
    return size == fixed if fixed is not None else size > 0 and size % multiple_of == 0
