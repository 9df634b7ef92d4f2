"""Our own pipeline, its JSON included."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.peer import About
from benchmarks.pipeline import Pipeline, faces_of


class Ours:
    """models: folder of the models."""

    def __init__(self, models: Path) -> None:
        self._pipeline = Pipeline(models)
        self.about = About(
            title="mien",
            version=self._pipeline.version,
            licence="Apache-2.0, models: research",
            input="box, 68 points with deviations, rotation, eyes, quality; as JSON",
            threshold="the card's",
        )

    def __call__(self, jpeg: bytes, decoded: Callable[[], None]) -> bytes:
        def lap(stage: str) -> None:
            if stage == "decode":
                decoded()

        return self._pipeline(jpeg, lap)

    def faces(self, answer: bytes) -> int:
        return len(faces_of(answer))
