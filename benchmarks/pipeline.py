"""The analysis of one JPEG in the calling thread: what the service does, without HTTP and queues.

This is the limit that the service is held against, and what the servers of `benchmarks.serving`
put behind their own HTTP. Everything it knows of `app` is in this file.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2

from app.answers import answer
from app.detection.candidates import Candidate, cut_all, most_step
from app.faces import measure
from app.images.decoding import decode
from app.images.resolution import Resolution
from app.intake import json_text
from app.open_models import OpenModels, load_models
from app.options import BLOCKS, Options
from app.results import ImageFacts, ImageResult, ModelIdentity
from app.settings import Settings

STAGES: Final = ("decode", "prepare", "detect", "crop", "infer", "measure", "encode")
TYPE: Final = "application/json"


def _no_lap(_: str) -> None:
    """For those who do not want to know."""


class Pipeline:
    """One thread's models and what is done with them. Its answers are those of POST /analyze."""

    def __init__(self, models: Path | None = None) -> None:
        """models: their folder. It and which of them are used is else said by the settings MIEN_*,
        as in the service.
        """
        cv2.setNumThreads(1)
        settings = Settings() if models is None else Settings(models_dir=models)
        one_thread = settings.inference.model_copy(update={"threads": 1, "decode_threads": 1})
        settings = settings.model_copy(update={"inference": one_thread})
        self._opened: OpenModels = load_models(settings)
        if self._opened.detector is None:
            raise ValueError("the whole way of a picture needs a detector: unset MIEN_DETECTOR")
        self._detector = self._opened.detector
        self._options = Options()
        aligner = self._opened.aligners[0]
        used = aligner.model, self._detector.model
        self._identities = ModelIdentity.of(used[0]), ModelIdentity.of(used[1])

    @property
    def version(self) -> str:
        """Of the models, in words."""
        models = self._detector.model, self._opened.aligners[0].model
        return " and ".join(
            f"{model.card.name} {model.card.version} ({model.precision})" for model in models
        )

    def __call__(self, data: bytes, lap: Callable[[str], None] = _no_lap) -> bytes:
        """JPEG -> JSON. lap: called with each of `STAGES` when it is over."""
        detector, aligner = self._detector, self._opened.aligners[0]
        decoded = decode(data, None, Resolution(long_side=detector.long_side))
        facts = ImageFacts(decoded.width, decoded.height, decoded.orientation_applied)
        lap("decode")
        ready = detector.prepare(decoded.pixels, None, decoded.grid)
        lap("prepare")
        (detected,) = detector.run([ready])
        lap("detect")
        detected = sorted(detected, key=lambda face: (-face.box.area, face.box.x))
        found = [Candidate.found(face) for face in detected]
        crop = aligner.crop_size, aligner.crop_scale
        if decoded.grid.step > (step := most_step(found, *crop)):
            decoded = decode(data, None, Resolution(step=step))
        crops = cut_all(found, decoded.pixels, *crop, decoded.grid)
        lap("crop")
        aligned = aligner.run([crop.pixels for crop in crops])
        lap("infer")
        faces = measure(found, crops, aligned, aligner, self._options, facts)
        lap("measure")
        result = ImageResult(0, None, facts, faces)
        value = answer("benchmark", *self._identities, [result], frozenset(BLOCKS), "canonical")
        text = json_text.dump(value)
        lap("encode")
        return text


def faces_of(text: bytes) -> list[dict[str, Any]]:
    """The faces of the only image of an answer."""
    (result,) = json.loads(text)["results"]
    found: list[dict[str, Any]] = result["faces"]
    return found


def difference(first: Any, second: Any) -> float:
    """Largest difference of two answers' numbers; infinity where anything else differs."""
    if isinstance(first, bool) or isinstance(second, bool) or first is None or second is None:
        return 0.0 if first is second else float("inf")
    if isinstance(first, int | float) and isinstance(second, int | float):
        return abs(first - second)
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return max((difference(first[key], second[key]) for key in first), default=0.0)
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = zip(first, second, strict=True)
        return max((difference(one, other) for one, other in pairs), default=0.0)
    return 0.0 if first == second else float("inf")
