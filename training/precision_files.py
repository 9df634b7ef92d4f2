"""The int8 file beside an exported one: made, timed, and described for the card."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from app.face.card import Metric, PrecisionFile
from training.onnx_graph import describe
from training.quantisation import Distance, Pictures, quantise
from training.speed import time_files
from training.workspace import Workspace

INT8_SUFFIX = "-int8"
"""Of the evaluation folders of the int8 file."""
_FACTS = "int8.json"
_WORTH = 1.3  # times as fast
# What makes eight bits fast, as Linux names it; the most particular first.
_FEATURES = ("avx512_vnni", "avx_vnni", "asimddp")
_CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Int8Facts:
    """distance: see training.quantisation. speed: times as fast as fp32, one picture, one thread.
    feature: of the CPU that this was measured on, "" for none that matters.
    """

    distance: float
    kept: list[str]
    convolutions: int
    speed: float
    feature: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        return cls(**json.loads((folder / _FACTS).read_text()))

    @property
    def faster_on(self) -> list[str]:
        return [self.feature] if self.feature and self.speed >= _WORTH else []


def make_int8(
    workspace: Workspace,
    pictures: Pictures,
    distance: Distance,
    *,
    most: float,
    keep_first: bool = False,
) -> Int8Facts:
    """Writes the int8 file of the exported one, and what was found about it.

    pictures: (N, H, W, 3) of the training, of the size that is served. most: how far the answers
    may be moved; half of it by one convolution alone. keep_first: leave the first convolution in
    floating point, whatever it costs in accuracy.
    """
    exact = workspace.require(workspace.onnx, "export")
    made = quantise(
        exact,
        workspace.int8,
        pictures,
        distance=distance,
        most=most,
        most_each=most / 2,
        keep_first=keep_first,
    )
    height, width = pictures.shape[1:3]
    fp32, int8 = time_files(
        {"fp32": exact, "int8": workspace.int8}, "fp32", rounds=25, runs=20, sides=(height, width)
    )
    assert fp32.ratio == 1.0
    facts = Int8Facts(made.distance, list(made.kept), made.convolutions, 1 / int8.ratio, _feature())
    (workspace.export / _FACTS).write_text(json.dumps(asdict(facts), indent=2) + "\n")
    return facts


def precision_files(workspace: Workspace, test_sets: Sequence[str]) -> list[PrecisionFile]:
    """For the card; none where no int8 file was made. FileNotFoundError when it was not judged."""
    if not workspace.int8.is_file():
        return []
    metrics: list[Metric] = []
    for test_set in test_sets:
        folder = workspace.evaluation(test_set + INT8_SUFFIX)
        rows = json.loads(workspace.require(folder / "metrics.json", "evaluate").read_text())
        metrics += [Metric.model_validate(row) for row in rows]
    content = workspace.int8.read_bytes()
    return [
        PrecisionFile(
            name=workspace.int8.name,
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            opset=describe(workspace.int8).opset,
            precision="int8",
            metrics=metrics,
            faster_on=Int8Facts.read(workspace.export).faster_on,
        )
    ]


def _feature() -> str:
    try:
        words = set(_CPU_FACTS.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return ""
    return next((feature for feature in _FEATURES if feature in words), "")
