"""How long a run of each model takes, by device, precision, threads and batch size."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.model import Model
from app.open_models import OpenModels
from app.tuning.timing import Sample, Work, take_turns
from app.tuning.variants import Variant

BATCHES = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Row:
    """seconds: of one item. precision: really in use, which with `auto` is the card's affair."""

    model: str
    variant: Variant
    precision: str
    batch: int
    seconds: Sample


def session_rows(
    opened: Sequence[tuple[Variant, OpenModels]],
    picture: NDArray[np.uint8],
    largest: int,
    seconds: float,
) -> list[Row]:
    """Measure all models of all variants, for about `seconds` in all.

    Args:
        opened: the models of each variant; every variant has the same ones.
        picture: the golden image, (H, W, 3) RGB.
        largest: batch that is tried.
        seconds: of measuring.
    """
    rows: list[Row] = []
    models = len(opened[0][1].all)
    for index in range(models):
        works: dict[tuple[int, int], Work] = {}
        for number, (variant, loaded) in enumerate(opened):
            model, item = _model_and_item(loaded, index, picture)
            for batch in BATCHES:
                if batch <= min(largest, model.card.batch_sizes[-1]):
                    works[number, batch] = _work(model, np.stack([item] * batch), variant)
        for (number, batch), sample in take_turns(works, seconds / models).items():
            variant, loaded = opened[number]
            model, _ = _model_and_item(loaded, index, picture)
            per_item = sample.scaled(1 / batch)
            rows.append(Row(model.card.name, variant, model.precision, batch, per_item))
    return rows


def _model_and_item(
    loaded: OpenModels, index: int, picture: NDArray[np.uint8]
) -> tuple[Model, NDArray[np.uint8]]:
    """The detector first, if there is one; what one item of its input is."""
    detector = loaded.detector
    if detector is not None and index == 0:
        return detector.model, detector.prepare(picture).frame.pixels
    aligner = loaded.aligners[index - (detector is not None)]
    size = aligner.crop_size  # what a crop shows makes no difference to the time
    whole = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return aligner.model, np.asarray(whole, np.uint8)


def _work(model: Model, batch: NDArray[np.uint8], variant: Variant) -> Work:
    """A single thread of the CPU is timed by what it computes, all else by the clock."""
    alone = variant.on_cpu and variant.threads == 1
    clock: Callable[[], float] = time.process_time if alone else time.perf_counter
    return Work(lambda: model.run(batch), clock)
